// What follows from the end of the Job that sanitizes: the data goes on to be exchanged, another attempt, or a failure with the server's data as it was. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { restoreReasons } from '../../../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../../api/restore.ts'
import { instant } from '../../../../api/status/conditions.ts'
import { redact, sentence } from '../../../../api/status/text.ts'
import { exitCodes } from '../../../../mover/contract.ts'
import type { MoverResult, Sanitized } from '../../../../mover/contract.ts'
import { bootLifeOf } from '../../../../reconcile/job/boot/end.ts'
import { deadlineText, fillDeadlineMs } from '../../status/deadline.ts'
import { deletions, failureOf, maxFailures, nextAttempt } from '../../status/job.ts'
import type { JobFailure } from '../../status/job.ts'
import { pauses } from '../../status/pauses.ts'
import { failed, step } from '../../status/verdict.ts'
import type { Rung, Verdict } from '../../status/verdict.ts'

interface Ended {
  readonly sanitize: NonNullable<MeiliRestoreStatus['sanitize']>
  readonly result: MoverResult
  readonly job: V1Job
}

/** The mover's own word counts, not the Job's, which comes later. */
export const sanitizeEnded: Rung = ({ restore, mover }, nowMs) => {
  const { sanitize } = restore.status ?? {}
  const life = bootLifeOf(mover, undefined, nowMs)
  if (sanitize === undefined || mover.job === undefined || life.is !== 'ended') return undefined
  const { result } = life
  const ended = { sanitize, result, job: mover.job }
  if (result.exitCode === exitCodes.done && isWhatWasAsked(restore, result.sanitized))
    return recordSanitized(ended, result.sanitized, nowMs)
  // A Job that goes away was ended, by us or by somebody: that it failed says nothing.
  return life.isGoing ? undefined : sanitizeAgain(restore, ended, nowMs)
}

/** A mover that says nothing of what was asked has not done it, whatever it ended with. */
function isWhatWasAsked({ spec }: MeiliRestore, said: Sanitized | undefined): said is Sanitized {
  const { tasks, webhooks } = spec.sanitize
  return (
    said !== undefined &&
    (tasks === 'Keep' || said.tasksDiscarded !== undefined) &&
    (webhooks === 'Keep' || said.webhooksRemoved !== undefined)
  )
}

function recordSanitized({ sanitize, result, job }: Ended, said: Sanitized, nowMs: number): Verdict {
  const { failure: _, retryAt: __, ...record } = sanitize
  return step({
    phase: 'Verifying',
    reason: restoreReasons.Verifying,
    message: redact(sentence(result.message), 2000),
    changes: { sanitize: { ...record, ...said, completedAt: instant(nowMs) } },
    effects: deletions([job]),
    againMs: pauses.nextMs,
  })
}

/** An engine that does not stay up on it, and one that refuses, do so again. */
const hopeless: ReadonlySet<number> = new Set([exitCodes.sanitizeFailed, exitCodes.inspectionFailed])

function failureToSanitize(result: MoverResult): JobFailure {
  const failure = failureOf(result)
  return hopeless.has(result.exitCode) ? { ...failure, reason: restoreReasons.SanitizeFailed, cure: 'None' } : failure
}

const kept = 'Nothing was exchanged: what the server has is as it was.'
const wayOut =
  'Without sanitize another MeiliRestore takes the data as it is, tasks and webhooks included: see that its pod reaches nobody.'

function sanitizeAgain(restore: MeiliRestore, { sanitize, result, job }: Ended, nowMs: number): Verdict {
  const failure = failureToSanitize(result)
  const message = sentence(failure.message)
  if (failure.cure === 'None')
    return failed({
      reason: failure.reason,
      message: `The data could not be sanitized. ${message} ${kept} ${wayOut}`,
      effects: deletions([job]),
    })
  const { record, restMs } = nextAttempt(restore, { before: sanitize, failure, command: 'sanitize' }, nowMs)
  if (record.failures >= maxFailures)
    return failed({
      reason: restoreReasons.SanitizeFailed,
      message: `The Job that sanitizes the data failed ${record.failures} times. Last: ${message} ${kept} ${wayOut}`,
      effects: deletions([job]),
    })
  return step({
    phase: 'Verifying',
    reason: restoreReasons.Sanitizing,
    message: `The Job that sanitizes the data failed: ${message} It is tried again, until ${deadlineText(fillDeadlineMs(restore, nowMs))}.`,
    changes: { sanitize: { ...sanitize, ...record }, waitingFor: message },
    effects: deletions([job]),
    againMs: restMs,
  })
}
