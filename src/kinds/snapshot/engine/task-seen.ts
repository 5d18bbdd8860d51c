// Finds the task that serves an object, and tells whether the database is still the one that it was asked of. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { SnapshotTask } from '../../../api/snapshot.ts'
import type { EngineAnswer, SnapshotObservation, TaskName } from '../observation.ts'
import { anew } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

/** The task that serves this object: the one on record while it may still succeed, else the lowest snapshot task above the baseline that has not failed or been cancelled, whoever asked for it; where there is none, the one on record after all. At or below the baseline none serves: it is older than the request. Once we have asked to cancel, only the one on record counts. */
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

/** Uids start again with another database: then no task of it serves, whatever its number. */
export function databaseReplaced({ snapshot, engine }: SnapshotObservation): Verdict | undefined {
  if (engine.state !== 'Answered') return undefined
  const { request, task } = snapshot.status ?? {}
  const missing =
    missingFrom(engine, request?.baseline, task?.uid ?? request?.taskUid) ??
    (task !== undefined && isOtherTask(engine, task) ? task : undefined)
  if (missing === undefined) return undefined
  const message = `The database is another one than the snapshot was asked of: task ${missing.uid} of ${missing.enqueuedAt} is not in it.`
  return anew({ reason: snapshotReasons.DatabaseReplaced, message })
}

/** By so much a task above the baseline may seem to be older than it. Clocks of machines are set by less, when one resumes or starts before it knows the time; the tasks of another database are hours or days apart. */
const clockStepMs = 300_000

/** The baseline, where this cannot be the database that it is in. A task is known by its uid and time together: no clock is compared where that settles it. */
function missingFrom(
  engine: EngineAnswer,
  baseline: TaskName | undefined,
  ownUid: number | undefined,
): TaskName | undefined {
  if (baseline === undefined) return undefined
  if (engine.baseline !== undefined) return engine.baseline.enqueuedAt === baseline.enqueuedAt ? undefined : baseline
  if ((engine.newest?.uid ?? -1) < baseline.uid) return baseline
  // Pruned. The task that our own POST was answered with, or that was seen, speaks for itself.
  const above = engine.candidates.filter(({ uid }) => uid > baseline.uid)
  if (above.some(({ uid }) => uid === ownUid)) return undefined
  const earliestMs = Date.parse(baseline.enqueuedAt) - clockStepMs
  return above.some(({ enqueuedAt }) => Date.parse(enqueuedAt) < earliestMs) ? baseline : undefined
}

function isOtherTask({ candidates }: EngineAnswer, task: SnapshotTask): boolean {
  return candidates.some(({ uid, enqueuedAt }) => uid === task.uid && enqueuedAt !== task.enqueuedAt)
}
