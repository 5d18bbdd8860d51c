// The rungs while Meilisearch works: its task is reflected, watched over, and judged. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshotStatus, SnapshotReason, SnapshotRequest, SnapshotTask } from '../../../api/snapshot.ts'
import type { Decision, Effect } from '../../../reconcile/decision.ts'
import { serverOf } from '../../../reconcile/server-reference.ts'
import { askAgain } from '../status/attempt.ts'
import { deadlineText, taskDeadlineMs } from '../status/deadline.ts'
import { taskEstimate } from '../status/estimate.ts'
import { startMove } from '../move/move.ts'
import type { EngineAnswer, RunningBatch, SnapshotObservation, TaskName } from '../observation.ts'
import { sentence, told } from '../status/sentence.ts'
import { failed, inProgress, percentOf } from '../status/status.ts'
import type { Changes } from '../status/status.ts'
import { whySilent } from '../job/waiting.ts'

type Outcome = Decision<MeiliSnapshotStatus> | undefined

/** The task that serves this object: the one on record, else the lowest that may still succeed, whoever asked for it. At or below the baseline none does: it is older than the wish. */
export function taskOf({ snapshot, engine }: SnapshotObservation): SnapshotTask | undefined {
  if (engine.state !== 'Answered') return undefined
  const { request, task } = snapshot.status ?? {}
  const above = engine.candidates.filter(({ uid }) => uid > (request?.baseline?.uid ?? -1))
  const known = task?.uid ?? request?.taskUid
  const recorded = above.find(({ uid }) => uid === known)
  if ((recorded !== undefined && mayServe(recorded)) || request?.cancelTaskUid !== undefined) return recorded
  return above.find(mayServe) ?? recorded
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
  const { snapshot } = observation
  if (observation.engine.state === 'Answered') return undefined
  const why = whySilent(observation)
  const untilMs = taskDeadlineMs(snapshot, nowMs)
  if (nowMs > untilMs) {
    const task = snapshot.status?.task?.uid ?? snapshot.status?.request?.taskUid
    const message = `No word of the snapshot by the end of deadlines.task (${snapshot.spec.deadlines.task}): ${why} ${task === undefined ? 'A snapshot' : `Task ${task}`} may still run there.`
    const reason =
      observation.engine.state === 'Unauthorized' ? snapshotReasons.Unauthorized : snapshotReasons.TargetLost
    return { status: failed(snapshot, { reason, message }, nowMs), effects: [] }
  }
  const message = `${why} It goes on by itself when the server is back, until ${deadlineText(untilMs)}.`
  const changes = { waitingFor: why, request: countedAnew(snapshot.status?.request) }
  return {
    status: inProgress(snapshot, { phase: 'Snapshotting', reason: silentReason(observation), message, changes }, nowMs),
    effects: [],
    requeueAfterMs: Math.min(10_000, Math.max(1000, pollMs(observation, nowMs))),
  }
}

function silentReason({ engine, instance }: SnapshotObservation): SnapshotReason {
  if (instance === undefined) return snapshotReasons.InstanceNotFound
  return engine.state === 'Unauthorized' ? snapshotReasons.Unauthorized : snapshotReasons.TargetNotReady
}

/** Only seconds in which the server answers count for a lost reply: a request may lie in front of a silent one. */
function countedAnew(request: SnapshotRequest | undefined): SnapshotRequest | undefined {
  if (request === undefined) return undefined
  const { missingSince: _, ...kept } = request
  return kept
}

/** Uids start again with another database: then no task of it is ours, whatever its number. */
export function databaseReplaced({ snapshot, engine }: SnapshotObservation, nowMs: number): Outcome {
  if (engine.state !== 'Answered') return undefined
  const { request, task } = snapshot.status ?? {}
  const strange =
    missingFrom(engine, request?.baseline) ?? (task !== undefined && isOtherTask(engine, task) ? task : undefined)
  if (strange === undefined) return undefined
  const message = `The database is another one than the snapshot was asked of: task ${strange.uid} of ${strange.enqueuedAt} is not in it.`
  return askAgain(snapshot, { reason: snapshotReasons.DatabaseReplaced, message }, nowMs)
}

/** The baseline, where this cannot be the database that it is in. */
function missingFrom(engine: EngineAnswer, baseline: TaskName | undefined): TaskName | undefined {
  if (baseline === undefined) return undefined
  const replaced =
    (engine.newest?.uid ?? -1) < baseline.uid ||
    (engine.baseline !== undefined && engine.baseline.enqueuedAt !== baseline.enqueuedAt) ||
    engine.candidates.some(({ enqueuedAt }) => Date.parse(enqueuedAt) < Date.parse(baseline.enqueuedAt))
  return replaced ? baseline : undefined
}

function isOtherTask({ candidates }: EngineAnswer, task: SnapshotTask): boolean {
  return candidates.some(({ uid, enqueuedAt }) => uid === task.uid && enqueuedAt !== task.enqueuedAt)
}

