// The rungs of the mover that unpacks: it is started, and its progress is followed. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { isGoing, lifeOf } from '../../../reconcile/job/life.ts'
import { isDisrupted } from '../../../reconcile/job/termination.ts'
import { deadlineText, fillDeadlineMs } from '../status/deadline.ts'
import { pauses } from '../status/pauses.ts'
import { percentOf } from '../status/status.ts'
import { step, unchanged } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'
import type { RestoreObservation } from '../observation.ts'
import { fillJob } from './job.ts'

/** The server of somebody else was started before the mover was. */
export const targetTaken: Rung = ({ restore, target: { pods }, mover }, nowMs) => {
  const { claim } = restore.spec.target
  const [pod] = pods
  if (claim === undefined || pod === undefined || mover.job !== undefined) return undefined
  const message = `Claim ${claim.name} is mounted by pod ${pod.metadata?.name ?? ''}: scale that server to zero.`
  return step({
    phase: 'Filling',
    reason: restoreReasons.TargetInUse,
    message: `${message} It goes on by itself, until ${deadlineText(fillDeadlineMs(restore, nowMs))}.`,
    changes: { waitingFor: message },
    againMs: pauses.workMs,
  })
}

/** A Job of that name that is going away must be gone first. */
export const fillMissing: Rung = (observation, nowMs) => {
  const { restore, mover } = observation
  const { fill, resolved } = restore.status ?? {}
  const life = lifeOf(mover, fill?.retryAt, nowMs)
  if (fill === undefined || resolved === undefined) return undefined
  if (life.is === 'paused') return unchanged({ againMs: life.restMs })
  if (mover.job !== undefined && isGoing(mover.job)) return unchanged({ againMs: pauses.changeMs })
  if (life.is !== 'absent') return undefined
  return step({
    phase: 'Filling',
    reason: restoreReasons.MoverStarting,
    message: `Job ${fill.jobName} is being started.`,
    effects: [{ kind: 'CreateJob', job: fillJob({ ...observation, fill, resolved }, nowMs) }],
    keepsRefusal: true,
    againMs: pauses.changeMs,
  })
}

export const fillRunning: Rung = ({ restore, mover, ...seen }, nowMs) => {
  const { jobName = '' } = restore.status?.fill ?? {}
  const life = lifeOf(mover, undefined, nowMs)
  const why = life.is === 'running' ? life.why : undefined
  if (why !== undefined)
    return step({
      phase: 'Filling',
      reason: restoreReasons.MoverWaiting,
      message: `The mover cannot start yet: ${why} It is given up at ${deadlineText(fillDeadlineMs(restore, nowMs))}.`,
      changes: { waitingFor: why },
      againMs: pauses.workMs,
    })
  return working({ restore, mover, ...seen }, jobName)
}

function working({ restore, mover }: RestoreObservation, jobName: string): ReturnType<Rung> {
  const said = progressOf(mover.progress)
  const progress = said ?? restore.status?.progress
  if (progress === undefined)
    return step({
      phase: 'Filling',
      reason: restoreReasons.MoverStarting,
      message: isDisrupted(mover.pod)
        ? `Pod ${mover.pod?.metadata?.name ?? ''} had to make way (drain, eviction or preemption): Job ${jobName} makes another one.`
        : `Job ${jobName} is being started.`,
      againMs: pauses.changeMs,
    })
  const { step: at, bytesDone = 0, bytesTotal = 0 } = progress
  return step({
    phase: 'Filling',
    reason: restoreReasons.Filling,
    message: `Job ${jobName} is ${at}: ${sizeText(bytesDone)} of ${sizeText(bytesTotal)}.`,
    changes: { progress },
    keepsProgress: said === undefined,
    againMs: pauses.workMs,
  })
}

function progressOf(said: RestoreObservation['mover']['progress']): MeiliRestoreStatus['progress'] {
  if (said === undefined) return undefined
  return { ...said, ...percentOf(said.bytesTotal === 0 ? 0 : (100 * said.bytesDone) / said.bytesTotal) }
}
