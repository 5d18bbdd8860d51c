// What the answer to an effect adds to a snapshot's status, in the same pass. Pure.
import { snapshotReasons } from '../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../api/snapshot.ts'
import type { Fact } from '../reconcile/decision.ts'
import { isRequested } from './attempt.ts'
import { cleanupRefused } from './cleanup.ts'
import { inProgress } from './status.ts'

export function learnFact(snapshot: MeiliSnapshot, fact: Fact, nowMs: number): MeiliSnapshotStatus {
  const status = snapshot.status ?? {}
  const { request } = status
  switch (fact.kind) {
    case 'TaskEnqueued': {
      if (request === undefined) return status
      const { refused: _, missingSince: __, ...kept } = request
      const changes = { request: { ...kept, taskUid: fact.taskUid, adoptedAt: new Date(nowMs).toISOString() } }
      return inProgress(snapshot, { phase: 'Snapshotting', reason: snapshotReasons.TaskEnqueued, message: `Task ${fact.taskUid} is enqueued.`, changes }, nowMs)
    }
    case 'CancelAccepted':
      return request === undefined ? status : { ...status, request: { ...request, cancelTaskUid: fact.taskUid } }
    case 'Refused':
      return refused(snapshot, fact, nowMs)
  }
}

function refused(snapshot: MeiliSnapshot, { effect, message }: Fact & { kind: 'Refused' }, nowMs: number): MeiliSnapshotStatus {
  const { request } = snapshot.status ?? {}
  switch (effect) {
    case 'RequestSnapshot': {
      if (request === undefined) return snapshot.status ?? {}
      const reason = /\b40[13]\b|^Secret /.test(message) ? snapshotReasons.Unauthorized : snapshotReasons.RequestRefused
      const said = `${message} The key needs snapshots.create for indexes ["*"]. Asked again every 30 s.`
      return inProgress(snapshot, { phase: 'Pending', reason, message: reason === snapshotReasons.Unauthorized ? said : `${message} Asked again every 30 s.`, changes: { request: { ...request, refused: message.slice(0, 2000) }, waitingFor: message.slice(0, 500) } }, nowMs)
    }
    case 'CreateJob':
      return jobRefused(snapshot, message, nowMs)
    case 'CreateClaim':
      return inProgress(snapshot, { phase: 'Pending', reason: snapshotReasons.ClaimNotReady, message: `The claim could not be created: ${message}`, changes: { waitingFor: message.slice(0, 500) } }, nowMs)
    default:
      return snapshot.status ?? {}
  }
}

/** Quota, Pod Security, a webhook; or the namespace is being deleted, where nothing can be created any more. */
function jobRefused(snapshot: MeiliSnapshot, message: string, nowMs: number): MeiliSnapshotStatus {
  const { metadata, status = {} } = snapshot
  if (metadata.deletionTimestamp !== undefined) return status.cleanup === undefined ? status : { ...status, cleanup: cleanupRefused(snapshot, status.cleanup, message) }
  const phase = isRequested(snapshot) ? 'Moving' : 'Pending'
  const stored = status.artifact === undefined ? '' : 'The snapshot is stored. '
  const deadline = isRequested(snapshot) ? 'deadlines.move' : 'deadlines.start'
  return inProgress(snapshot, { phase, reason: snapshotReasons.MoverRefused, message: `${stored}${message} Tried again until ${deadline} ends.`, changes: { waitingFor: message } }, nowMs)
}
