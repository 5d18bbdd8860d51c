// The rungs of time and turn: deadlines.start, and one restore of a target at a time. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { restoreReasons } from '../../../api/restore.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'
import { startDeadlineMs } from '../status/deadline.ts'
import { deletions } from '../status/job.ts'
import { failed, waiting } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** A snapshot that is taken first has deadlines of its own; and whoever waits for another has not begun to wait. */
export const pastStartDeadline: Rung = ({ restore, ahead, safetySnapshot, mover }, nowMs) => {
  if (ahead.length > 0 || safetySnapshot !== undefined || nowMs <= startDeadlineMs(restore, nowMs)) return undefined
  const { spec, status } = restore
  const waited = conditionNamed(status?.conditions, conditionTypes.Ready)
  const last = sentence(status?.waitingFor ?? waited?.message ?? 'nothing was seen')
  const isAbsent = waited?.reason === restoreReasons.SourceNotFound
  return failed({
    reason: isAbsent ? restoreReasons.SourceNotFound : restoreReasons.StartDeadlineExceeded,
    message: `Not everything was in place within deadlines.start (${spec.deadlines.start}), and nothing was changed. Last: ${last}`,
    effects: deletions(mover.jobs),
  })
}

export const behindAnother: Rung = ({ ahead }) => {
  if (ahead.length === 0) return undefined
  return waiting({
    reason: restoreReasons.TargetBusy,
    message: `Behind ${ahead.slice(0, 3).join(', ')}${ahead.length > 3 ? ` and ${ahead.length - 3} more` : ''}: one restore of a target at a time.`,
    isQueued: true,
  })
}
