// Schedules and their runs, as they are read.
import { durationMs } from '../../../src/api/meta.ts'
import { meiliSnapshotSchedules } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../src/api/schedule.ts'
import type { FreshRun } from '../../../src/kinds/schedule/observation.ts'
import type { Run } from '../../../src/kinds/schedule/run.ts'
import { ago, now } from './observations.ts'

export interface ScheduleParts {
  readonly metadata?: object
  /** Beside what it has by default: every night at three, UTC, of `movies` on claim `backups`. */
  readonly spec?: object
  readonly status?: MeiliSnapshotScheduleStatus
}

export function aSchedule({ metadata = {}, spec = {}, status }: ScheduleParts = {}): MeiliSnapshotSchedule {
  const object = {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshotSchedule',
    metadata: {
      name: 'nightly',
      namespace: 'shop',
      uid: '5c4ed01e-1111-4222-8333-444455556666',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: ago(durationMs('48h')),
      ...metadata,
    },
    spec: meiliSnapshotSchedules.spec.parse({
      schedule: '0 3 * * *',
      template: {
        spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } },
      },
      ...spec,
    }),
    ...(status === undefined ? {} : { status }),
  }
  return object as MeiliSnapshotSchedule
}

/** A good one, taken an hour ago. */
export function aRun(changes: Partial<Run> = {}): Run {
  const timeMs = changes.timeMs ?? now - durationMs('1h')
  return {
    name: `nightly-${timeMs}`,
    uid: `uid-${timeMs}`,
    phase: 'Completed',
    createdMs: timeMs - 1000,
    timeMs,
    completedMs: timeMs + 60_000,
    sizeBytes: 2 ** 30,
    documents: 1000,
    indexes: 2,
    isPinned: false,
    isBeingDeleted: false,
    ...changes,
  }
}

/** The same, as the API server has it. */
export function aFreshRun(changes: Partial<FreshRun> = {}): FreshRun {
  return {
    ...aRun(changes),
    resourceVersion: '1',
    deletionPolicy: 'Retain',
    finalizers: [],
    mayHaveFiles: true,
    ...changes,
  }
}
