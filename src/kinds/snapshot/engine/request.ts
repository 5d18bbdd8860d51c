// The rungs around POST /snapshots, which has no idempotency key and must be sent exactly once. Pure.
// Each POST is fenced by a status write that counts it; only the pass that won this write sends it.
import { durationMs } from '../../../api/meta.ts'
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { SnapshotRequest } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import { serverOf } from '../../../reconcile/server-reference.ts'
import { attemptStartedMs } from '../status/deadline.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { taskOf } from './task-seen.ts'
import { anew, failed, step, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

/** After a lost reply: the server may be asked again when this has passed without a sign of the task since the first answer. A pass that meets silence begins the count anew (forgetMissing in task.ts). */
const lostReplyMs = 30_000

/**
 * Counts a POST on record, then sends it. The next pass, or the next operator, sees the count before it could send another.
 * What was known of the POST before it (refused, missing) says nothing of this one, and is gone.
 */
function post(
  { snapshot, instance, target }: SnapshotObservation,
  { attempt, baseline, posts, startedAt: since, failure, refused }: SnapshotRequest,
  nowMs: number,
): Verdict | undefined {
  const server = instance === undefined || target === undefined ? undefined : serverOf(instance, target)
  if (server === undefined) return undefined
  const request = {
    attempt,
    baseline,
    posts: posts + 1,
    postedAt: new Date(nowMs).toISOString(),
    startedAt: since,
    failure,
  }
  return step({
    phase: 'Snapshotting',
    reason: snapshotReasons.Requesting,
    message: 'Asking Meilisearch for a snapshot (POST /snapshots).',
    changes: { request, startedAt: snapshot.status?.startedAt ?? instant(nowMs), waitingFor: refused },
    effects: [{ kind: 'RequestSnapshot', server }],
    keepsRefusal: refused !== undefined,
    againMs: pauses.nextMs,
  })
}

/** The baseline says which tasks are older than the request: none of them serves. */
export function notRequested(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, engine } = observation
  if (engine.state !== 'Answered') return undefined
  const before = snapshot.status?.request ?? { attempt: 1, posts: 0 }
  const running = engine.candidates.find(({ status }) => status === 'enqueued' || status === 'processing')
  if (running === undefined) return post(observation, { ...before, baseline: engine.newest }, nowMs)
  const message = `Another snapshot is asked for when task ${running.uid}, which Meilisearch works on, has ended.`
  return step({
    phase: 'Pending',
    reason: snapshotReasons.NewAttempt,
    message,
    changes: { waitingFor: message },
    againMs: pauses.changeMs,
  })
}

/** A request without a task is still at the start. */
function pastStart({ snapshot }: SnapshotObservation, nowMs: number): boolean {
  return nowMs - attemptStartedMs(snapshot, nowMs) > durationMs(snapshot.spec.deadlines.start)
}

/** The server refused, so it made no task: a new POST, after a while. */
export function requestRefused(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot } = observation
  const { request, task } = snapshot.status ?? {}
  if (request?.refused === undefined || (request.taskUid ?? task?.uid ?? taskOf(observation)) !== undefined)
    return undefined
  if (pastStart(observation, nowMs))
    return failed({
      reason: snapshotReasons.RequestRefused,
      message: `No request for a snapshot was accepted within deadlines.start (${snapshot.spec.deadlines.start}), tried ${request.posts} times. Last: ${request.refused}`,
    })
  const againMs = Date.parse(request.postedAt ?? instant(nowMs)) + pauses.requestRefusedMs - nowMs
  return againMs > 0 ? unchanged({ againMs }) : post(observation, request, nowMs)
}

/** A request without a task. Its reply was lost, or this is the pass right after a crash: look for it, wait, then ask again. */
export function taskUnknown(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot } = observation
  const request = snapshot.status?.request
  if (request === undefined || taskOf(observation) !== undefined) return undefined
  const known = request.taskUid ?? snapshot.status?.task?.uid
  const missingSince = request.missingSince ?? new Date(nowMs).toISOString()
  if (known === undefined && pastStart(observation, nowMs))
    return failed({
      reason: snapshotReasons.StartDeadlineExceeded,
      message: `POST /snapshots was sent up to ${request.posts} times without a reply within deadlines.start (${snapshot.spec.deadlines.start}), and Meilisearch shows no task that could serve. A request that is still on its way could make one.`,
    })
  if (nowMs - Date.parse(missingSince) >= lostReplyMs)
    return known === undefined ? post(observation, request, nowMs) : taskLost(known)
  return step({
    phase: 'Snapshotting',
    reason: snapshotReasons.Requesting,
    message:
      known === undefined
        ? 'No reply to POST /snapshots is on record. Looking for its task before asking again.'
        : `Meilisearch does not show task ${known}. Looking for it before another snapshot is asked for.`,
    changes: { request: { ...request, missingSince, silentSince: undefined } },
    againMs: pauses.answerMs,
  })
}

const taskLost = (uid: number): Verdict =>
  anew({
    reason: snapshotReasons.TaskLost,
    message: `Meilisearch no longer knows task ${uid}: its record was deleted, or the database is another one, and nothing says how it ended.`,
  })
