// The controller of MeiliSnapshotSchedules: their world, and what wakes them.
import { meiliSnapshotSchedules } from '../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../api/schedule.ts'
import {
  isNewsOfDrill,
  isNewsOfRun,
  isNewsOfSchedule,
  scheduleKind,
  schedulesOf,
  schedulesOfDrill,
} from '../kinds/schedule/controller.ts'
import { reconcilerOf } from '../reconcile/reconciler.ts'
import { seldomForAnnotations, watchOf } from '../runtime/cache/cache.ts'
import { keyOf } from '../runtime/cache/store.ts'
import type { ControllerParts } from '../runtime/manager.ts'
import { workers } from './controller-parts.ts'
import type { Parts } from './controller-parts.ts'

export function scheduleController({ kube, caches, loop }: Parts): ControllerParts {
  const { schedules, snapshots, snapshotIndex, restores } = caches
  const world = {
    kube,
    snapshots: snapshotIndex,
    drillsOf: (schedule: string) => restores.store.byIndex('madeBy', schedule).values(),
    nowMs: loop.nowMs,
  }
  const withLabel = (label: string): Iterable<MeiliSnapshotSchedule> => schedules.store.byIndex('label', label).values()
  return {
    name: meiliSnapshotSchedules.singular,
    kind: meiliSnapshotSchedules.kind,
    reconcile: reconcilerOf(scheduleKind(world), { ...loop, get: (key) => schedules.store.get(key) }),
    watches: [
      watchOf(schedules, (schedule) => [keyOf(schedule)], isNewsOfSchedule(seldomForAnnotations())),
      watchOf(snapshots, schedulesOf(withLabel), isNewsOfRun),
      watchOf(restores, schedulesOfDrill(withLabel), isNewsOfDrill),
    ],
    all: () => schedules.store.keys(),
    workers,
  }
}
