// The rungs of a drill's Job: it is started, followed, tried again, and ended at the deadline. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'
import { bootLifeOf } from '../../../reconcile/job/boot/end.ts'
import { isGoing } from '../../../reconcile/job/life.ts'
import { jobNameOf } from '../../../reconcile/job/template.ts'
import { whyStillRunning } from '../../../reconcile/job/waiting.ts'
import { deadlineText, drillDeadlineMs } from '../status/deadline.ts'
import { inspectionEnded } from '../status/inspection.ts'
import { deletions } from '../status/job.ts'
import { pauses } from '../status/pauses.ts'
import { percentOf } from '../status/status.ts'
import { failed, step, unchanged } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'
import { drillJob } from './job.ts'

/** The record comes first: its Job is made by the next pass. */
export const drillBegins: Rung = ({ restore }, nowMs) => {
  if (restore.spec.target.scratch === undefined) return undefined
  const jobName = jobNameOf(restore, 'drill-1')
  return step({
    phase: 'Verifying',
    reason: restoreReasons.Verifying,
    message: `A server is started on a copy of ${restore.status?.resolved?.name ?? 'the snapshot'}.`,
    changes: { inspection: { attempt: 1, jobName, startedAt: instant(nowMs) } },
    againMs: pauses.nextMs,
  })
}

export const drillMissing: Rung = (observation, nowMs) => {
  const { restore, mover } = observation
  const { inspection, resolved } = restore.status ?? {}
  const life = bootLifeOf(mover, inspection?.retryAt, nowMs)
  if (inspection === undefined || resolved === undefined) return undefined
  if (life.is === 'paused') return unchanged({ againMs: life.restMs })
  if (mover.job !== undefined && isGoing(mover.job)) return unchanged({ againMs: pauses.changeMs })
  if (life.is !== 'absent') return undefined
  return step({
    phase: 'Verifying',
    reason: restoreReasons.MoverStarting,
    message: `Job ${inspection.jobName} is being started.`,
    effects: [{ kind: 'CreateJob', job: drillJob({ ...observation, inspection, resolved }, nowMs) }],
    keepsRefusal: true,
    againMs: pauses.changeMs,
  })
}

export const drillRunning: Rung = ({ restore, mover }, nowMs) => {
  const { jobName = '' } = restore.status?.inspection ?? {}
  const life = bootLifeOf(mover, undefined, nowMs)
  const why = life.is === 'running' ? life.why : undefined
  if (why !== undefined)
    return step({
      phase: 'Verifying',
      reason: restoreReasons.MoverWaiting,
      message: `The server cannot start yet: ${sentence(why)} It is given up at ${deadlineText(drillDeadlineMs(restore, nowMs))}.`,
      changes: { waitingFor: why },
      againMs: pauses.workMs,
    })
  const { progress = restore.status?.progress } = mover
  return step({
    phase: 'Verifying',
    reason: restoreReasons.Verifying,
    message: `Job ${jobName} unpacks the snapshot, starts a server on it, and asks it.`,
    changes: {
      progress: progress && { ...progress, ...percentOf(percentDone(progress)) },
    },
    againMs: pauses.workMs,
  })
}

const percentDone = ({
  bytesDone = 0,
  bytesTotal = 0,
}: {
  bytesDone?: number | undefined
  bytesTotal?: number | undefined
}): number => (bytesTotal === 0 ? 0 : (100 * bytesDone) / bytesTotal)

/** End what runs, see it gone, then say so. How long a cluster takes says nothing of the snapshot. */
export const pastDrillDeadline: Rung = ({ restore, mover }, nowMs) => {
  if (nowMs <= drillDeadlineMs(restore, nowMs)) return undefined
  const { spec, status } = restore
  const reason = restoreReasons.FillDeadlineExceeded
  const limit = `The drill has not ended within deadlines.fill (${spec.deadlines.fill}). Last: ${sentence(status?.inspection?.failure ?? status?.waitingFor ?? 'it was at work')}`
  const { inspection } = status ?? {}
  if (mover.jobs.length === 0 && inspection !== undefined)
    return failed({
      reason,
      message: limit,
      changes: { inspection: inspectionEnded(inspection, { isOfData: false, message: limit }, nowMs) },
    })
  return step({
    phase: 'Verifying',
    reason,
    message: `${limit} Its Job is being ended. ${whyStillRunning(mover, nowMs) ?? ''}`.trim(),
    changes: { waitingFor: status?.waitingFor },
    effects: deletions(mover.jobs),
    againMs: pauses.changeMs,
  })
}
