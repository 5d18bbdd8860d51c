// Adds the answer to an effect to a snapshot's status, in the same pass. Pure.
import { durationMs } from '../../api/meta.ts'
import { isFinished, snapshotReasons } from '../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../api/snapshot.ts'
import type { Fact } from '../../reconcile/decision.ts'
import { isRequested } from './status/attempt.ts'
import { deleteArtifactRefused } from './after/delete-artifact.ts'
import { isBooting } from './status/booting.ts'
import { attemptStartedMs, bootDeadlineMs, deadlineText, moveDeadlineMs } from './status/deadline.ts'
import { sentence } from '../../api/status/text.ts'
import { interruptStream } from './job/stream-source.ts'
import { decisionOf, failed, noted, step, unchanged } from './status/verdict.ts'
import type { Verdict } from './status/verdict.ts'

export function applyFact(snapshot: MeiliSnapshot, fact: Fact, nowMs: number): MeiliSnapshotStatus {
  return decisionOf(verdictOn(fact, snapshot, nowMs), snapshot, nowMs).status
}

function verdictOn(fact: Fact, snapshot: MeiliSnapshot, nowMs: number): Verdict {
  const { request } = snapshot.status ?? {}
  switch (fact.kind) {
    case 'TaskEnqueued': {
      if (request === undefined) return unchanged()
      const { refused: _, missingSince: __, ...kept } = request
      return step({
        phase: 'Snapshotting',
        reason: snapshotReasons.TaskEnqueued,
        message: `Task ${fact.taskUid} is enqueued.`,
        changes: { request: { ...kept, taskUid: fact.taskUid, adoptedAt: new Date(nowMs).toISOString() } },
      })
    }
    case 'CancelAccepted':
      return request === undefined ? unchanged() : noted({ request: { ...request, cancelTaskUid: fact.taskUid } })
    case 'StreamInterrupted':
      return step(interruptStream(snapshot, fact.message, nowMs))
    case 'PinRemoved':
      return clearPin(snapshot)
    case 'Refused':
      return applyRefusal(snapshot, fact, nowMs)
    // Of other kinds.
    case 'SnapshotCreated':
    case 'DrillCreated':
    case 'DataSwitched':
      return unchanged()
  }
}

function clearPin({ status }: MeiliSnapshot): Verdict {
  const { move } = status ?? {}
  return move?.stream === undefined
    ? unchanged()
    : noted({ move: { ...move, stream: { ...move.stream, pinned: false } } })
}

type Refusal = Fact & { kind: 'Refused' }

function applyRefusal(snapshot: MeiliSnapshot, refusal: Refusal, nowMs: number): Verdict {
  const message = sentence(refusal.message)
  switch (refusal.effect) {
    case 'RequestSnapshot':
      return applyRequestRefusal(snapshot, message, refusal.cause)
    case 'CreateJob':
      return applyJobRefusal(snapshot, { ...refusal, message }, nowMs)
    case 'CreateClaim':
      return step({
        phase: 'Pending',
        reason: snapshotReasons.ClaimNotReady,
        message: `The claim could not be created: ${message} It is tried again, until ${startText(snapshot, nowMs)}.`,
        changes: { waitingFor: message },
      })
    case 'StreamSegments':
      return step(interruptStream(snapshot, message, nowMs))
    // The pod is gone, or may not be entered any more: there is nothing that we could still do.
    case 'RemovePin':
      return clearPin(snapshot)
    case 'CancelTask':
      return applyCancelRefusal(snapshot, message)
    default:
      return unchanged()
  }
}

const startText = (snapshot: MeiliSnapshot, nowMs: number): string =>
  deadlineText(attemptStartedMs(snapshot, nowMs) + durationMs(snapshot.spec.deadlines.start))

const jobDeadlineMs = (snapshot: MeiliSnapshot, nowMs: number): number =>
  isBooting(snapshot.status) ? bootDeadlineMs(snapshot, nowMs) : moveDeadlineMs(snapshot, nowMs)

/** Quota, Pod Security, a webhook; or the namespace is being deleted, where nothing can be created any more. */
function applyJobRefusal(snapshot: MeiliSnapshot, { message, cause }: Refusal, nowMs: number): Verdict {
  const { metadata, status = {} } = snapshot
  if (status.deleteArtifact !== undefined)
    return noted({ deleteArtifact: deleteArtifactRefused(snapshot, status.deleteArtifact, { message, cause, nowMs }) })
  // A sweep after the end is tried once: what has ended is never judged again.
  if (metadata.deletionTimestamp !== undefined || isFinished(snapshot)) return unchanged()
  const requested = isRequested(snapshot)
  const until = requested ? deadlineText(jobDeadlineMs(snapshot, nowMs)) : startText(snapshot, nowMs)
  const stored = status.artifact === undefined ? '' : 'The snapshot is stored. '
  return step({
    phase: isBooting(status) ? 'Verifying' : requested ? 'Moving' : 'Pending',
    reason: snapshotReasons.MoverRefused,
    message: `${stored}${message} It is tried again, until ${until}.`,
    changes: { waitingFor: message },
  })
}

/** Nobody was let in, or nobody asked. */
const unauthorized: readonly Refusal['cause'][] = ['Unauthorized', 'SecretMissing']

function applyRequestRefusal({ status }: MeiliSnapshot, message: string, cause: Refusal['cause']): Verdict {
  const request = status?.request
  if (request === undefined) return unchanged()
  const [reason, remedy] = unauthorized.includes(cause)
    ? [snapshotReasons.Unauthorized, ' The key needs snapshots.create for indexes ["*"].']
    : [snapshotReasons.RequestRefused, '']
  return step({
    phase: 'Pending',
    reason,
    message: `${message}${remedy} Asked again every 30 s.`,
    changes: { request: { ...request, refused: message }, waitingFor: message },
  })
}

/** It was tried because deadlines.task was over. Where the object is being deleted, the deletion goes on without it. */
function applyCancelRefusal({ metadata, spec, status }: MeiliSnapshot, why: string): Verdict {
  if (metadata.deletionTimestamp !== undefined) return unchanged()
  return failed({
    reason: snapshotReasons.TaskDeadlineExceeded,
    message: `Task ${status?.request?.taskUid ?? ''} was still enqueued at the end of deadlines.task (${spec.deadlines.task}), and could not be cancelled, so it may still run: ${why}`,
  })
}
