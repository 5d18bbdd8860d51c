// Another mover: after lack of space, after a newer file, after an end that does not count.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import type { MoverResult } from '../../../../../src/mover/contract.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  aJob,
  anEngine,
  aSnapshot,
  snapshotVerdict,
  endedPod,
  minute,
  movingStatus,
  noMover,
  processingTask,
  second,
  succeededTask,
} from '../../../../support/builders/observations.ts'

const inMove = (move: object = {}): MeiliSnapshot => aSnapshot({ status: movingStatus(move) })

function after(result: MoverResult, move: object = {}): Partial<SnapshotObservation> {
  const snapshot = inMove(move)
  const job = aJob(snapshot)
  return {
    snapshot,
    engine: { state: 'NotAsked' },
    mover: { ...noMover, job, jobs: [job], pod: endedPod(result.exitCode, result) },
  }
}

const noSpace: MoverResult = {
  exitCode: 14,
  message: 'The claim has 10 bytes free at /destination, the copy needs 100; free some space there or enlarge it.',
  space: { neededBytes: 100, freeBytes: 10 },
}

describe('a full destination', () => {
  test('is waited for, with needed and free, and does not count', () => {
    const verdict = snapshotVerdict(after(noSpace))
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'InsufficientSpace',
      effects: ['DeleteJob'],
      requeueAfterMs: 30_000,
    })
    expect(verdict.message).toMatch(
      /has 10 B free, and the copy needs 100 B\. Free some space or enlarge the claim\. It goes on by itself when there is space, until \d{4}-/,
    )
    expect(verdict.status.move).toMatchObject({
      attempt: 2,
      failures: 0,
      jobName: 'nightly-0a1b2c3d-1-2',
      retryAt: '2026-03-01T12:00:30Z',
    })
    expect(verdict.status.waitingFor).toContain('Free some space')
  })

  test('is looked at ever more seldom, but every five minutes at least', () => {
    expect(snapshotVerdict(after(noSpace, { attempt: 3, failures: 0 })).requeueAfterMs).toBe(67_500)
    expect(snapshotVerdict(after(noSpace, { attempt: 30, failures: 0 })).requeueAfterMs).toBe(300_000)
  })

  test('is not looked at before its time', () => {
    const snapshot = inMove({ attempt: 2, jobName: 'nightly-0a1b2c3d-1-2', retryAt: '2026-03-01T12:00:30Z' })
    expect(snapshotVerdict({ snapshot, mover: noMover })).toMatchObject({ effects: [], requeueAfterMs: 30_000 })
  })

  test('does not outlast deadlines.move', () => {
    const status = {
      ...movingStatus({ attempt: 9, startedAt: ago(6 * 60 * minute + second) }),
      waitingFor: 'The claim has 10 bytes free.',
    }
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), mover: noMover })).toMatchObject({
      phase: 'Failed',
      reason: 'MoveDeadlineExceeded',
      message: expect.stringContaining('10 bytes free'),
    })
  })
})

describe('a newer file', () => {
  const modifiedAt = '2026-03-01T11:59:58.123456789Z'
  const superseded: MoverResult = { exitCode: 12, message: 'A newer snapshot lies there.', modifiedAt }
  const waiting = { attempt: 2, jobName: 'nightly-0a1b2c3d-1-2', supersededAt: modifiedAt, retryAt: ago(second) }
  const newer = succeededTask({
    uid: 13,
    batchUid: 10,
    startedAt: '2026-03-01T11:59:52Z',
    finishedAt: '2026-03-01T11:59:59Z',
  })

  test('is moved in its place, at once, and does not count', () => {
    const verdict = snapshotVerdict(after(superseded))
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'Superseded', requeueAfterMs: 1000 })
    expect(verdict.status.move).toMatchObject({ attempt: 2, failures: 0, supersededAt: modifiedAt })
  })

  test('whose batch Meilisearch shows is moved', () => {
    expect(
      snapshotVerdict({
        snapshot: inMove(waiting),
        mover: noMover,
        engine: anEngine({ candidates: [succeededTask(), newer] }),
      }).effects,
    ).toEqual(['CreateJob'])
  })

  test('whose batch has not ended yet is waited for', () => {
    const engine = anEngine({
      candidates: [succeededTask({ finishedAt: '2026-03-01T11:50:00Z' }), processingTask({ uid: 13 })],
    })
    expect(snapshotVerdict({ snapshot: inMove(waiting), mover: noMover, engine })).toMatchObject({
      reason: 'MoverStarting',
      effects: [],
      message: expect.stringContaining('Task 13'),
    })
  })

  test('that no batch wrote is replaced by another snapshot', () => {
    const engine = anEngine({ candidates: [succeededTask({ finishedAt: '2026-03-01T11:50:00Z' })] })
    expect(snapshotVerdict({ snapshot: inMove(waiting), mover: noMover, engine })).toMatchObject({
      phase: 'Pending',
      reason: 'NewAttempt',
      message: expect.stringContaining('by no batch that Meilisearch shows'),
    })
  })

  test('that is found twice is no newer one', () => {
    expect(snapshotVerdict(after(superseded, waiting))).toMatchObject({ reason: 'NewAttempt' })
  })
})

test('a bad archive is answered by another snapshot, and nothing of the old move is left', () => {
  const verdict = snapshotVerdict(after({ exitCode: 34, message: 'The archive is damaged.' }))
  expect(verdict).toMatchObject({
    phase: 'Pending',
    reason: 'NewAttempt',
    effects: ['DeleteJob'],
    message: expect.stringContaining('The archive is damaged.'),
  })
  expect(verdict.status).not.toHaveProperty('move.jobName')
  expect(verdict.status.request).toMatchObject({ attempt: 2, posts: 0 })
})

test('a mover that was ended from outside does not count', () => {
  expect(
    snapshotVerdict(after({ exitCode: 143, message: 'Terminated.' }, { attempt: 7, failures: 2 })).status.move,
  ).toMatchObject({ attempt: 8, failures: 2 })
})

test('a new attempt forgets on which node the last one ran', () => {
  expect(snapshotVerdict(after({ exitCode: 30, message: 'I/O error.' })).status.move).not.toHaveProperty('node')
})
