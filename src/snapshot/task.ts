// The rungs while Meilisearch works: its task is reflected, watched over, and judged. Pure.
import { snapshotReasons } from '../api/snapshot.ts'
import type { MeiliSnapshotStatus, SnapshotTask } from '../api/snapshot.ts'
import type { Decision, Effect } from '../reconcile/decision.ts'
import { serverOf } from '../reconcile/server.ts'
import { askAgain } from './attempt.ts'
import { deadlineText, taskDeadlineMs } from './deadline.ts'
import { taskEstimate } from './estimate.ts'
import { startMove } from './move.ts'
import type { EngineAnswer, RunningBatch, SnapshotObservation } from './observation.ts'
import { failed, inProgress } from './status.ts'
import type { Changes } from './status.ts'

type Outcome = Decision<MeiliSnapshotStatus> | undefined

/** The task that serves this object: the one on record, else the lowest above the baseline that may still succeed, whoever asked for it. */
export function taskOf({ snapshot, engine }: SnapshotObservation): SnapshotTask | undefined {
  if (engine.state !== 'Answered') return undefined
  const { request, task } = snapshot.status ?? {}
  const known = task?.uid ?? request?.taskUid
  const recorded = engine.candidates.find(({ uid }) => uid === known)
  if ((recorded !== undefined && mayServe(recorded)) || request?.cancelTaskUid !== undefined) return recorded
  return engine.candidates.find(mayServe) ?? recorded
}

const mayServe = ({ status }: SnapshotTask): boolean => status !== 'failed' && status !== 'canceled'

/** Often at first, then ever more seldom: 250 ms to 10 s. */
function pollMs({ snapshot }: SnapshotObservation, nowMs: number): number {
  const since = snapshot.status?.request?.adoptedAt ?? snapshot.status?.request?.postedAt
  const elapsedMs = since === undefined ? 0 : nowMs - Date.parse(since)
  return Math.min(10_000, Math.max(250, elapsedMs / 10))
}

/** No word from the server: it may be restarting, and runs the task again by itself. */
export function serverSilent(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, engine, instance } = observation
  if (engine.state === 'Answered') return undefined
  const why = engine.state === 'NotAsked' ? `The pod of MeiliInstance ${instance?.metadata.name ?? snapshot.spec.source.instanceRef.name} is not there.` : engine.message
  const untilMs = taskDeadlineMs(snapshot, nowMs)
  if (nowMs > untilMs) {
    const task = snapshot.status?.task?.uid ?? snapshot.status?.request?.taskUid
    const message = `No word from the server by the end of deadlines.task (${snapshot.spec.deadlines.task}): ${why} ${task === undefined ? 'A snapshot' : `Task ${task}`} may still run there.`
    return { status: failed(snapshot, { reason: snapshotReasons.TargetLost, message }, nowMs), effects: [] }
  }
  const reason = engine.state === 'Unauthorized' ? snapshotReasons.Unauthorized : snapshotReasons.TargetNotReady
  const message = `${why} It goes on by itself when the server is back, until ${deadlineText(untilMs)}.`
  return { status: inProgress(snapshot, { phase: 'Snapshotting', reason, message, changes: { waitingFor: why.slice(0, 500) } }, nowMs), effects: [], requeueAfterMs: Math.min(10_000, Math.max(1000, pollMs(observation, nowMs))) }
}

/** Uids start again with another database: then no task of it is ours, whatever its number. */
export function databaseReplaced({ snapshot, engine }: SnapshotObservation, nowMs: number): Outcome {
  const baseline = snapshot.status?.request?.baseline
  if (engine.state !== 'Answered' || baseline === undefined || !isReplaced(engine, baseline)) return undefined
  const message = `The database is another one than the snapshot was asked of: task ${baseline.uid} of ${baseline.enqueuedAt} is not in it.`
  return askAgain(snapshot, { reason: snapshotReasons.DatabaseReplaced, message }, nowMs)
}

function isReplaced(engine: EngineAnswer, baseline: { uid: number; enqueuedAt: string }): boolean {
  if ((engine.newest?.uid ?? -1) < baseline.uid) return true
  if (engine.baseline !== undefined && engine.baseline.enqueuedAt !== baseline.enqueuedAt) return true
  return engine.candidates.some(({ enqueuedAt }) => Date.parse(enqueuedAt) < Date.parse(baseline.enqueuedAt))
}

/** Past deadlines.task. Enqueued and ours: cancel once, and see it confirmed. Enqueued and somebody else's: let go. Processing: it cannot be stopped. */
export function taskOverdue(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, instance, target } = observation
  const task = taskOf(observation)
  const request = snapshot.status?.request
  if (task?.status !== 'enqueued' || request === undefined || nowMs <= taskDeadlineMs(snapshot, nowMs)) return undefined
  const limit = `Task ${task.uid} was still enqueued at the end of deadlines.task (${snapshot.spec.deadlines.task})`
  if (request.taskUid !== task.uid || observation.adoptedByOthers.includes(task.uid)) {
    return { status: failed(snapshot, { reason: snapshotReasons.TaskDeadlineExceeded, message: `${limit}. Somebody else counts on it, so it was left alone and may still run.` }, nowMs), effects: [] }
  }
  if (request.cancelTaskUid !== undefined) {
    return { status: failed(snapshot, { reason: snapshotReasons.TaskDeadlineExceeded, message: `${limit}, and was cancelled.`, changes: { task } }, nowMs), effects: [] }
  }
  const server = instance === undefined || target === undefined ? undefined : serverOf(instance, target)
  const effects: Effect[] = server === undefined ? [] : [{ kind: 'CancelTask', server, taskUid: task.uid }]
  return { status: inProgress(snapshot, { phase: 'Snapshotting', reason: snapshotReasons.TaskEnqueued, message: `${limit}; it is being cancelled.`, overdue: limit, changes: { task } }, nowMs), effects, requeueAfterMs: 1000 }
}

