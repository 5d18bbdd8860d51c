// What `kubectl describe` tells of a snapshot: one Event for each step and each failure, from the change of status. Pure.
import { conditionTypes } from '../../api/meta.ts'
import { snapshotConditions, snapshotReasons } from '../../api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../api/snapshot.ts'
import { conditionNamed } from '../../api/conditions.ts'
import type { Story } from '../../reconcile/decision.ts'
import { spanText } from '../../reconcile/format.ts'

type Teller = (before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus) => Story | undefined

const tellers: readonly Teller[] = [blocked, overdue, requested, created, moving, verified, released, abandoned, ended]

export function snapshotStory(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): readonly Story[] {
  return tellers.map((tell) => tell(before, after)).filter((story) => story !== undefined)
}

/** Reasons that tell a step of the ordinary way; the other tellers tell them better. */
const ordinary: readonly string[] = [
  snapshotReasons.InstanceNotSeen,
  snapshotReasons.Requesting,
  snapshotReasons.TaskEnqueued,
  snapshotReasons.TaskProcessing,
  snapshotReasons.MoverStarting,
  snapshotReasons.Copying,
  snapshotReasons.Verifying,
  snapshotReasons.Releasing,
]

const harmless: readonly string[] = [
  snapshotReasons.Queued,
  snapshotReasons.ClaimCreating,
  snapshotReasons.CheckingRoom,
]

/** What holds it up, once for each reason. */
function blocked(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): Story | undefined {
  const ready = conditionNamed(after.conditions, conditionTypes.Ready)
  if (ready === undefined || after.phase === 'Completed' || after.phase === 'Failed' || ordinary.includes(ready.reason))
    return undefined
  if (conditionNamed(before?.conditions, conditionTypes.Ready)?.reason === ready.reason) return undefined
  return { type: harmless.includes(ready.reason) ? 'Normal' : 'Warning', reason: ready.reason, message: ready.message }
}

function overdue(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): Story | undefined {
  const { Overdue } = snapshotConditions
  const late = conditionNamed(after.conditions, Overdue)
  return late === undefined || conditionNamed(before?.conditions, Overdue) !== undefined
    ? undefined
    : { type: 'Warning', reason: Overdue, message: late.message }
}

function requested(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): Story | undefined {
  const uid = after.request?.taskUid ?? after.task?.uid
  if (uid === undefined || (before?.request?.taskUid ?? before?.task?.uid) !== undefined) return undefined
  const message =
    after.request?.taskUid === undefined
      ? `Task ${uid} serves this snapshot: found without a reply to POST /snapshots`
      : `POST /snapshots answered with task ${uid}`
  return { type: 'Normal', reason: 'Requested', message }
}

function created(before: MeiliSnapshotStatus | undefined, { task }: MeiliSnapshotStatus): Story | undefined {
  if (task?.status !== 'succeeded' || before?.task?.status === 'succeeded') return undefined
  const tookMs =
    task.startedAt === undefined || task.finishedAt === undefined
      ? undefined
      : Date.parse(task.finishedAt) - Date.parse(task.startedAt)
  return {
    type: 'Normal',
    reason: 'Created',
    message: `Meilisearch finished task ${task.uid}${tookMs === undefined ? '' : ` in ${spanText(tookMs)}`} (batch ${task.batchUid ?? 'unknown'})`,
  }
}

/** Once for each attempt, when it is known for which node: the Job may still be refused. */
function moving(before: MeiliSnapshotStatus | undefined, { move }: MeiliSnapshotStatus): Story | undefined {
  if (move?.node === undefined || (before?.move?.node !== undefined && before.move.attempt === move.attempt))
    return undefined
  const again = move.attempt > 1 ? ` (attempt ${move.attempt}: ${move.failure ?? ''})` : ''
  return {
    type: move.attempt > 1 ? 'Warning' : 'Normal',
    reason: 'Moving',
    message: `Mover ${move.jobName} is being started for node ${move.node}${again}`,
  }
}

function verified(before: MeiliSnapshotStatus | undefined, { artifact }: MeiliSnapshotStatus): Story | undefined {
  if (artifact?.verification !== 'Archive' || before?.artifact !== undefined) return undefined
  return {
    type: 'Normal',
    reason: 'Verified',
    message: `Archive read back: gzip, tar and version ${artifact.meilisearchVersion} are good`,
  }
}

function released(before: MeiliSnapshotStatus | undefined, { release }: MeiliSnapshotStatus): Story | undefined {
  if (release?.outcome === undefined || before?.release?.outcome === release.outcome) return undefined
  const messages = {
    Removed: "Meilisearch's own file was removed",
    Replaced: 'Meilisearch has made a newer file, which was left alone',
    Absent: "Meilisearch's own file was gone already",
    Failed: "Meilisearch's own file could not be removed",
  } as const
  return {
    type: release.outcome === 'Failed' ? 'Warning' : 'Normal',
    reason: 'Released',
    message: messages[release.outcome],
  }
}

function abandoned(before: MeiliSnapshotStatus | undefined, { cleanup }: MeiliSnapshotStatus): Story | undefined {
  if (cleanup?.abandoned === undefined || before?.cleanup?.abandoned !== undefined) return undefined
  return { type: 'Warning', reason: 'CleanupAbandoned', message: cleanup.abandoned }
}

function ended(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): Story | undefined {
  if (after.phase === before?.phase) return undefined
  const ready = conditionNamed(after.conditions, conditionTypes.Ready)
  if (after.phase === 'Completed')
    return { type: 'Normal', reason: snapshotReasons.Completed, message: ready?.message ?? '' }
  return after.phase === 'Failed'
    ? { type: 'Warning', reason: ready?.reason ?? 'Failed', message: ready?.message ?? '' }
    : undefined
}
