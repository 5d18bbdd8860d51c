// The rungs between what was unpacked and its exchange, where tasks or webhooks are to be taken out of it, in order. Silent where nothing is. Pure.
import { restoreReasons } from '../../../../api/restore.ts'
import { instant } from '../../../../api/status/conditions.ts'
import { sentence } from '../../../../api/status/text.ts'
import { bootLifeOf } from '../../../../reconcile/job/boot/end.ts'
import { isGoing } from '../../../../reconcile/job/life.ts'
import { jobNameOf } from '../../../../reconcile/job/template.ts'
import { whyStillRunning } from '../../../../reconcile/job/waiting.ts'
import { deadlineText, fillDeadlineMs } from '../../status/deadline.ts'
import { deletions } from '../../status/job.ts'
import { pauses } from '../../status/pauses.ts'
import { failed, step, unchanged } from '../../status/verdict.ts'
import type { Rung } from '../../status/verdict.ts'
import { isToSanitize, sanitizeImpossible } from './asked.ts'
import { sanitizeEnded } from './ended.ts'
import { sanitizeJob } from './job.ts'

/** Only of what was unpacked, and not done yet. */
const once =
  (rung: Rung): Rung =>
  (observation, nowMs) =>
    observation.restore.status?.fill?.completedAt !== undefined && isToSanitize(observation.restore)
      ? rung(observation, nowMs)
      : undefined

/** The record comes first: its Job is made by the next pass. */
const sanitizeBegins: Rung = ({ restore }, nowMs) => {
  if (restore.status?.sanitize !== undefined) return undefined
  return step({
    phase: 'Verifying',
    reason: restoreReasons.Sanitizing,
    message: `Tasks and webhooks are being taken out of the data on claim ${restore.status?.fill?.claimName ?? ''}, as sanitize asks.`,
    changes: { sanitize: { attempt: 1, jobName: jobNameOf(restore, 'sanitize-1'), startedAt: instant(nowMs) } },
    againMs: pauses.nextMs,
  })
}

const sanitizeMissing: Rung = (observation, nowMs) => {
  const { restore, mover } = observation
  const { sanitize, fill } = restore.status ?? {}
  const life = bootLifeOf(mover, sanitize?.retryAt, nowMs)
  if (sanitize === undefined || fill === undefined) return undefined
  if (life.is === 'paused') return unchanged({ againMs: life.restMs })
  if (mover.job !== undefined && isGoing(mover.job)) return unchanged({ againMs: pauses.changeMs })
  if (life.is !== 'absent') return undefined
  return step({
    phase: 'Verifying',
    reason: restoreReasons.Sanitizing,
    message: `Job ${sanitize.jobName} is being started.`,
    effects: [{ kind: 'CreateJob', job: sanitizeJob({ ...observation, sanitize, claimName: fill.claimName }, nowMs) }],
    keepsRefusal: true,
    againMs: pauses.changeMs,
  })
}

const sanitizeRunning: Rung = ({ restore, mover }, nowMs) => {
  const { jobName = '' } = restore.status?.sanitize ?? {}
  const life = bootLifeOf(mover, undefined, nowMs)
  const why = life.is === 'running' ? life.why : undefined
  if (why !== undefined)
    return step({
      phase: 'Verifying',
      reason: restoreReasons.MoverWaiting,
      message: `The engine by which the data is sanitized cannot start yet: ${sentence(why)} It is given up at ${deadlineText(fillDeadlineMs(restore, nowMs))}.`,
      changes: { waitingFor: why },
      againMs: pauses.workMs,
    })
  return step({
    phase: 'Verifying',
    reason: restoreReasons.Sanitizing,
    message: `Job ${jobName} starts an engine that runs no task, and takes tasks and webhooks out of the data.`,
    againMs: pauses.workMs,
  })
}

/** End what runs, see it gone, then say so. */
const pastDeadline: Rung = ({ restore, mover }, nowMs) => {
  if (nowMs <= fillDeadlineMs(restore, nowMs)) return undefined
  const { spec, status } = restore
  const reason = restoreReasons.FillDeadlineExceeded
  const limit = `The data was unpacked and not sanitized within deadlines.fill (${spec.deadlines.fill}). Last: ${sentence(status?.sanitize?.failure ?? status?.waitingFor ?? 'it was at work')}`
  if (mover.jobs.length === 0) return failed({ reason, message: `${limit} Nothing was exchanged.` })
  return step({
    phase: 'Verifying',
    reason,
    message: `${limit} Its Job is being ended. ${whyStillRunning(mover, nowMs) ?? ''}`.trim(),
    changes: { waitingFor: status?.waitingFor },
    effects: deletions(mover.jobs),
    againMs: pauses.changeMs,
  })
}

/** What a Job has done counts before the deadline, and the deadline before another try. */
export const sanitizeRungs: readonly Rung[] = [
  sanitizeImpossible, // an engine of its version can be kept from running its tasks
  sanitizeBegins, // it is on record before its Job is made
  sanitizeEnded, // what the mover says is believed: done, tried again, or failed
  pastDeadline, // nothing runs past the deadline
  sanitizeMissing, // a Job runs
  sanitizeRunning, // status follows it
].map(once)
