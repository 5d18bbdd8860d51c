// What the answer to an effect adds to a snapshot's status, in the same pass. Pure.
import { durationMs } from '../../api/meta.ts'
import { isFinished, snapshotReasons } from '../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../api/snapshot.ts'
import type { Fact } from '../../reconcile/decision.ts'
import { isRequested } from './status/attempt.ts'
import { cleanupRefused } from './after/cleanup.ts'
import { deadlineText, moveDeadlineMs, attemptStartedMs } from './status/deadline.ts'
import { sentence } from './status/sentence.ts'
import { failed, inProgress } from './status/status.ts'
import { interrupted } from './job/stream-source.ts'

export function learnFact(snapshot: MeiliSnapshot, fact: Fact, nowMs: number): MeiliSnapshotStatus {
  const status = snapshot.status ?? {}
  const { request } = status
  switch (fact.kind) {
    case 'TaskEnqueued': {
      if (request === undefined) return status
      const { refused: _, missingSince: __, ...kept } = request
      const changes = { request: { ...kept, taskUid: fact.taskUid, adoptedAt: new Date(nowMs).toISOString() } }
      return inProgress(
        snapshot,
        {
          phase: 'Snapshotting',
          reason: snapshotReasons.TaskEnqueued,
          message: `Task ${fact.taskUid} is enqueued.`,
          changes,
        },
        nowMs,
      )
    }
    case 'CancelAccepted':
      return request === undefined ? status : { ...status, request: { ...request, cancelTaskUid: fact.taskUid } }
    case 'StreamInterrupted':
      return interrupted(snapshot, fact.message, nowMs)
    case 'PinRemoved':
      return pinGone(status)
    case 'Refused':
      return refused(snapshot, fact, nowMs)
  }
}

function pinGone(status: MeiliSnapshotStatus): MeiliSnapshotStatus {
  const { move } = status
  return move?.stream === undefined
    ? status
    : { ...status, move: { ...move, stream: { ...move.stream, pinned: false } } }
}

type Refusal = Fact & { kind: 'Refused' }

function refused(snapshot: MeiliSnapshot, refusal: Refusal, nowMs: number): MeiliSnapshotStatus {
  const message = sentence(refusal.message)
  switch (refusal.effect) {
    case 'RequestSnapshot':
      return requestRefused(snapshot, message, nowMs)
    case 'CreateJob':
      return jobRefused(snapshot, message, nowMs)
    case 'CreateClaim': {
      const until = deadlineText(attemptStartedMs(snapshot, nowMs) + durationMs(snapshot.spec.deadlines.start))
      return inProgress(
        snapshot,
        {
          phase: 'Pending',
          reason: snapshotReasons.ClaimNotReady,
          message: `The claim could not be created: ${message} It is tried again, until ${until}.`,
          changes: { waitingFor: message },
        },
        nowMs,
      )
    }
    case 'StreamSegments':
      return interrupted(snapshot, message, nowMs)
    // The pod is gone, or may not be entered any more: there is nothing that we could still do.
    case 'RemovePin':
      return pinGone(snapshot.status ?? {})
    case 'CancelTask':
      return cancelRefused(snapshot, message, nowMs)
    default:
      return snapshot.status ?? {}
  }
}

/** Quota, Pod Security, a webhook; or the namespace is being deleted, where nothing can be created any more. */
function jobRefused(snapshot: MeiliSnapshot, message: string, nowMs: number): MeiliSnapshotStatus {
  const { metadata, status = {}, spec } = snapshot
  // A sweep after the end is tried once: what has ended is never judged again.
  if (metadata.deletionTimestamp === undefined && isFinished(snapshot)) return status
  if (metadata.deletionTimestamp !== undefined)
    return status.cleanup === undefined
      ? status
      : { ...status, cleanup: cleanupRefused(snapshot, status.cleanup, message) }
  const requested = isRequested(snapshot)
  const until = deadlineText(
    requested ? moveDeadlineMs(snapshot, nowMs) : attemptStartedMs(snapshot, nowMs) + durationMs(spec.deadlines.start),
  )
  const stored = status.artifact === undefined ? '' : 'The snapshot is stored. '
  const said = {
    reason: snapshotReasons.MoverRefused,
    message: `${stored}${message} It is tried again, until ${until}.`,
    changes: { waitingFor: message },
  }
  return inProgress(snapshot, { phase: requested ? 'Moving' : 'Pending', ...said }, nowMs)
}

/** The server's refusal, or a Secret that is missing: then nobody was asked. */
const unauthorized = /^Secret |^POST \S+ answered 40[13]\b/

function requestRefused(snapshot: MeiliSnapshot, message: string, nowMs: number): MeiliSnapshotStatus {
  const request = snapshot.status?.request
  if (request === undefined) return snapshot.status ?? {}
  const [reason, remedy] = unauthorized.test(message)
    ? [snapshotReasons.Unauthorized, ' The key needs snapshots.create for indexes ["*"].']
    : [snapshotReasons.RequestRefused, '']
  const changes = { request: { ...request, refused: message }, waitingFor: message }
  return inProgress(
    snapshot,
    { phase: 'Pending', reason, message: `${message}${remedy} Asked again every 30 s.`, changes },
    nowMs,
  )
}

/** It was tried because deadlines.task was over. Where the object is being deleted, the deletion goes on without it. */
function cancelRefused(snapshot: MeiliSnapshot, why: string, nowMs: number): MeiliSnapshotStatus {
  if (snapshot.metadata.deletionTimestamp !== undefined) return snapshot.status ?? {}
  const message = `Task ${snapshot.status?.request?.taskUid ?? ''} was still enqueued at the end of deadlines.task (${snapshot.spec.deadlines.task}), and could not be cancelled, so it may still run: ${why}`
  return failed(snapshot, { reason: snapshotReasons.TaskDeadlineExceeded, message }, nowMs)
}
