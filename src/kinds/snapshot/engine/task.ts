// The rungs while Meilisearch works: status follows the task, and deadlines are watched. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { SnapshotReason, SnapshotRequest, SnapshotTask } from '../../../api/snapshot.ts'
import { serverOf } from '../../../reconcile/server-reference.ts'
import { deadlineText, taskDeadlineMs } from '../status/deadline.ts'
import { taskEstimate } from '../status/estimate.ts'
import type { RunningBatch, SnapshotObservation } from '../observation.ts'
import { growing, pauses } from '../status/pauses.ts'
import { redact } from '../../../api/status/text.ts'
import { percentOf } from '../status/status.ts'
import type { Changes } from '../status/status.ts'
import { taskOf } from './task-seen.ts'
import { failed, step } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { whySilent } from '../job/silent.ts'

/** How long the task has been waited for. */
function waitedMs({ snapshot }: SnapshotObservation, nowMs: number): number {
  const since = snapshot.status?.request?.adoptedAt ?? snapshot.status?.request?.postedAt
  return since === undefined ? 0 : nowMs - Date.parse(since)
}

/** A task that runs may run past deadlines.task: then a server that restarts in the middle of it has this time to come back. */
const silenceMs = 600_000

/** No word from the server: it may be restarting, and runs the task again by itself. */
export function serverSilent(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, engine } = observation
  if (engine.state === 'Answered') return undefined
  const why = whySilent(observation)
  const request = stillSilent(snapshot.status?.request, nowMs)
  const backByMs =
    snapshot.status?.task?.status === 'processing' ? Date.parse(request?.silentSince ?? '') + silenceMs : 0
  const untilMs = Math.max(taskDeadlineMs(snapshot, nowMs), backByMs)
  if (nowMs > untilMs) {
    const task = snapshot.status?.task?.uid ?? snapshot.status?.request?.taskUid
    return failed({
      reason: engine.state === 'Unauthorized' ? snapshotReasons.Unauthorized : snapshotReasons.TargetLost,
      message: `No word of the snapshot by the end of deadlines.task (${snapshot.spec.deadlines.task}): ${why} ${task === undefined ? 'A snapshot' : `Task ${task}`} may still run there.`,
    })
  }
  return step({
    phase: 'Snapshotting',
    reason: silentReason(observation),
    message: `${why} It goes on by itself when the server is back, until ${deadlineText(untilMs)}.`,
    changes: { waitingFor: why, request },
    againMs: growing.silence(waitedMs(observation, nowMs)),
  })
}

function silentReason({ engine, instance }: SnapshotObservation): SnapshotReason {
  if (instance === undefined) return snapshotReasons.InstanceNotFound
  return engine.state === 'Unauthorized' ? snapshotReasons.Unauthorized : snapshotReasons.TargetNotReady
}

/** A request may lie in front of a silent server: the wait for a lost reply (taskUnknown in request.ts) begins anew with the next answer. Silence between two passes goes unseen, and counts. */
function stillSilent(request: SnapshotRequest | undefined, nowMs: number): SnapshotRequest | undefined {
  if (request === undefined) return undefined
  const { missingSince: _, ...kept } = request
  return { ...kept, silentSince: request.silentSince ?? instant(nowMs) }
}

/** Past deadlines.task. Enqueued and ours: cancel once, and see it confirmed. Enqueued and somebody else's: let go. Processing: it cannot be stopped. */
export function taskOverdue(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, instance, target } = observation
  const task = taskOf(observation)
  const request = snapshot.status?.request
  if (task?.status !== 'enqueued' || request === undefined || nowMs <= taskDeadlineMs(snapshot, nowMs)) return undefined
  const limit = `Task ${task.uid} was still enqueued at the end of deadlines.task (${snapshot.spec.deadlines.task})`
  const tooLate = (message: string): Verdict =>
    failed({ reason: snapshotReasons.TaskDeadlineExceeded, message, changes: { task } })
  const owner = otherOwner(observation, task, request)
  if (owner !== undefined) return tooLate(`${limit}. ${owner}, so it was left alone and may still run.`)
  if (request.cancelTaskUid !== undefined) return tooLate(`${limit}, and was cancelled.`)
  const server = instance === undefined || target === undefined ? undefined : serverOf(instance, target)
  return step({
    phase: 'Snapshotting',
    reason: snapshotReasons.TaskEnqueued,
    message: `${limit}; it is being cancelled.`,
    overdue: limit,
    changes: { task },
    effects: server === undefined ? [] : [{ kind: 'CancelTask', server, taskUid: task.uid }],
    againMs: pauses.answerMs,
  })
}

