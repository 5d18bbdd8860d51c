// Exactly once: the rungs around POST /snapshots, which has no idempotency key. Pure.
// Each POST is fenced by a status write that counts it; only the pass that won this write sends it.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotRequest } from '../../../api/snapshot.ts'
import { conditionNamed, instant } from '../../../api/conditions.ts'
import type { Decision } from '../../../reconcile/decision.ts'
import { serverOf } from '../../../reconcile/server-reference.ts'
import { conditionTypes, durationMs } from '../../../api/meta.ts'
import { askAgain } from '../status/attempt.ts'
import { attemptStartedMs } from '../status/deadline.ts'
import type { SnapshotObservation } from '../observation.ts'
import { failed, inProgress } from '../status/status.ts'
import type { Step } from '../status/status.ts'
import { taskOf } from './task.ts'

type Outcome = Decision<MeiliSnapshotStatus> | undefined

/** After a lost reply: only when the server has answered for this long without the task may it be asked again. */
const lostReplyMs = 30_000

/** How long to wait with a request that was refused: a Secret may be put right. */
const refusedAgainMs = 30_000

const requesting = {
  phase: 'Snapshotting',
  reason: snapshotReasons.Requesting,
  message: 'Asking Meilisearch for a snapshot (POST /snapshots).',
} as const

/**
 * Counts a POST on record, then sends it. The next pass, or the next operator, sees the count before it could send another.
 * What was known of the POST before it (refused, missing) says nothing of this one, and is gone.
 */
function post(
  observation: SnapshotObservation,
  { attempt, baseline, posts, startedAt: since, failure, refused }: SnapshotRequest,
  nowMs: number,
): Outcome {
  const { snapshot, instance, target } = observation
  const server = instance === undefined || target === undefined ? undefined : serverOf(instance, target)
  if (server === undefined) return undefined
  const counted = {
    attempt,
    baseline,
    posts: posts + 1,
    postedAt: new Date(nowMs).toISOString(),
    startedAt: since,
    failure,
  }
  const startedAt = snapshot.status?.startedAt ?? instant(nowMs)
  const changes = { request: counted, startedAt, waitingFor: refused }
  return {
    status: inProgress(
      snapshot,
      { ...((refused === undefined ? undefined : sameRefusal(snapshot)) ?? requesting), changes },
      nowMs,
    ),
    effects: [{ kind: 'RequestSnapshot', server }],
    requeueAfterMs: 250,
  }
}

/** Until there is another answer status says what it said: else each try would tell the same story anew. */
function sameRefusal({ status }: MeiliSnapshot): Omit<Step, 'changes'> | undefined {
  const { reason, message } = conditionNamed(status?.conditions, conditionTypes.Ready) ?? { message: '' }
  return reason === snapshotReasons.RequestRefused || reason === snapshotReasons.Unauthorized
    ? { phase: 'Pending', reason, message }
    : undefined
}

/** Rung 7. The baseline says which tasks are older than the wish: none of them serves. */
export function notRequested(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, engine } = observation
  if (engine.state !== 'Answered') return undefined
  const before = snapshot.status?.request ?? { attempt: 1, posts: 0 }
  const running = engine.candidates.find(({ status }) => status === 'enqueued' || status === 'processing')
  if (running === undefined) return post(observation, { ...before, baseline: engine.newest }, nowMs)
  const message = `Another snapshot is asked for when task ${running.uid}, which Meilisearch works on, has ended.`
  return {
    status: inProgress(
      snapshot,
      { phase: 'Pending', reason: snapshotReasons.NewAttempt, message, changes: { waitingFor: message } },
      nowMs,
    ),
    effects: [],
    requeueAfterMs: 2000,
  }
}

/** A request without a task is still at the start. */
function pastStart({ snapshot }: SnapshotObservation, nowMs: number): boolean {
  return nowMs - attemptStartedMs(snapshot, nowMs) > durationMs(snapshot.spec.deadlines.start)
}

/** The server refused, so it made no task: a new POST, after a while. */
export function requestRefused(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot } = observation
  const { request, task } = snapshot.status ?? {}
  if (request?.refused === undefined || (request.taskUid ?? task?.uid ?? taskOf(observation)) !== undefined)
    return undefined
  if (pastStart(observation, nowMs)) {
    const message = `No request for a snapshot was accepted within deadlines.start (${snapshot.spec.deadlines.start}), tried ${request.posts} times. Last: ${request.refused}`
    return { status: failed(snapshot, { reason: snapshotReasons.RequestRefused, message }, nowMs), effects: [] }
  }
  const waitMs = Date.parse(request.postedAt ?? instant(nowMs)) + refusedAgainMs - nowMs
  return waitMs > 0
    ? { status: snapshot.status ?? {}, effects: [], requeueAfterMs: waitMs }
    : post(observation, request, nowMs)
}

/** Rung 8: a request without a task. Its reply was lost, or this is the pass right after a crash: look for it, wait, then ask again. */
export function taskUnknown(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot } = observation
  const request = snapshot.status?.request
  if (request === undefined || taskOf(observation) !== undefined) return undefined
  const known = request.taskUid ?? snapshot.status?.task?.uid
  const missingSince = request.missingSince ?? new Date(nowMs).toISOString()
  const isGone = nowMs - Date.parse(missingSince) >= lostReplyMs
  if (known === undefined && pastStart(observation, nowMs)) {
    const message = `POST /snapshots was sent up to ${request.posts} times without a reply within deadlines.start (${snapshot.spec.deadlines.start}), and Meilisearch shows no task that could serve. A request that is still on its way could make one.`
    return { status: failed(snapshot, { reason: snapshotReasons.StartDeadlineExceeded, message }, nowMs), effects: [] }
  }
  if (isGone) return known === undefined ? post(observation, request, nowMs) : taskLost(snapshot, known, nowMs)
  const message =
    known === undefined
      ? 'No reply to POST /snapshots is on record. Looking for its task before asking again.'
      : `Meilisearch does not show task ${known}. Looking for it before another snapshot is asked for.`
  return {
    status: inProgress(
      snapshot,
      {
        phase: 'Snapshotting',
        reason: snapshotReasons.Requesting,
        message,
        changes: { request: { ...request, missingSince } },
      },
      nowMs,
    ),
    effects: [],
    requeueAfterMs: 1000,
  }
}

function taskLost(snapshot: MeiliSnapshot, uid: number, nowMs: number): Outcome {
  return askAgain(
    snapshot,
    {
      reason: snapshotReasons.TaskLost,
      message: `Meilisearch no longer knows task ${uid}: its record was deleted, or the database is another one, and nothing tells how it ended.`,
    },
    nowMs,
  )
}