function batchText({ uid, types, percent }: RunningBatch): string {
  return `batch ${uid} (${types}${percent === undefined ? '' : `, ${Math.round(percent)} %`})`
}

/** Rung 9: reflect it, with what it waits for or how far it is. */
export function taskPending(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, engine } = observation
  const task = taskOf(observation)
  if (engine.state !== 'Answered' || task === undefined) return undefined
  if (task.status !== 'enqueued' && task.status !== 'processing') return undefined
  const { running } = engine
  const step = task.status === 'enqueued' ? enqueued(task, running) : processing(task, running, taskEstimate(snapshot, observation.earlier, nowMs))
  const untilMs = taskDeadlineMs(snapshot, nowMs)
  const overdue = nowMs > untilMs ? `Task ${task.uid} runs on past deadlines.task (${snapshot.spec.deadlines.task}): Meilisearch does not cancel a snapshot that it is working on.` : undefined
  return {
    status: inProgress(snapshot, { phase: 'Snapshotting', ...step, overdue, changes: { ...step.changes, ...adopted(observation, task, nowMs) } }, nowMs),
    effects: [],
    requeueAfterMs: pollMs(observation, nowMs),
  }
}

type Seen = { reason: 'TaskEnqueued' | 'TaskProcessing'; message: string; changes: Changes }

function enqueued(task: SnapshotTask, running: RunningBatch | undefined): Seen {
  const waitingFor = running === undefined ? undefined : batchText(running)
  const message = waitingFor === undefined ? `Task ${task.uid} is enqueued.` : `Task ${task.uid} waits for ${waitingFor}: Meilisearch runs one batch at a time.`
  return { reason: snapshotReasons.TaskEnqueued, message, changes: { waitingFor, progress: { step: 'enqueued' } } }
}

function processing(task: SnapshotTask, running: RunningBatch | undefined, estimatedCompletion: string | undefined): Seen {
  const ours = running?.uid === task.batchUid ? running : undefined
  const step = ours?.step ?? 'processing'
  const percent = ours?.percent === undefined ? {} : { percent: Math.floor(ours.percent), percentText: `${Math.floor(ours.percent)} %` }
  return { reason: snapshotReasons.TaskProcessing, message: `Meilisearch makes the snapshot: ${step}.`, changes: { progress: { step, ...percent, estimatedCompletion } } }
}

function adopted({ snapshot }: SnapshotObservation, task: SnapshotTask, nowMs: number): Changes {
  const request = snapshot.status?.request
  if (request === undefined) return { task }
  const { missingSince: _, refused: __, ...kept } = request
  return { task, request: { ...kept, adoptedAt: request.adoptedAt ?? new Date(nowMs).toISOString() } }
}

/** Rung 10. */
export function taskEnded(observation: SnapshotObservation, nowMs: number): Outcome {
  const task = taskOf(observation)
  if (task === undefined) return undefined
  if (task.status === 'succeeded') return startMove(observation, adopted(observation, task, nowMs), nowMs)
  const changes = { task }
  if (task.status === 'canceled') {
    const late = observation.snapshot.status?.request?.cancelTaskUid !== undefined
    if (!late) return askAgain(observation.snapshot, { reason: snapshotReasons.SnapshotTaskCanceled, message: `Task ${task.uid} was cancelled by somebody.` }, nowMs)
    return { status: failed(observation.snapshot, { reason: snapshotReasons.TaskDeadlineExceeded, message: `Task ${task.uid} was cancelled at the end of deadlines.task.`, changes }, nowMs), effects: [] }
  }
  const { code = 'unknown', message = '' } = task.error ?? {}
  return { status: failed(observation.snapshot, { reason: snapshotReasons.SnapshotTaskFailed, message: `Task ${task.uid} failed: ${code}. ${message} ${diskHint(`${code} ${message}`)}`.trim(), changes }, nowMs), effects: [] }
}

/** The engine does not say which disk. It needs two: a full copy of the database in TMPDIR, and the archive beside the old one. */
function diskHint(text: string): string {
  if (/no_space_left_on_device|os error 28/.test(text)) {
    return 'Meilisearch stages a full copy of the database in TMPDIR (else /tmp), then writes the archive beside the old one in the snapshot directory: one of the two is full. Give it more room, or set TMPDIR to a volume.'
  }
  if (/os error 30/.test(text)) return 'The snapshot directory or TMPDIR is read-only.'
  return /os error 2\b/.test(text) ? 'TMPDIR, or the snapshot directory, does not exist.' : ''
}
