// The rungs that stand above all others: an object that is being deleted, and one that has ended. Pure.
import { isFinished, snapshotFinalizer } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import type { Decision, Effect } from '../../../reconcile/decision.ts'
import { serverOf } from '../../../reconcile/server-reference.ts'
import { cleanup, isToBeCleaned } from './cleanup.ts'
import { deletions } from '../job/pending.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pastPatience, seenAgain } from '../status/status.ts'
import { whyNotEnding } from '../job/waiting.ts'

type Outcome = Decision<MeiliSnapshotStatus> | undefined

/** How long the cancelling of our own task may hold up a deletion. */
const cancelWithinMs = 60_000

function hasFinalizer({ metadata }: MeiliSnapshot): boolean {
  return metadata.finalizers?.includes(snapshotFinalizer) ?? false
}

const release: Effect = { kind: 'RemoveFinalizer', finalizer: snapshotFinalizer }

/** Ends what runs for it: the mover (which removes its own partial copy), and a task of ours that has not begun. Stored files stay, unless they are to be deleted. */
export function beingDeleted(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, mover } = observation
  if (snapshot.metadata.deletionTimestamp === undefined) return undefined
  const status = snapshot.status ?? {}
  if (!hasFinalizer(snapshot)) return { status, effects: [] }
  if (mover.jobs.length > 0)
    return { status: notEnding(observation, nowMs) ?? status, effects: deletions(mover.jobs), requeueAfterMs: 2000 }
  const cancel = cancelOwnTask(observation, nowMs)
  if (cancel !== undefined) return { status, effects: [cancel], requeueAfterMs: 1000 }
  return cleanup(observation, nowMs) ?? { status, effects: [release] }
}

/** The deletion waits for a mover that does not end: that must not happen in silence. */
function notEnding({ snapshot, mover }: SnapshotObservation, nowMs: number): MeiliSnapshotStatus | undefined {
  const why = whyNotEnding(mover, nowMs)
  return why === undefined || isFinished(snapshot) ? undefined : pastPatience(snapshot, why, nowMs)
}

/** Only a task that our own POST made, that has not begun, and that no other object waits for. */
function cancelOwnTask(
  { snapshot, instance, target, engine, adoptedByOthers }: SnapshotObservation,
  nowMs: number,
): Effect | undefined {
  const request = snapshot.status?.request
  if (engine.state !== 'Answered' || request?.taskUid === undefined || request.cancelTaskUid !== undefined)
    return undefined
  if (
    nowMs - Date.parse(snapshot.metadata.deletionTimestamp ?? '') > cancelWithinMs ||
    adoptedByOthers.includes(request.taskUid)
  )
    return undefined
  const task = engine.candidates.find(({ uid }) => uid === request.taskUid)
  const server = instance === undefined || target === undefined ? undefined : serverOf(instance, target)
  return task?.status === 'enqueued' && server !== undefined
    ? { kind: 'CancelTask', server, taskUid: task.uid }
    : undefined
}

/** A finished record is never judged again; that another deletionPolicy was seen is said. The finalizer stays with what is to be deleted, also where that was decided later. */
export function finished({ snapshot }: SnapshotObservation): Outcome {
  if (!isFinished(snapshot)) return undefined
  const status = seenAgain(snapshot)
  if (isToBeCleaned(snapshot))
    return { status, effects: hasFinalizer(snapshot) ? [] : [{ kind: 'AddFinalizer', finalizer: snapshotFinalizer }] }
  return { status, effects: hasFinalizer(snapshot) ? [release] : [] }
}
