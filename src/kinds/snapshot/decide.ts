// The ladder of a MeiliSnapshot, top rung first: the first rung that has something to say decides. Pure.
// Read it as the story of one object; each stage has its own file.
import type { MeiliSnapshotStatus } from '../../api/snapshot.ts'
import type { Decision } from '../../reconcile/decision.ts'
import { isRequested } from './status/attempt.ts'
import { beingDeleted, finished } from './after/ending.ts'
import { moverFinished, pastMoveDeadline } from './move/move-ended.ts'
import { moverMissing, moverRunning, moverWaiting, targetMoving } from './move/move.ts'
import type { SnapshotObservation } from './observation.ts'
import {
  claimMissing,
  claimUnusable,
  databasesUnseen,
  destinationHoldsDatabase,
  finalizerMissing,
  instanceMissing,
  pastStartDeadline,
  queued,
  sourceUnusable,
  targetNotReady,
} from './before/prerequisites.ts'
import { releaseFinished, releaseMissing, releaseOverdue, releaseRunning } from './after/release.ts'
import { notRequested, requestRefused, taskUnknown } from './engine/request.ts'
import { roomMissing } from './before/room.ts'
import { pinLeft, segmentsMissing, streamNotAllowed } from './move/stream.ts'
import { databaseReplaced, serverSilent, taskEnded, taskOverdue, taskPending } from './engine/task.ts'

/** Decides, or leaves it to the next rung. */
export type Rung = (observation: SnapshotObservation, nowMs: number) => Decision<MeiliSnapshotStatus> | undefined

const everyStage: readonly Rung[] = [pinLeft, beingDeleted, finished]

/** Until POST /snapshots is on record. */
const beforeRequest: readonly Rung[] = [
  destinationHoldsDatabase,
  streamNotAllowed,
  sourceUnusable,
  pastStartDeadline,
  instanceMissing,
  targetNotReady,
  databasesUnseen,
  claimMissing,
  claimUnusable,
  queued,
  roomMissing,
  finalizerMissing,
  notRequested,
]

/** Until Meilisearch has ended the task. */
const inEngine: readonly Rung[] = [
  serverSilent,
  databaseReplaced,
  requestRefused,
  taskUnknown,
  taskOverdue,
  taskPending,
  taskEnded,
]

/** From then on only the mover matters. */
const moving: readonly Rung[] = [
  moverFinished,
  pastMoveDeadline,
  targetMoving,
  moverMissing,
  moverWaiting,
  segmentsMissing,
  moverRunning,
]

/** Stored: only Meilisearch's own file is left to be removed. */
const releasing: readonly Rung[] = [releaseFinished, releaseOverdue, releaseMissing, releaseRunning]

function stage({ snapshot }: SnapshotObservation): readonly Rung[] {
  if (!isRequested(snapshot)) return beforeRequest
  if (snapshot.status?.artifact !== undefined) return releasing
  return snapshot.status?.task?.status === 'succeeded' ? moving : inEngine
}

/** What no rung foresaw is looked at again: nothing waits in silence for ever. */
const unforeseenMs = 10_000

export function decideSnapshot(observation: SnapshotObservation, nowMs: number): Decision<MeiliSnapshotStatus> {
  for (const rung of [...everyStage, ...stage(observation)]) {
    const decision = rung(observation, nowMs)
    if (decision !== undefined) return decision
  }
  return { status: observation.snapshot.status ?? {}, effects: [], requeueAfterMs: unforeseenMs }
}
