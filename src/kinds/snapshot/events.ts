// Writes the Events of a snapshot from a change of its status: one for each step and each failure. Pure.
import { conditionTypes } from '../../api/meta.ts'
import { isFinished, snapshotConditions, snapshotReasons } from '../../api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../api/snapshot.ts'
import { keepAnnotation } from '../../api/schedule.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import type { EventText } from '../../reconcile/decision.ts'
import { spanText } from '../../reconcile/format.ts'

type EventBuilder = (before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus) => EventText | undefined

const builders: readonly EventBuilder[] = [
  blockedEvent,
  overdueEvent,
  requestedEvent,
  createdEvent,
  movingEvent,
  verifiedEvent,
  bootedEvent,
  removeSourceEvent,
  abandonedEvent,
  expiringEvent,
  expiredEvent,
  endedEvent,
]

export function snapshotEvents(
  before: MeiliSnapshotStatus | undefined,
  after: MeiliSnapshotStatus,
): readonly EventText[] {
  return builders.map((build) => build(before, after)).filter((event) => event !== undefined)
}

/** Reasons of ordinary steps: the other builders say more of them. */
const ordinary: readonly string[] = [
  snapshotReasons.InstanceNotSeen,
  snapshotReasons.Requesting,
  snapshotReasons.TaskEnqueued,
  snapshotReasons.TaskProcessing,
  snapshotReasons.MoverStarting,
  snapshotReasons.Copying,
  snapshotReasons.Verifying,
  snapshotReasons.Booting,
  snapshotReasons.RemovingSource,
]

const normal: readonly string[] = [
  snapshotReasons.Queued,
  snapshotReasons.InstanceRestoring,
  snapshotReasons.ClaimCreating,
  snapshotReasons.CheckingSpace,
  snapshotReasons.MoverQueued,
]

/** What holds it up, once for each reason. */
function blockedEvent(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): EventText | undefined {
  const ready = conditionNamed(after.conditions, conditionTypes.Ready)
  if (ready === undefined || isFinished({ status: after }) || ordinary.includes(ready.reason)) return undefined
  if (conditionNamed(before?.conditions, conditionTypes.Ready)?.reason === ready.reason) return undefined
  return { type: normal.includes(ready.reason) ? 'Normal' : 'Warning', reason: ready.reason, message: ready.message }
}

function overdueEvent(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): EventText | undefined {
  const { Overdue } = snapshotConditions
  const late = conditionNamed(after.conditions, Overdue)
  return late === undefined || conditionNamed(before?.conditions, Overdue) !== undefined
    ? undefined
    : { type: 'Warning', reason: Overdue, message: late.message }
}

function requestedEvent(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): EventText | undefined {
  const uid = after.request?.taskUid ?? after.task?.uid
  if (uid === undefined || (before?.request?.taskUid ?? before?.task?.uid) !== undefined) return undefined
  const message =
    after.request?.taskUid === undefined
      ? `Task ${uid} serves this snapshot: found without a reply to POST /snapshots`
      : `POST /snapshots answered with task ${uid}`
  return { type: 'Normal', reason: 'Requested', message }
}

