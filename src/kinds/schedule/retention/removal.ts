// Deletes one snapshot with its files, step by step: on record, deletionPolicy Delete, the finalizer seen, deleted, gone. Pure.
// Each step is decided from what the API server has then, so that a crash between any two comes to the same end: it is gone, or as it was.
import type { MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { snapshotFinalizer } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import type { FreshRun } from '../observation.ts'
import type { RetentionPlan } from './plan.ts'

type Removing = NonNullable<MeiliSnapshotScheduleStatus['removing']>

export interface RemovalParts {
  /** status.removing, as it is on record. */
  readonly removing: Removing | undefined
  /** planRetention's, made of the same runs. */
  readonly remove: RetentionPlan['remove']
  /** All of the schedule, read from the API server in this pass. To be read wherever `removing` or `remove` is there. */
  readonly runs: readonly FreshRun[]
  readonly nowMs: number
}

export interface Removal {
  /** status.removing, as it is to be written before the effects. */
  readonly removing?: Removing
  /** At most one. It is sent only as the snapshot was seen: whoever changed it since has made another plan. */
  readonly effects: readonly Effect[]
  /** What status.counts.expired grows by in this write. */
  readonly expired: 0 | 1
  /** When to look again if no watch wakes the schedule. */
  readonly againMs?: number
}

const lookMs = 15_000
const done = { effects: [], expired: 0, againMs: 0 } as const

export function planRemoval({ removing, remove, runs, nowMs }: RemovalParts): Removal {
  if (removing === undefined) return begin(remove, { runs, nowMs })
  const run = runs.find(({ uid }) => uid === removing.uid)
  if (run === undefined) return { ...done, expired: 1 }
  const wait = { removing, effects: [], expired: 0, againMs: lookMs } as const
  if (run.isBeingDeleted) {
    // Somebody else deletes it, before anything was changed: theirs, and its files stay.
    return run.deletionPolicy === 'Delete' ? wait : done
  }
  const effect = remove?.uid === removing.uid ? nextStep(run) : putBack(run, removing)
  if (effect === 'none') return done
  return effect === 'wait' ? wait : { ...wait, effects: [effect] }
}

function begin(remove: RetentionPlan['remove'], { runs, nowMs }: Pick<RemovalParts, 'runs' | 'nowMs'>): Removal {
  const run = runs.find(({ uid }) => uid === remove?.uid)
  if (run === undefined || run.isBeingDeleted) return { effects: [], expired: 0 }
  const { name, uid, deletionPolicy } = run
  const removing = { name, uid, deletionPolicy, startedAt: instant(nowMs) }
  const effect = nextStep(run)
  return { removing, effects: effect === 'wait' ? [] : [effect], expired: 0, againMs: lookMs }
}

/** Without the finalizer the object would be gone before its files. */
function nextStep(run: FreshRun): Effect | 'wait' {
  const { name, uid, resourceVersion } = run
  if (run.deletionPolicy !== 'Delete')
    return { kind: 'PatchSnapshot', name, uid, resourceVersion, deletionPolicy: 'Delete' }
  if (run.mayHaveFiles && !run.finalizers.includes(snapshotFinalizer)) return 'wait'
  return { kind: 'DeleteSnapshot', name, uid, resourceVersion }
}

function putBack(run: FreshRun, { deletionPolicy }: Removing): Effect | 'none' {
  const { name, uid, resourceVersion } = run
  return run.deletionPolicy === deletionPolicy
    ? 'none'
    : { kind: 'PatchSnapshot', name, uid, resourceVersion, deletionPolicy }
}
