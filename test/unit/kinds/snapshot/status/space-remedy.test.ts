// Where space is lacking for a snapshot of a schedule, it says whose retention could keep fewer.
import { expect, test } from 'vitest'
import { scheduleLabel } from '../../../../../src/api/schedule.ts'
import {
  ago,
  aJob,
  aSnapshot,
  endedPod,
  movingStatus,
  noMover,
  second,
  snapshotVerdict,
} from '../../../../support/builders/observations.ts'

const noSpace = { exitCode: 14, message: 'no', space: { neededBytes: 100, freeBytes: 10 } }
const probed = {
  observedGeneration: 1,
  phase: 'Pending' as const,
  startedAt: ago(20 * second),
  space: { attempt: 1, jobName: 'nightly-0a1b2c3d-space-1', sizeBytes: 100 },
}

test.each([
  ['the probe', probed],
  ['the mover', movingStatus()],
])('%s', (_, status) => {
  const said = (labels: Record<string, string>): string => {
    const snapshot = aSnapshot({ metadata: { labels }, status })
    const job = aJob(snapshot)
    const seen = snapshotVerdict({ snapshot, mover: { ...noMover, job, jobs: [job], pod: endedPod(14, noSpace) } })
    expect(seen.reason).toBe('InsufficientSpace')
    return seen.message
  }
  expect(said({ [scheduleLabel]: 'every-night' })).toContain(
    'enlarge the claim. It is of MeiliSnapshotSchedule every-night, which could keep fewer: see its spec.retention, without which it keeps all. It goes on by itself',
  )
  expect(said({})).not.toContain('MeiliSnapshotSchedule')
})
