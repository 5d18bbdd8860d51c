// What several rungs do alike: wait for something that comes by itself, and end Jobs. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { durationMs } from '../../../api/meta.ts'
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshotStatus, SnapshotReason } from '../../../api/snapshot.ts'
import { instant } from '../../../api/conditions.ts'
import type { Decision, Effect } from '../../../reconcile/decision.ts'
import { sweepJob } from './commands/cleanup.ts'
import { databaseOnDestination, whereabouts } from './databases.ts'
import { deadlineText, attemptStartedMs } from '../status/deadline.ts'
import type { SnapshotObservation } from '../observation.ts'
import { sentence } from '../status/sentence.ts'
import { inProgress } from '../status/status.ts'
import type { Changes } from '../status/status.ts'

const slowestMs = 15_000

export interface Wait {
  readonly reason: SnapshotReason
  readonly message: string
  readonly effects?: readonly Effect[]
  readonly changes?: Changes
}

/** Nothing is lost by waiting: asked again soon at first, then more seldom. The end of the one in front wakes the queue; deadlines.start runs from then. */
export function pending(
  { snapshot }: SnapshotObservation,
  nowMs: number,
  { reason, message, effects = [], changes = {} }: Wait,
): Decision<MeiliSnapshotStatus> {
  const queued = reason === snapshotReasons.Queued
  const startedAt = queued ? undefined : (snapshot.status?.startedAt ?? instant(nowMs))
  const until = queued
    ? ''
    : ` It goes on by itself, until ${deadlineText(attemptStartedMs(snapshot, nowMs) + durationMs(snapshot.spec.deadlines.start))}.`
  return {
    status: inProgress(
      snapshot,
      {
        phase: 'Pending',
        reason,
        message: `${sentence(message)}${until}`,
        changes: { ...changes, startedAt, waitingFor: sentence(message) },
      },
      nowMs,
    ),
    effects,
    requeueAfterMs: queued
      ? slowestMs
      : Math.min(slowestMs, Math.max(1000, (nowMs - attemptStartedMs(snapshot, nowMs)) / 4)),
  }
}

/** What a mover that was killed has left goes once no other mover comes and takes it away. Nobody waits for that, so the message names it. */
export function swept(observation: SnapshotObservation): {
  readonly effects: readonly Effect[]
  readonly note: string
} {
  const database = databaseOnDestination(observation)
  if (database !== undefined) return { effects: [], note: ` What was left of it stays: ${whereabouts(database)}` }
  const job = sweepJob(observation)
  return {
    effects: [{ kind: 'CreateJob', job }],
    note: ` Job ${job.metadata?.name ?? ''} removes what was left of it on claim ${observation.snapshot.spec.destination.claim.name}.`,
  }
}

/** Foreground deletion, once for each Job that is not going away yet. */
export function deletions(jobs: readonly V1Job[]): Effect[] {
  return jobs
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata }) => ({ kind: 'DeleteJob', name: metadata?.name ?? '', uid: metadata?.uid ?? '' }))
}
