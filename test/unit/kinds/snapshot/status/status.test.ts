// The three shapes of a status, as kubectl wait, Flux, Argo CD and Helm read them, and when one is worth a write.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import {
  completedStatus,
  failedStatus,
  inProgress,
  percentOf,
} from '../../../../../src/kinds/snapshot/status/status.ts'
import type { Step } from '../../../../../src/kinds/snapshot/status/status.ts'
import {
  ago,
  aSnapshot,
  asStored,
  completedConditions,
  conditionsIn,
  failedConditions,
  minute,
  now,
  pendingConditions,
  second,
} from '../../../../support/builders/observations.ts'

const step: Step = { phase: 'Moving', reason: 'Copying', message: 'Copying.' }
const withStatus = (status: MeiliSnapshotStatus, generation = 1): MeiliSnapshot =>
  aSnapshot({ metadata: { generation }, status })
const artifact = {
  claimName: 'backups',
  path: 'search/nightly',
  fileName: 'data.ms.snapshot',
  sizeBytes: 1,
  size: '1 B',
  sha256: 'ab',
  meilisearchVersion: '1.21.0',
  verification: 'Archive',
} as const

describe('in progress', () => {
  const status = inProgress(aSnapshot(), step, now)

  test('kstatus reads InProgress: Reconciling stands first, Stalled is absent', () => {
    expect(conditionsIn(status)).toEqual(pendingConditions)
  })

  test('each condition has its reason, its sentence, and the generation that was looked at', () => {
    for (const condition of status.conditions ?? [])
      expect(condition).toMatchObject({
        reason: 'Copying',
        message: 'Copying.',
        observedGeneration: 1,
        lastTransitionTime: '2026-03-01T12:00:00Z',
      })
    expect(inProgress(withStatus({}, 4), step, now)).toMatchObject({
      observedGeneration: 4,
      conditions: [{ observedGeneration: 4 }, {}, {}, {}],
    })
  })

  test('a transition is one of status, not of words', () => {
    const later = inProgress(withStatus(status), { ...step, reason: 'Verifying', message: 'Verifying.' }, now + minute)
    expect(later.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(
      Array.from({ length: 4 }, () => '2026-03-01T12:00:00Z'),
    )
    const done = completedStatus(withStatus(later), { changes: { artifact } }, now + minute)
    expect(done.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Ready', '2026-03-01T12:01:00Z'],
      ['Complete', '2026-03-01T12:01:00Z'],
      ['Failed', '2026-03-01T12:00:00Z'],
    ])
  })

  test('what blocked it before, and how far it was, is gone unless it is said again', () => {
    const before = { waitingFor: 'a claim', progress: { step: 'copying', percent: 3 }, startedAt: ago(minute) }
    expect(asStored(inProgress(withStatus(before), step, now))).toEqual({ ...asStored(status), startedAt: ago(minute) })
  })

  test('Overdue stands last and is absent unless true', () => {
    expect(conditionsIn(inProgress(aSnapshot(), { ...step, overdue: 'Late.' }, now))).toEqual([
      ...pendingConditions,
      'Overdue=True',
    ])
  })

  test('long words are cut to what the schema holds', () => {
    const long = inProgress(
      aSnapshot(),
      { ...step, message: 'm'.repeat(5000), changes: { waitingFor: 'w'.repeat(5000) } },
      now,
    )
    expect(long.waitingFor).toHaveLength(500)
    expect(long.conditions?.[0]?.message).toHaveLength(2000)
  })
})