function createdEvent(before: MeiliSnapshotStatus | undefined, { task }: MeiliSnapshotStatus): EventText | undefined {
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
function movingEvent(before: MeiliSnapshotStatus | undefined, { move }: MeiliSnapshotStatus): EventText | undefined {
  if (move?.node === undefined || (before?.move?.node !== undefined && before.move.attempt === move.attempt))
    return undefined
  const again = move.attempt > 1 ? ` (attempt ${move.attempt}: ${move.failure ?? ''})` : ''
  return {
    type: move.attempt > 1 ? 'Warning' : 'Normal',
    reason: 'Moving',
    message: `Mover ${move.jobName} is being started for node ${move.node}${again}`,
  }
}

function verifiedEvent(
  before: MeiliSnapshotStatus | undefined,
  { artifact }: MeiliSnapshotStatus,
): EventText | undefined {
  if (artifact?.verification !== 'Archive' || before?.artifact !== undefined) return undefined
  return {
    type: 'Normal',
    reason: 'Verified',
    message: `Archive read back: gzip, tar and version ${artifact.meilisearchVersion} are good`,
  }
}

/** That it failed is the end of the snapshot, which has an Event of its own. */
function bootedEvent(
  before: MeiliSnapshotStatus | undefined,
  { verification }: MeiliSnapshotStatus,
): EventText | undefined {
  if (verification?.result === undefined || before?.verification?.result === verification.result) return undefined
  const { result, skipped = '', message = '' } = verification
  const { Booted, BootSkipped, BootInconclusive } = snapshotReasons
  if (result === 'Skipped')
    return { type: 'Warning', reason: BootSkipped, message: `No server was started: ${skipped}` }
  if (result === 'Inconclusive') return { type: 'Warning', reason: BootInconclusive, message }
  return result === 'Passed' ? { type: 'Normal', reason: Booted, message } : undefined
}

function removeSourceEvent(
  before: MeiliSnapshotStatus | undefined,
  { removeSource }: MeiliSnapshotStatus,
): EventText | undefined {
  if (removeSource?.outcome === undefined || before?.removeSource?.outcome === removeSource.outcome) return undefined
  const messages = {
    Removed: "Meilisearch's own file was removed",
    Replaced: 'Meilisearch has made a newer file, which was left alone',
    Absent: "Meilisearch's own file was gone already",
    Failed: "Meilisearch's own file could not be removed",
  } as const
  return {
    type: removeSource.outcome === 'Failed' ? 'Warning' : 'Normal',
    reason: 'RemoveSourceEnded',
    message: messages[removeSource.outcome],
  }
}

/** On the object itself; after/tell-abandoned.ts tells what stays when it is gone. */
function abandonedEvent(
  before: MeiliSnapshotStatus | undefined,
  { deleteArtifact }: MeiliSnapshotStatus,
): EventText | undefined {
  if (deleteArtifact?.abandoned === undefined || before?.deleteArtifact?.abandoned !== undefined) return undefined
  return { type: 'Warning', reason: 'DeleteArtifactAbandoned', message: deleteArtifact.abandoned }
}

/** A minute before anything is removed, with the way to object. */
function expiringEvent(
  before: MeiliSnapshotStatus | undefined,
  { expiry, artifact }: MeiliSnapshotStatus,
): EventText | undefined {
  if (expiry === undefined || before?.expiry?.announcedAt === expiry.announcedAt) return undefined
  const message = `expiresAfter is over: ${artifact?.path ?? 'what is stored'} on claim ${artifact?.claimName ?? ''} is removed in a minute. To keep it, annotate this object with ${keepAnnotation}=true`
  return { type: 'Normal', reason: snapshotReasons.ExpiringArtifact, message }
}

function expiredEvent(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): EventText | undefined {
  if (after.phase !== 'Expired' || before?.phase === 'Expired') return undefined
  const said = conditionNamed(after.conditions, snapshotConditions.ArtifactAvailable)
  return {
    type: after.expiry?.outcome === 'Abandoned' ? 'Warning' : 'Normal',
    reason: said?.reason ?? snapshotReasons.Expired,
    message: said?.message ?? '',
  }
}

function endedEvent(before: MeiliSnapshotStatus | undefined, after: MeiliSnapshotStatus): EventText | undefined {
  if (after.phase === before?.phase) return undefined
  const ready = conditionNamed(after.conditions, conditionTypes.Ready)
  if (after.phase === 'Completed')
    return { type: 'Normal', reason: snapshotReasons.Completed, message: ready?.message ?? '' }
  return after.phase === 'Failed'
    ? { type: 'Warning', reason: ready?.reason ?? 'Failed', message: ready?.message ?? '' }
    : undefined
}
