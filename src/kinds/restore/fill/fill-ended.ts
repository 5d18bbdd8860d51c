// The rungs at the end of a mover that unpacks: its result, another attempt, the deadline. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { redact, sentence } from '../../../api/status/text.ts'
import type { MoverResult } from '../../../mover/contract.ts'
import { lifeOf } from '../../../reconcile/job/life.ts'
import { whyStillRunning } from '../../../reconcile/job/waiting.ts'
import type { RestoreObservation } from '../observation.ts'
import { deadlineText, fillDeadlineMs } from '../status/deadline.ts'
import { deletions, failureOf, maxFailures, nextAttempt } from '../status/job.ts'
import type { JobFailure } from '../status/job.ts'
import { pauses } from '../status/pauses.ts'
import type { Changes } from '../status/status.ts'
import { failed, step } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'
import { largerNeed, requestedBytes } from './new-claim.ts'

type Fill = NonNullable<MeiliRestoreStatus['fill']>

interface Ended {
  readonly fill: Fill
  readonly result: MoverResult
  readonly job: V1Job
}

/** The mover's own word counts, not the Job's, which comes later. */
export const fillFinished: Rung = (observation, nowMs) => {
  const { restore, mover } = observation
  const { fill } = restore.status ?? {}
  const life = lifeOf(mover, undefined, nowMs)
  if (fill === undefined || mover.job === undefined || life.is !== 'ended') return undefined
  const { result } = life
  const ended = { fill, result, job: mover.job }
  if (result.exitCode === 0 && result.filled !== undefined) return recordFilled(observation, ended, nowMs)
  // A Job that goes away was ended, by us or by somebody: that it failed says nothing.
  return life.isGoing ? undefined : fillAgain(observation, ended, nowMs)
}

function recordFilled({ target }: RestoreObservation, { fill, result, job }: Ended, nowMs: number): Verdict {
  const { version = '', uncompressedBytes } = result.filled ?? {}
  const { fetch, extract } = result.seconds ?? {}
  const uid = target.filled?.metadata?.uid
  return step({
    phase: 'Verifying',
    reason: restoreReasons.Verifying,
    message: `The data is on claim ${fill.claimName}: it is checked.`,
    changes: {
      fill: {
        ...fill,
        ...(uid === undefined ? {} : { claimUid: uid }),
        completedAt: instant(nowMs),
        version: redact(version, 64),
        uncompressedBytes,
        ...(fetch === undefined ? {} : { fetchMs: Math.round(fetch * 1000) }),
        ...(extract === undefined ? {} : { extractMs: Math.round(extract * 1000) }),
        retryAt: undefined,
        failure: undefined,
      },
    },
    effects: deletions([job]),
    againMs: pauses.nextMs,
  })
}

/** What was resolved is on record: a file that is not there any more was removed. */
function ofFill(failure: JobFailure): JobFailure {
  return failure.reason === restoreReasons.SourceNotFound
    ? { ...failure, reason: restoreReasons.SourceUnusable, cure: 'Again' }
    : failure
}

function fillAgain(observation: RestoreObservation, { fill, result, job }: Ended, nowMs: number): Verdict {
  const { restore } = observation
  const failure = ofFill(failureOf(result))
  const effects = deletions([job])
  if (failure.cure === 'None')
    return failed({ reason: failure.reason, message: `${sentence(failure.message)} ${safe(restore.spec)}`, effects })
  const { record, restMs } = nextAttempt(restore, { before: fill, failure, command: 'fill' }, nowMs)
  if (record.failures >= maxFailures)
    return failed({
      reason: failure.reason,
      message: `The mover failed ${record.failures} times. Last: ${sentence(failure.message)} ${safe(restore.spec)}`,
      effects,
    })
  const isCounted = failure.cure === 'Again' ? ` (failure ${record.failures} of ${maxFailures})` : ''
  return step({
    phase: 'Filling',
    reason: failure.reason === restoreReasons.InsufficientSpace ? failure.reason : restoreReasons.MoverStarting,
    message: `The mover failed${isCounted}: ${sentence(failure.message)}${spaceRemedy(restore.spec, failure)} It is tried again, until ${deadlineText(fillDeadlineMs(restore, nowMs))}.`,
    changes: {
      fill: { ...fill, ...record },
      waitingFor: sentence(failure.message),
      ...largerClaim(observation, result),
    },
    effects,
    againMs: restMs,
  })
}

type Spec = RestoreObservation['restore']['spec']

const safe = ({ target }: Spec): string =>
  target.inPlace === undefined ? 'Nothing else on the claim was touched.' : 'The server serves what it had.'

const spaceRemedy = ({ target }: Spec, { reason }: JobFailure): string =>
  reason === restoreReasons.InsufficientSpace && target.inPlace === undefined
    ? ' Free some space, or enlarge the claim.'
    : ''

/** Of a claim that is ours, and of which nobody has anything yet. */
function largerClaim({ restore, target }: RestoreObservation, { space }: MoverResult): Pick<Changes, 'plan'> {
  const { plan } = restore.status ?? {}
  if (plan?.newClaim === undefined || space === undefined || target.filled === undefined) return {}
  const bytes = largerNeed(requestedBytes(target.filled), space)
  return bytes === undefined ? {} : { plan: { ...plan, neededBytes: bytes } }
}

/** End what runs, see it gone, then say so. */
export const pastFillDeadline: Rung = ({ restore, mover }, nowMs) => {
  if (nowMs <= fillDeadlineMs(restore, nowMs)) return undefined
  const { spec, status } = restore
  const reason = restoreReasons.FillDeadlineExceeded
  const limit = `The data was not unpacked within deadlines.fill (${spec.deadlines.fill}). Last: ${sentence(status?.fill?.failure ?? status?.waitingFor ?? 'it was at work')}`
  if (mover.jobs.length === 0) return failed({ reason, message: `${limit} ${safe(spec)}` })
  return step({
    phase: 'Filling',
    reason,
    message: `${limit} Its mover is being ended. ${whyStillRunning(mover, nowMs) ?? ''}`.trim(),
    changes: { waitingFor: status?.waitingFor },
    effects: deletions(mover.jobs),
    againMs: pauses.changeMs,
  })
}