describe('progress', () => {
  const at = (percent: number, more: Partial<Step> = {}): Step => ({
    ...step,
    message: `${percent} %.`,
    changes: { progress: { step: 'copying', percent }, ...more.changes },
    ...more,
  })
  const first = asStored(inProgress(aSnapshot(), at(1), now))

  test('carries the time of its write', () => {
    expect(first.progress).toEqual({ step: 'copying', percent: 1, updatedAt: '2026-03-01T12:00:00Z' })
  })

  test('is written at most every 15 s', () => {
    expect(inProgress(withStatus(first), at(2), now + 14_999)).toEqual(first)
    expect(inProgress(withStatus(first), at(2), now + 15_000).progress).toEqual({
      step: 'copying',
      percent: 2,
      updatedAt: '2026-03-01T12:00:15Z',
    })
  })

  test('another step of the same work waits for its turn, too: Meilisearch has many short ones', () => {
    const compressing = { changes: { progress: { step: 'compressing', percent: 2 } } }
    expect(asStored(inProgress(withStatus(first), at(2, compressing), now + second))).toEqual(first)
    expect(inProgress(withStatus(first), at(2, compressing), now + 15_000).progress).toMatchObject({
      step: 'compressing',
    })
  })

  test.each<[string, Partial<Step>]>([
    ['another reason', { reason: 'Verifying' }],
    ['another phase', { phase: 'Verifying' }],
    ['something that it waits for', { changes: { progress: { step: 'copying', percent: 2 }, waitingFor: 'a batch' } }],
    ['a deadline that has passed', { overdue: 'Late.' }],
    [
      'another task',
      {
        changes: {
          progress: { step: 'copying', percent: 2 },
          task: { uid: 1, status: 'processing', enqueuedAt: ago(minute) },
        },
      },
    ],
    [
      'another request',
      {
        changes: {
          progress: { step: 'copying', percent: 2 },
          request: { attempt: 1, posts: 2, postedAt: ago(minute) },
        },
      },
    ],
  ])('%s is written at once', (_, more) => {
    expect(asStored(inProgress(withStatus(first), at(2, more), now + second))).not.toEqual(first)
  })

  test('another generation is written at once', () => {
    expect(inProgress(withStatus(first, 2), at(2), now + second).observedGeneration).toBe(2)
  })

  test.each([
    [-1, 0],
    [0, 0],
    [41.67, 41],
    [99.99, 99],
    [100, 100],
    [1e9, 100],
  ])('a share of %d is %d percent', (share, percent) => {
    expect(percentOf(share)).toEqual({ percent, percentText: `${percent} %` })
  })
})

describe('completed', () => {
  const before = { startedAt: ago(200 * second), waitingFor: 'nothing', progress: { step: 'copying', percent: 99 } }
  const status = asStored(completedStatus(withStatus(before), { changes: { artifact } }, now))

  test('kstatus reads Current: Ready, and neither Reconciling nor Stalled', () => {
    expect(conditionsIn(status)).toEqual(completedConditions)
    expect(status).toMatchObject({ phase: 'Completed', observedGeneration: 1 })
  })

  test('has its artifact, its end, how long it took, and nothing that it waits for', () => {
    expect(status).toMatchObject({
      artifact,
      completedAt: '2026-03-01T12:00:00Z',
      duration: '3m20s',
      progress: { step: 'done', percent: 100, percentText: '100 %' },
    })
    expect(status).not.toHaveProperty('waitingFor')
  })
})

describe('failed', () => {
  const before = { startedAt: ago(41 * second), waitingFor: 'a claim', progress: { step: 'copying', percent: 99 } }
  const status = asStored(failedStatus(withStatus(before), { reason: 'MoverFailed', message: 'It broke.' }, now))

  test('kstatus reads Failed: Stalled stands first, and Complete is not true', () => {
    expect(conditionsIn(status)).toEqual(failedConditions)
    expect(status).toMatchObject({
      phase: 'Failed',
      observedGeneration: 1,
      completedAt: '2026-03-01T12:00:00Z',
      duration: '41s',
    })
  })

  test('shows no progress, and waits for nothing', () => {
    expect(status).not.toHaveProperty('progress')
    expect(status).not.toHaveProperty('waitingFor')
  })

  test('took no time where it never began', () => {
    expect(failedStatus(aSnapshot(), { reason: 'MoverFailed', message: 'It broke.' }, now + 999).duration).toBe('0s')
  })

  test('words of others are repeated without secrets, and cut between characters', () => {
    const message = (words: string): string | undefined =>
      failedStatus(aSnapshot(), { reason: 'MoverFailed', message: words }, now).conditions?.[0]?.message
    expect(message('mount -o password=s3cr3t failed')).toBe('mount -o password=*** failed')
    expect(message(`${'m'.repeat(1999)}😀`)?.isWellFormed()).toBe(true)
  })

  test('long words are cut to what the schema holds', () => {
    expect(
      failedStatus(aSnapshot(), { reason: 'MoverFailed', message: 'm'.repeat(5000) }, now).conditions?.[0]?.message,
    ).toHaveLength(2000)
  })
})
