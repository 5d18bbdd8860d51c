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
    missingFrom(engine, request?.baseline) ?? (task !== undefined && isOtherTask(engine, task) ? task : undefined)
  if (missing === undefined) return undefined
  const message = `The database is another one than the snapshot was asked of: task ${missing.uid} of ${missing.enqueuedAt} is not in it.`
  return anew({ reason: snapshotReasons.DatabaseReplaced, message })
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
