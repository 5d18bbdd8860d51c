// The ladder of a MeiliSnapshot: the first rung that has something to say decides. Pure.
// Read it as the life of one object; behind each rung stands what it makes sure of. A rung's folder is that of its subject (see the imports), not always of the stage that asks it.
import type { MeiliSnapshotStatus } from '../../api/snapshot.ts'
import type { Decision } from '../../reconcile/decision.ts'
import { firstOf } from '../../reconcile/rung.ts'
import { isRequested } from './status/attempt.ts'
import { isBooting } from './status/booting.ts'
import { claimMissing, claimUnusable } from './before/claim.ts'
import { beingDeleted, alreadyFinished } from './after/deletion.ts'
import { bootMissing, bootRunning } from './after/boot/boot.ts'
import { bootFinished, pastBootDeadline } from './after/boot/ended.ts'
import { pastExpiry } from './after/expiry.ts'
import { moverFinished, pastMoveDeadline } from './move/move-ended.ts'
import { moverMissing, moverRunning, moverWaiting, targetMoving } from './move/move.ts'
import { moverInLine } from './move/queued.ts'
import type { SnapshotObservation } from './observation.ts'
import { pauses } from './status/pauses.ts'
import {
  databasesUnseen,
  destinationHoldsDatabase,
  finalizerMissing,
  instanceMissing,
  instanceRestoring,
  pastStartDeadline,
  behindAnother,
  targetNotReady,
} from './before/prerequisites.ts'
import {
  removeSourceFinished,
  removeSourceMissing,
  removeSourceOverdue,
  removeSourceRunning,
} from './after/remove-source.ts'
import { notRequested, requestRefused, taskUnknown } from './engine/request.ts'
import { spaceMissing } from './before/space.ts'
import { sourceUnusable } from './before/source.ts'
import { pinLeft, segmentsMissing, streamNotAllowed } from './move/stream.ts'
import { taskEnded } from './engine/task-ended.ts'
import { databaseReplaced } from './engine/task-seen.ts'
import { serverSilent, taskOverdue, taskPending } from './engine/task.ts'
import { decisionOf, unchanged } from './status/verdict.ts'
import type { Rung } from './status/verdict.ts'

/** In this order: no pin stays beside a file, a deletion is never judged, an end is never judged again. */
const everyStage: readonly Rung[] = [
  pinLeft, // no pin is left beside Meilisearch's file
  beingDeleted, // what runs for a deleted object has ended, and what it wants removed is gone
  pastExpiry, // past expiresAfter its files go, once announced, and a tombstone stays
  alreadyFinished, // a finished record stays as it is
]

/** Until POST /snapshots is on record. What can never work stands above the deadline, what may come below it; whoever waits in the queue has not asked for space, nor for a finalizer. */
const beforeRequest: readonly Rung[] = [
  destinationHoldsDatabase, // nothing is ever stored beside a database
  streamNotAllowed, // a file that no mover can mount may be sent
  sourceUnusable, // a mover can read the file, and remove it where it is to
  instanceRestoring, // no snapshot is taken of a server whose data is being replaced
  pastStartDeadline, // it does not wait for ever
  instanceMissing, // there is a server
  targetNotReady, // it answers, and its volumes are known
  databasesUnseen, // every server's database is known
  claimMissing, // the destination exists
  claimUnusable, // and can be written
  behindAnother, // one snapshot of a server at a time, in order
  spaceMissing, // the file will fit
  finalizerMissing, // a deletion waits until what was begun has ended
  notRequested, // asked for exactly once, above a baseline
]

/** Until Meilisearch has ended the task. Only a server that answers, with the same database, is judged by its tasks; a refusal stands before a lost reply. */
const inEngine: readonly Rung[] = [
  serverSilent, // silence is waited out, within the deadline
  databaseReplaced, // no task of another database serves
  requestRefused, // a refused request is repeated, not looked for
  taskUnknown, // a lost reply is looked for before anything is repeated
  taskOverdue, // our own task that never began is cancelled, nobody else's
  taskPending, // status follows the task
  taskEnded, // success leads to the move, failure is said in Meilisearch's words
]

/** From then on only the mover matters. What it has stored counts before the deadline, and the deadline before another try. */
const moving: readonly Rung[] = [
  moverInLine, // who waits for its turn is not judged by what was not looked at
  moverFinished, // what the mover says is believed: stored, tried again, or failed
  pastMoveDeadline, // no mover runs past the deadline
  targetMoving, // the server's volume is never held against the server
  moverMissing, // a mover runs, in its turn, on the right node
  moverWaiting, // why it cannot start is said
  segmentsMissing, // one that waits for bytes gets them
  moverRunning, // status follows the copy
]

/** Stored, and to be proved by the engine itself. Whatever comes of it, the files stay. */
const booting: readonly Rung[] = [
  bootFinished, // what the server served is believed: proved, tried again, failed, or not conclusive
  pastBootDeadline, // no server runs on a copy past its deadline
  bootMissing, // a server is started on a copy, cut off from all else
  bootRunning, // why it takes its time is said
]

/** Stored: only Meilisearch's own file is left to be removed, which can end in no failure. */
const removingSource: readonly Rung[] = [
  removeSourceFinished, // how it ended is on record
  removeSourceOverdue, // the snapshot completes at the deadline all the same
  removeSourceMissing, // a Job removes it, if no database is in reach of that
  removeSourceRunning, // why it takes its time is said
]

function stage({ snapshot }: SnapshotObservation): readonly Rung[] {
  if (!isRequested(snapshot)) return beforeRequest
  if (snapshot.status?.artifact !== undefined) return isBooting(snapshot.status) ? booting : removingSource
  return snapshot.status?.task?.status === 'succeeded' ? moving : inEngine
}

export function decideSnapshot(observation: SnapshotObservation, nowMs: number): Decision<MeiliSnapshotStatus> {
  const verdict = firstOf([...everyStage, ...stage(observation)])(observation, nowMs)
  return decisionOf(verdict ?? unchanged({ againMs: pauses.unforeseenMs }), observation.snapshot, nowMs)
}
