// Another snapshot, where the first brought no file: when, how often, and what is said.
import { describe, expect, test } from 'vitest'
import {
  ago,
  anEngine,
  anObservation,
  aSnapshot,
  aTask,
  baseline,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  hour,
  minute,
  now,
  pendingConditions,
  processingTask,
  second,
} from '../../../../support/builders/observations.ts'

const again = (changes: object = {}): { snapshot: ReturnType<typeof aSnapshot> } => ({
  snapshot: aSnapshot({
    status: {
      observedGeneration: 1,
      phase: 'Pending',
      startedAt: ago(5 * hour),
      request: {
        attempt: 2,
        posts: 0,
        baseline,
        startedAt: ago(second),
        failure: 'Task 12 was cancelled by somebody.',
        ...changes,
      },
    },
  }),
})

describe('the second attempt', () => {
  test('takes the newest task as its baseline, and keeps the reason on record', () => {
    const newest = { uid: 20, enqueuedAt: '2026-03-01T11:59:00Z' }
    const verdict = snapshotVerdict({
      ...again(),
      engine: anEngine({ newest, candidates: [aTask({ status: 'canceled' })] }),
    })
    expect(verdict).toMatchObject({ phase: 'Snapshotting', reason: 'Requesting', effects: ['RequestSnapshot'] })
    expect(verdict.status.request).toMatchObject({
      attempt: 2,
      posts: 1,
      baseline: newest,
      startedAt: ago(second),
      failure: 'Task 12 was cancelled by somebody.',
    })
  })

  test('waits while Meilisearch works on a snapshot above the old baseline', () => {
    const verdict = snapshotVerdict({
      ...again(),
      engine: anEngine({ candidates: [aTask({ status: 'canceled' }), processingTask({ uid: 13 })] }),
    })
    expect(verdict).toMatchObject({
      phase: 'Pending',
      reason: 'NewAttempt',
      effects: [],
      message: expect.stringContaining('task 13'),
    })
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('keeps its turn: what came after it stays behind it', () => {
    expect(snapshotVerdict({ ...again(), ahead: ['older'] }).effects).toEqual(['RequestSnapshot'])
  })

  test('has a deadlines.start of its own, from when it began', () => {
    expect(snapshotVerdict({ ...again(), target: undefined })).toMatchObject({
      phase: 'Pending',
      reason: 'TargetNotReady',
    })
    const late = snapshotVerdict({ ...again({ startedAt: ago(hour + second) }), target: undefined })
    expect(late).toMatchObject({
      phase: 'Failed',
      reason: 'StartDeadlineExceeded',
      message: expect.stringContaining('no other snapshot was asked for'),
    })
  })

  test('the whole duration counts from the first', () => {
    const late = snapshotVerdict({ ...again({ startedAt: ago(hour + second) }), target: undefined })
    expect(late.status.duration).toBe('5h')
  })

  test('its mover has a name of its own', () => {
    const status = {
      ...aSnapshot().status,
      observedGeneration: 1,
      request: { attempt: 2, posts: 1, postedAt: ago(minute), taskUid: 12 },
    }
    const engine = anEngine({
      candidates: [aTask({ status: 'succeeded', batchUid: 3, startedAt: ago(30 * second), finishedAt: ago(second) })],
    })
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), engine }, now).status.move?.jobName).toBe(
      'nightly-0a1b2c3d-2-1',
    )
  })

  test('its request is fenced like the first', () => {
    expect(effectsOf('RequestSnapshot', again())).toHaveLength(1)
    expect(anObservation(again()).snapshot.status?.request?.posts).toBe(0)
  })
})