/** A task is cancelled only where our own reply named it, and nobody else has it on record. */
function otherOwner(
  { adoptedByOthers }: SnapshotObservation,
  { uid }: SnapshotTask,
  { taskUid }: SnapshotRequest,
): string | undefined {
  if (adoptedByOthers.includes(uid)) return 'Another MeiliSnapshot waits for it'
  return taskUid === uid ? undefined : "It may be somebody else's: no reply to POST /snapshots named it"
}

function batchText({ uid, types, percent }: RunningBatch): string {
  return `batch ${uid} (${types}${percent === undefined ? '' : `, ${Math.round(percent)} %`})`
}

/** Status follows the task, with what it waits for or how far it is. */
export function taskPending(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, engine } = observation
  const task = taskOf(observation)
  if (engine.state !== 'Answered' || task === undefined) return undefined
  if (task.status !== 'enqueued' && task.status !== 'processing') return undefined
  const seen =
    task.status === 'enqueued'
      ? waitInQueue(task, engine.running)
      : followTask(task, engine.running, taskEstimate(snapshot, observation.earlier, nowMs))
  const overdue =
    nowMs > taskDeadlineMs(snapshot, nowMs)
      ? `Task ${task.uid} runs on past deadlines.task (${snapshot.spec.deadlines.task}): Meilisearch does not cancel a snapshot that it is working on.`
      : undefined
  return step({
    phase: 'Snapshotting',
    ...seen,
    overdue,
    changes: { ...seen.changes, ...adoptTask(observation, task, nowMs) },
    againMs: growing.task(waitedMs(observation, nowMs)),
  })
}

type Seen = { reason: 'TaskEnqueued' | 'TaskProcessing'; message: string; changes: Changes }

function waitInQueue(task: SnapshotTask, running: RunningBatch | undefined): Seen {
  const waitingFor = running === undefined ? undefined : batchText(running)
  const message =
    waitingFor === undefined
      ? `Task ${task.uid} is enqueued.`
      : `Task ${task.uid} waits for ${waitingFor}: Meilisearch runs one batch at a time.`
  return { reason: snapshotReasons.TaskEnqueued, message, changes: { waitingFor, progress: { step: 'enqueued' } } }
}

function followTask(
  task: SnapshotTask,
  running: RunningBatch | undefined,
  estimatedCompletion: string | undefined,
): Seen {
  const ours = running?.uid === task.batchUid ? running : undefined
  // The step is the name of an index at times, and longer than status may hold.
  const named = redact(ours?.step ?? 'processing', 128)
  const percent = ours?.percent === undefined ? {} : percentOf(ours.percent)
  return {
    reason: snapshotReasons.TaskProcessing,
    message: `Meilisearch makes the snapshot: ${named}.`,
    changes: { progress: { step: named, ...percent, estimatedCompletion } },
  }
}

/** On record with the time from which deadlines.task counts; what was wrong with its request is forgotten. */
export function adoptTask({ snapshot }: SnapshotObservation, task: SnapshotTask, nowMs: number): Changes {
  const request = snapshot.status?.request
  if (request === undefined) return { task }
  const { missingSince: _, silentSince: __, refused: ___, ...kept } = request
  return { task, request: { ...kept, adoptedAt: request.adoptedAt ?? new Date(nowMs).toISOString() } }
}
