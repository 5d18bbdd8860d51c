// The controller of MeiliSnapshotSchedules: their world, and what wakes them.
import { meiliSnapshotSchedules } from '../api/schedule.ts'
import { isNewsOfRun, isNewsOfSchedule, scheduleKind, schedulesOf } from '../kinds/schedule/controller.ts'
import { reconcilerOf } from '../reconcile/reconciler.ts'
import { seldomForAnnotations, watchOf } from '../runtime/cache/cache.ts'
import { keyOf } from '../runtime/cache/store.ts'
import type { ControllerParts } from '../runtime/manager.ts'
import { workers } from './controller-parts.ts'
import type { Parts } from './controller-parts.ts'

export function scheduleController({ kube, caches, loop }: Parts): ControllerParts {
  const { schedules, snapshots, snapshotIndex } = caches
  const world = { kube, snapshots: snapshotIndex, nowMs: loop.nowMs }
  const withLabel = schedulesOf((label) => schedules.store.byIndex('label', label).values())
  return {
    name: meiliSnapshotSchedules.singular,
    kind: meiliSnapshotSchedules.kind,
    reconcile: reconcilerOf(scheduleKind(world), { ...loop, get: (key) => schedules.store.get(key) }),
    watches: [
      watchOf(schedules, (schedule) => [keyOf(schedule)], isNewsOfSchedule(seldomForAnnotations())),
      watchOf(snapshots, withLabel, isNewsOfRun),
    ],
    all: () => schedules.store.keys(),
    workers,
  }
}