/** Past deadlines.task. Enqueued and ours: cancel once, and see it confirmed. Enqueued and somebody else's: let go. Processing: it cannot be stopped. */
export function taskOverdue(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, instance, target } = observation
  const task = taskOf(observation)
  const request = snapshot.status?.request
  if (task?.status !== 'enqueued' || request === undefined || nowMs <= taskDeadlineMs(snapshot, nowMs)) return undefined
  const limit = `Task ${task.uid} was still enqueued at the end of deadlines.task (${snapshot.spec.deadlines.task})`
  const owner = otherOwner(observation, task, request)
  if (owner !== undefined) {
    return {
      status: failed(
        snapshot,
        {
          reason: snapshotReasons.TaskDeadlineExceeded,
          message: `${limit}. ${owner}, so it was left alone and may still run.`,
          changes: { task },
        },
        nowMs,
      ),
      effects: [],
    }
  }
  if (request.cancelTaskUid !== undefined) {
    return {
      status: failed(
        snapshot,
        { reason: snapshotReasons.TaskDeadlineExceeded, message: `${limit}, and was cancelled.`, changes: { task } },
        nowMs,
      ),
      effects: [],
    }
  }
  const server = instance === undefined || target === undefined ? undefined : serverOf(instance, target)
  const effects: Effect[] = server === undefined ? [] : [{ kind: 'CancelTask', server, taskUid: task.uid }]
  return {
    status: inProgress(
      snapshot,
      {
        phase: 'Snapshotting',
        reason: snapshotReasons.TaskEnqueued,
        message: `${limit}; it is being cancelled.`,
        overdue: limit,
        changes: { task },
      },
      nowMs,
    ),
    effects,
    requeueAfterMs: 1000,
  }
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

/** Rung 9: reflect it, with what it waits for or how far it is. */
export function taskPending(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, engine } = observation
  const task = taskOf(observation)
  if (engine.state !== 'Answered' || task === undefined) return undefined
  if (task.status !== 'enqueued' && task.status !== 'processing') return undefined
  const { running } = engine
  const step =
    task.status === 'enqueued'
      ? enqueued(task, running)
      : processing(task, running, taskEstimate(snapshot, observation.earlier, nowMs))
  const untilMs = taskDeadlineMs(snapshot, nowMs)
  const overdue =
    nowMs > untilMs
      ? `Task ${task.uid} runs on past deadlines.task (${snapshot.spec.deadlines.task}): Meilisearch does not cancel a snapshot that it is working on.`
      : undefined
  return {
    status: inProgress(
      snapshot,
      { phase: 'Snapshotting', ...step, overdue, changes: { ...step.changes, ...adopted(observation, task, nowMs) } },
      nowMs,
    ),
    effects: [],
    requeueAfterMs: pollMs(observation, nowMs),
  }
}

type Seen = { reason: 'TaskEnqueued' | 'TaskProcessing'; message: string; changes: Changes }

function enqueued(task: SnapshotTask, running: RunningBatch | undefined): Seen {
  const waitingFor = running === undefined ? undefined : batchText(running)
  const message =
    waitingFor === undefined
      ? `Task ${task.uid} is enqueued.`
      : `Task ${task.uid} waits for ${waitingFor}: Meilisearch runs one batch at a time.`
  return { reason: snapshotReasons.TaskEnqueued, message, changes: { waitingFor, progress: { step: 'enqueued' } } }
}

function processing(
  task: SnapshotTask,
  running: RunningBatch | undefined,
  estimatedCompletion: string | undefined,
): Seen {
  const ours = running?.uid === task.batchUid ? running : undefined
  // The step is the name of an index at times, and longer than status may hold.
  const step = told(ours?.step ?? 'processing', 128)
  const percent = ours?.percent === undefined ? {} : percentOf(ours.percent)
  return {
    reason: snapshotReasons.TaskProcessing,
    message: `Meilisearch makes the snapshot: ${step}.`,
    changes: { progress: { step, ...percent, estimatedCompletion } },
  }
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
  const { snapshot } = observation
  if (task.status === 'canceled') {
    // The reply to a cancelling may be lost, too: past the deadline it was ours.
    const late = snapshot.status?.request?.cancelTaskUid !== undefined || nowMs > taskDeadlineMs(snapshot, nowMs)
    if (!late)
      return askAgain(
        snapshot,
        { reason: snapshotReasons.SnapshotTaskCanceled, message: `Task ${task.uid} was cancelled by somebody.` },
        nowMs,
      )
    return {
      status: failed(
        snapshot,
        {
          reason: snapshotReasons.TaskDeadlineExceeded,
          message: `Task ${task.uid} was cancelled at the end of deadlines.task (${snapshot.spec.deadlines.task}).`,
          changes,
        },
        nowMs,
      ),
      effects: [],
    }
  }
  return {
    status: failed(snapshot, { reason: snapshotReasons.SnapshotTaskFailed, message: whyFailed(task), changes }, nowMs),
    effects: [],
  }
}

function whyFailed({ uid, error }: SnapshotTask): string {
  if (error === undefined) return `Task ${uid} failed, and Meilisearch gives no reason.`
  const { code, message } = error
  return `Task ${uid} failed: ${code}. ${sentence(message)} ${diskHint(`${code} ${message}`)}`.trim()
}

/** The engine does not say which disk. It needs two: a full copy of the database in TMPDIR, and the archive beside the old one. */
function diskHint(text: string): string {
  if (/no_space_left_on_device|os error 28/.test(text)) {
    return 'Meilisearch stages a full copy of the database in TMPDIR (else /tmp), then writes the archive beside the old one in the snapshot directory: one of the two is full. Give it more room, or set TMPDIR to a volume.'
  }
  if (/os error 30/.test(text)) return 'The snapshot directory or TMPDIR is read-only.'
  return /os error 2\b/.test(text) ? 'TMPDIR, or the snapshot directory, does not exist.' : ''
}
