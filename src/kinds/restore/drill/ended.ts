// What follows from the end of a drill's Job: what the engine said, another attempt, that it has failed, or that nothing is known of the snapshot. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { restoreReasons } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { redact, sentence } from '../../../api/status/text.ts'
import { exitCodes } from '../../../mover/contract.ts'
import type { Inspected, MoverResult } from '../../../mover/contract.ts'
import { bootLifeOf, restoreDurationOf } from '../../../reconcile/job/boot/end.ts'
import { killedIn, speaksOfData } from '../../../reconcile/job/boot/killed.ts'
import type { Killed } from '../../../reconcile/job/boot/killed.ts'
import type { RestoreObservation } from '../observation.ts'
import { deadlineText, drillDeadlineMs } from '../status/deadline.ts'
import { inspectionEnded } from '../status/inspection.ts'
import type { Inspection } from '../status/inspection.ts'
import { deletions, failureOf, maxFailures, nextAttempt } from '../status/job.ts'
import type { JobFailure } from '../status/job.ts'
import type { Changes } from '../status/status.ts'
import { completed, failed, step } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'

interface Ended {
  readonly inspection: Inspection
  readonly result: MoverResult
  readonly job: V1Job
}

/** The mover's own word counts, not the Job's, which comes later. */
export const drillEnded: Rung = (observation, nowMs) => {
  const { restore, mover } = observation
  const { inspection } = restore.status ?? {}
  const life = bootLifeOf(mover, undefined, nowMs)
  if (inspection === undefined || mover.job === undefined || life.is !== 'ended') return undefined
  const ended = { inspection, result: life.result, job: mover.job }
  const { inspected } = life.result
  if (inspected !== undefined) return judge(observation, { ...ended, inspected }, nowMs)
  // A Job that goes away was ended by somebody: that it failed says nothing.
  return life.isGoing ? undefined : drillAgain(observation, ended, nowMs)
}

/** Whoever wants to know why finds the Job, and its log, for an hour. */
function judge(
  { restore, mover }: RestoreObservation,
  { inspection, result, inspected, job }: Ended & { readonly inspected: Inspected },
  nowMs: number,
): Verdict {
  const { name = 'the snapshot' } = restore.status?.resolved ?? {}
  const message = redact(sentence(result.message), 2000)
  const changes = figuresOf({ inspection, inspected, message }, nowMs)
  if (inspected.result === 'Failed')
    return failed({ reason: restoreReasons.DrillFailed, message: `${message} ${logText(job)}`, changes })
  const restoreDuration = restoreDurationOf(mover.pod, inspected)
  return completed({
    reason: restoreReasons.Completed,
    message: `A server came back on ${name} in ${restoreDuration.total}. ${message}`,
    changes: { ...changes, inspection: { ...changes.inspection, restoreDuration } },
    effects: deletions([job]),
  })
}

function figuresOf(
  { inspection, inspected, message }: { inspection: Inspection; inspected: Inspected; message: string },
  nowMs: number,
): Changes & { readonly inspection: Inspection } {
  const { result, version, indexes, documents, compared, differences } = inspected
  const at = instant(nowMs)
  const named = differences.map(({ index, ...counts }) => ({ index: redact(index, 400), ...counts }))
  return {
    inspection: { ...inspection, result, message, at, retryAt: undefined },
    restored: {
      version: redact(version, 64),
      indexes,
      documents,
      compared,
      ...(named.length === 0 ? {} : { differences: named }),
      at,
    },
  }
}

const logText = ({ metadata }: V1Job): string =>
  `Its log is there for an hour: kubectl logs job/${metadata?.name ?? ''} --all-containers -n ${metadata?.namespace ?? ''}`

/** What gives the server on the copy more. */
const remedies: Readonly<Record<Killed['by'], string>> = {
  Memory: ' More is target.scratch.resources.limits.memory (of a schedule: drill.resources).',
  Disk: ' More is target.scratch.size (of a schedule: drill.size).',
  Node: '',
}

/** What the cluster ended says nothing of the snapshot; what fell over the data each time, does. */
function failureIn(result: MoverResult, killed: Killed | undefined): JobFailure {
  if (killed !== undefined)
    return {
      reason: restoreReasons.DrillInconclusive,
      cure: killed.by === 'Node' ? 'Again' : 'None',
      message: `${result.message}${remedies[killed.by]}`,
    }
  // The engine did not come up on it: that is what was asked.
  if (result.exitCode === exitCodes.inspectionFailed)
    return { reason: restoreReasons.DrillFailed, cure: 'None', message: result.message }
  return failureOf(result)
}

function drillAgain(
  { restore, mover }: RestoreObservation,
  { inspection, result, job }: Ended,
  nowMs: number,
): Verdict {
  const killed = killedIn(mover.pod)
  const failure = failureIn(result, killed)
  const message = sentence(failure.message)
  const isOfData = speaksOfData(result.exitCode, killed)
  const { record, restMs } = nextAttempt(restore, { before: inspection, failure, command: 'drill' }, nowMs)
  if (failure.cure === 'None' || record.failures >= maxFailures) {
    const reason = isOfData && failure.cure === 'Again' ? restoreReasons.DrillFailed : failure.reason
    const times = failure.cure === 'None' ? '' : `The drill's Job failed ${record.failures} times. Last: `
    return failed({
      reason,
      message: `${times}${message}${reason === restoreReasons.DrillFailed ? ` ${logText(job)}` : ''}`,
      changes: { inspection: inspectionEnded(inspection, { isOfData, message }, nowMs) },
      effects: reason === restoreReasons.DrillFailed ? [] : deletions([job]),
    })
  }
  const remedy =
    failure.reason === restoreReasons.InsufficientSpace ? ' A drill with a larger target.scratch.size has more.' : ''
  return step({
    phase: 'Verifying',
    reason: failure.reason === restoreReasons.InsufficientSpace ? failure.reason : restoreReasons.MoverStarting,
    message: `The drill's Job failed: ${message}${remedy} It is tried again, until ${deadlineText(drillDeadlineMs(restore, nowMs))}.`,
    changes: { inspection: { ...inspection, ...record }, waitingFor: message },
    effects: deletions([job]),
    againMs: restMs,
  })
}
