// What is read of the world for one schedule. Types alone.
import type { MeiliSnapshotSchedule } from '../../api/schedule.ts'
import type { MeiliSnapshot } from '../../api/snapshot.ts'
import type { Drill, Run } from './run.ts'

/** A run as the API server has it right now: enough to remove it, and only it. */
export interface FreshRun extends Run {
  readonly resourceVersion: string
  readonly deletionPolicy: MeiliSnapshot['spec']['deletionPolicy']
  readonly finalizers: readonly string[]
  /** Its files are stored, or a mover began to: with deletionPolicy Delete its controller then gives it the finalizer. A tombstone has none. */
  readonly mayHaveFiles: boolean
}

export interface ScheduleObservation {
  readonly schedule: MeiliSnapshotSchedule
  /** All snapshots that carry its label: as the API server has them where a step of a removal may follow, else as the cache does. */
  readonly runs: readonly Run[]
  /** From the API server, only where one of them is being removed, or is to be: that one at least, while it is there, also without the label. */
  readonly fresh?: readonly FreshRun[]
  /** As the cache has them: a record of a drill that ended holds nothing. */
  readonly drills?: readonly Drill[]
  /** What a mover saw last of the destination's claim. */
  readonly space?: { readonly freeBytes: number; readonly observedAt: string }
}
