// MeiliRestores as the plugin meets them: a plan, one at work, one that is done, one that went back, a drill; as the operator leaves their status.
import type { Condition } from '../../../../src/api/meta.ts'
import type { MeiliRestoreStatus } from '../../../../src/api/restore.ts'
import type { Restore } from '../../../../src/cli/cluster.ts'
import { aRestore } from '../../../support/builders/restores.ts'

export const nowMs = Date.parse('2026-11-30T08:12:00Z')

export const ready = (status: 'True' | 'False', reason: string, message = 'A message.'): Condition => ({
  type: 'Ready',
  status,
  reason,
  message,
  lastTransitionTime: '2026-11-30T03:00:00Z',
  observedGeneration: 1,
})

/** @param status whatever the test is about */
export const restore = (
  status: MeiliRestoreStatus = {},
  spec: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
): Restore => aRestore({ metadata, spec, status: { observedGeneration: 1, ...status } })

export const resolved = {
  name: 'nightly',
  claimName: 'backups',
  path: 'movies/nightly-1',
  fileName: 'data.ms.snapshot',
  sizeBytes: 15_247_133_901,
  size: '14.2 GiB',
  sha256: 'a'.repeat(64),
  resolvedAt: '2026-11-30T03:00:01Z',
}

export const plan = {
  from: { version: '1.50.0', indexes: 5, documents: 1_204_311, takenAt: '2026-11-30T03:00:00Z' },
  to: { version: '1.50.0', indexes: 5, documents: 12, claimName: 'movies-data', generation: 1 },
  keysLost: ['ci-writer'],
  keysLostCount: 1,
  tasksEnqueued: 2,
  neededBytes: 15_247_133_901,
  newClaim: { claimName: 'movies-data-2', generation: 2 },
  safetySnapshot: true,
  madeAt: '2026-11-30T08:00:00Z',
}

export const planned = (spec: Record<string, unknown> = {}): Restore =>
  restore(
    { phase: 'Planned', resolved, plan, conditions: [ready('True', 'Planned')] },
    { mode: 'DryRun', confirm: undefined, ...spec },
  )

export const filling = restore({
  phase: 'Filling',
  resolved,
  plan,
  progress: { step: 'unpacking', percent: 62, bytesDone: 9_448_928_051, bytesTotal: 15_247_133_901 },
  conditions: [ready('False', 'Filling', 'The snapshot is unpacked on claim movies-data-2.')],
})

export const oldData = {
  claimName: 'movies-data',
  generation: 1,
  capacityBytes: 20 * 2 ** 30,
  keptSince: '2026-11-30T03:10:00Z',
}

export const completed = restore({
  phase: 'Completed',
  resolved,
  plan,
  oldData,
  duration: '3m20s',
  completedAt: '2026-11-30T03:12:00Z',
  switched: {
    from: { claimName: 'movies-data', generation: 1 },
    to: { claimName: 'movies-data-2', generation: 2 },
    downtime: '9s',
  },
  restored: {
    version: '1.50.0',
    indexes: 5,
    documents: 1_204_311,
    compared: 4,
    differences: [{ index: 'shows', expected: 3, found: 2 }],
    at: '2026-11-30T03:12:00Z',
  },
  conditions: [ready('True', 'Completed', '5 indexes and 1,204,311 documents are back.')],
})

export const wentBack = restore({
  phase: 'RolledBack',
  resolved,
  plan,
  completedAt: '2026-11-30T03:12:00Z',
  rollback: { cause: 'StartFailed', message: 'exit code 1', startedAt: '2026-11-30T03:11:00Z' },
  conditions: [ready('False', 'RolledBack', 'movies did not start on the restored data: exit code 1.')],
})

export const failed = restore({
  phase: 'Failed',
  completedAt: '2026-11-30T03:12:00Z',
  conditions: [ready('False', 'ChecksumMismatch', 'The file is another one.')],
})

export const drill = restore(
  {
    phase: 'Completed',
    resolved: { ...resolved, snapshot: { name: 'nightly', uid: 'u' } },
    completedAt: '2026-11-30T04:00:00Z',
    inspection: {
      attempt: 1,
      jobName: 'drill-1',
      result: 'Passed',
      message: '5 indexes',
      restoreDuration: {
        fetch: '1m10s',
        extract: '2m',
        open: '4s',
        firstSearch: '1s',
        total: '3m15s',
        totalMs: 195_000,
      },
    },
    conditions: [ready('True', 'Completed')],
  },
  { target: { scratch: {} }, confirm: undefined },
  { name: 'drill-nightly' },
)
