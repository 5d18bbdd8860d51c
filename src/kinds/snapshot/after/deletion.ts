// The two rungs above all stages: an object that is being deleted, and one that has ended. Pure.
import { isFinished, snapshotFinalizer } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { serverOf } from '../../../reconcile/server-reference.ts'
import { deleteArtifact, mustDeleteArtifact } from './delete-artifact.ts'
import { expiryRestMs } from '../status/expires.ts'
import { pauses } from '../status/pauses.ts'
import { deletions } from '../job/end.ts'
import type { SnapshotObservation } from '../observation.ts'
import { late, settled, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { whyStillRunning } from '../../../reconcile/job/waiting.ts'

/** How long the cancelling of our own task may hold up a deletion. */
const cancelWithinMs = 60_000

export function hasFinalizer({ metadata }: MeiliSnapshot): boolean {
  return metadata.finalizers?.includes(snapshotFinalizer) ?? false
}

const removeFinalizer: Effect = { kind: 'RemoveFinalizer', finalizer: snapshotFinalizer }

/** Ends what runs for it: the mover (which removes its own partial copy), and our own task if it has not begun. Stored files stay, unless they are to be deleted. */
export function beingDeleted(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, mover } = observation
  if (snapshot.metadata.deletionTimestamp === undefined) return undefined
  if (!hasFinalizer(snapshot)) return unchanged()
  if (mover.jobs.length > 0) return endMovers(observation, nowMs)
  const cancel = cancelOwnTask(observation, nowMs)
  if (cancel !== undefined) return unchanged({ effects: [cancel], againMs: pauses.answerMs })
  const done = mover.job === undefined ? [] : deletions([mover.job])
  return deleteArtifact(observation, nowMs) ?? unchanged({ effects: [removeFinalizer, ...done] })
}

/** The deletion waits for a mover that does not end: that must not happen in silence. */
function endMovers({ snapshot, mover }: SnapshotObservation, nowMs: number): Verdict {
  const act = { effects: deletions(mover.jobs), againMs: pauses.changeMs }
  const why = whyStillRunning(mover, nowMs)
  return why === undefined || isFinished(snapshot) ? unchanged(act) : late(why, act)
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

/** A finished record is never judged again; only the observed generation follows, so that a changed deletionPolicy counts as seen. The finalizer stays with what is to be deleted, also where that was decided later. */
export function alreadyFinished({ snapshot, apiServerMs }: SnapshotObservation, nowMs: number): Verdict | undefined {
  if (!isFinished(snapshot)) return undefined
  const againMs = expiryRestMs(snapshot, Math.min(nowMs, apiServerMs ?? nowMs))
  if (mustDeleteArtifact(snapshot))
    return settled(hasFinalizer(snapshot) ? [] : [{ kind: 'AddFinalizer', finalizer: snapshotFinalizer }], againMs)
  return settled(hasFinalizer(snapshot) ? [removeFinalizer] : [], againMs)
}
