// When it will be done, from how long the last one took.
import { expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { earlierRun } from '../../../../../src/kinds/snapshot/status/estimate.ts'
import {
  ago,
  aJob,
  anEngine,
  aSnapshot,
  snapshotVerdict,
  minute,
  movingStatus,
  noMover,
  processingTask,
  requestedStatus,
  runningPod,
} from '../../../../support/builders/observations.ts'

const artifact = {
  claimName: 'backups',
  path: 'p',
  fileName: 'f',
  sizeBytes: 1000,
  size: '1',
  sha256: 'ab',
  meilisearchVersion: '1.21.0',
  verification: 'None',
} as const
const earlier = { taskMs: 10 * minute, moveMs: 2 * minute, sizeBytes: 1000 }

const finishedSnapshot = (completedAt: string, changes: object = {}): MeiliSnapshot =>
  aSnapshot({
    status: {
      phase: 'Completed',
      completedAt,
      artifact,
      task: {
        uid: 1,
        status: 'succeeded',
        enqueuedAt: ago(0),
        startedAt: '2026-03-01T10:00:00Z',
        finishedAt: '2026-03-01T10:10:00Z',
      },
      move: { attempt: 1, jobName: 'j', startedAt: '2026-03-01T10:11:00Z' },
      ...changes,
    },
  })

test('rests on the last completed one, as far as its times are on record', () => {
  expect(earlierRun(finishedSnapshot('2026-03-01T10:13:00Z'))).toEqual(earlier)
  expect(earlierRun(finishedSnapshot('2026-03-01T10:13:00Z', { task: undefined }))).toBeUndefined()
  expect(earlierRun(undefined)).toBeUndefined()
})

test('is said when Meilisearch begins, kept, and not said any more once it has passed', () => {
  const snapshot = aSnapshot({ status: requestedStatus({ taskUid: 12 }) })
  const engine = anEngine({ candidates: [processingTask()] })
  const first = snapshotVerdict({ snapshot, engine, earlier })
  expect(first.status.progress?.estimatedCompletion).toBe('2026-03-01T12:12:00Z')
  const at = (status: typeof first.status, atMs: number): string | undefined =>
    snapshotVerdict({ snapshot: aSnapshot({ status }), engine, earlier }, atMs).status.progress?.estimatedCompletion
  expect(at(first.status, Date.parse('2026-03-01T12:05:00Z'))).toBe('2026-03-01T12:12:00Z')
  expect(at(first.status, Date.parse('2026-03-01T12:13:00Z'))).toBeUndefined()
})

test('of the move is in proportion to the size', () => {
  const snapshot = aSnapshot({ status: movingStatus() })
  const job = aJob(snapshot)
  const mover = {
    ...noMover,
    job,
    jobs: [job],
    pod: runningPod(),
    progress: { step: 'copying', bytesDone: 1, bytesTotal: 500 } as const,
  }
  expect(snapshotVerdict({ snapshot, mover, earlier }).status.progress?.estimatedCompletion).toBe(
    '2026-03-01T12:00:50Z',
  )
  expect(snapshotVerdict({ snapshot, mover }).status.progress?.estimatedCompletion).toBeUndefined()
})
