// The rungs of a boot that has ended, or has to: what the server served is believed, else it is tried again, has failed, or is not conclusive. Pure.
// Whatever comes of it, the files stay.
import { snapshotReasons } from '../../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { instant } from '../../../../api/status/conditions.ts'
import { redact, sentence } from '../../../../api/status/text.ts'
import { bootLifeOf, restoreDurationOf } from '../../../../reconcile/job/boot/end.ts'
import { whyStillRunning } from '../../../../reconcile/job/waiting.ts'
import type { MoverResult } from '../../../../mover/contract.ts'
import { bootJobName } from '../../job/commands/boot.ts'
import { deletions, endedJob } from '../../job/end.ts'
import type { SnapshotObservation } from '../../observation.ts'
import type { Verification } from '../../status/booting.ts'
import { bootDeadlineMs, bootDeadlineText, deadlineText } from '../../status/deadline.ts'
import { pauseAfter, pauses } from '../../status/pauses.ts'
import type { Changes } from '../../status/status.ts'
import { completed, failed } from '../../status/verdict.ts'
import type { Verdict } from '../../status/verdict.ts'
import { removingSource } from '../remove-source.ts'
import { booting } from './begin.ts'
import { judgeBoot, servedOf } from './judge.ts'

/** How often it may fail for causes that may pass. */
const maxFailures = 3

/** The Job has ended: what the server served, or why there was none. */
export function bootFinished(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, mover } = observation
  const verification = snapshot.status?.verification
  const life = bootLifeOf(mover, undefined, nowMs)
  if (verification === undefined || life.is !== 'ended') return undefined
  const { inspected } = life.result
  const seen: Verification = {
    ...verification,
    ...(inspected === undefined
      ? {}
      : { ...servedOf(inspected), restoreDuration: restoreDurationOf(mover.pod, inspected) }),
  }
  if (life.result.exitCode === 0 && inspected !== undefined) {
    const message = redact(life.result.message, 2000)
    return completeBoot(observation, { ...seen, result: 'Passed', message, at: instant(nowMs) }, nowMs)
  }
  // A Job that goes away was ended, by us or by somebody: that it failed says nothing.
  return life.isGoing ? undefined : failBoot(observation, seen, { result: life.result, nowMs })
}

function failBoot(
  observation: SnapshotObservation,
  seen: Verification,
  { result, nowMs }: { readonly result: MoverResult; readonly nowMs: number },
): Verdict {
  const { is, cure, message, neededBytes } = judgeBoot(result, observation)
  const failures = (seen.failures ?? 0) + (cure === 'Again' ? 1 : 0)
  const next = { ...seen, failures, ...(neededBytes === undefined ? {} : { volumeBytes: neededBytes }) }
  if (cure === 'LargerVolume' || (cure === 'Again' && failures < maxFailures))
    return tryAgain(observation, next, { message, nowMs })
  const giveUp = is === 'Failed' ? hasFailed : isInconclusive
  return giveUp(observation, next, { message, nowMs })
}

/** The time that it took is no one's: deadlines.move, and what the next move is thought to take, go on where they stood. */
function withoutBoot({ status }: MeiliSnapshot, { startedAt }: Verification, nowMs: number): Changes {
  const move = status?.move
  if (move?.startedAt === undefined || startedAt === undefined) return {}
  const tookMs = Math.max(0, nowMs - Date.parse(startedAt))
  return { move: { ...move, startedAt: instant(Date.parse(move.startedAt) + tookMs) } }
}

function completeBoot(observation: SnapshotObservation, verification: Verification, nowMs: number): Verdict {
  return complete(observation, {
    changes: { ...withoutBoot(observation.snapshot, verification, nowMs), verification },
    note: `A server was started on a copy: ${sentence(verification.message ?? '')}${took(verification)}`,
    said: 'A server was started on a copy, and serves it.',
  })
}

interface End {
  readonly changes: Changes
  readonly note: string
  /** Where Meilisearch's own file goes first. */
  readonly said: string
}

function complete({ snapshot, mover }: SnapshotObservation, { changes, note, said }: End): Verdict {
  return snapshot.status?.removeSource === undefined
    ? completed({ changes, note })
    : removingSource(`${said} Meilisearch's own file is being removed.`, {
        changes,
        effects: endedJob(mover),
        againMs: pauses.nextMs,
      })
}

const took = ({ restoreDuration }: Verification): string =>
  restoreDuration === undefined ? '' : ` It took ${restoreDuration.total} to come back.`

interface Why {
  readonly message: string
  readonly nowMs: number
}

/** The files stay, and Meilisearch's own file, too: it is the only other copy. */
function hasFailed({ snapshot }: SnapshotObservation, before: Verification, { message, nowMs }: Why): Verdict {
  const { path = '', claimName = '' } = snapshot.status?.artifact ?? {}
  const verification: Verification = { ...before, result: 'Failed', message: redact(message, 2000), at: instant(nowMs) }
  return failed({
    reason: snapshotReasons.VerificationFailed,
    message: `Stored, but a server that was started on a copy does not serve it: ${sentence(message)} The files stay, at ${path} on claim ${claimName}.`,
    changes: { ...withoutBoot(snapshot, before, nowMs), verification, removeSource: undefined },
  })
}

/** It is what it would be with mode Archive, and says so: nobody knows more of it, and the same again would end in the same way. */
function isInconclusive(observation: SnapshotObservation, before: Verification, { message, nowMs }: Why): Verdict {
  const verification: Verification = {
    ...before,
    result: 'Inconclusive',
    message: redact(sentence(message), 2000),
    retryAt: undefined,
    at: instant(nowMs),
  }
  return complete(observation, {
    changes: { ...withoutBoot(observation.snapshot, before, nowMs), verification },
    note: `The archive was checked, and stands; whether a server serves it is not known: ${sentence(message)}`,
    said: 'The archive was checked, and stands; whether a server serves it is not known.',
  })
}

function tryAgain({ snapshot, mover }: SnapshotObservation, before: Verification, { message, nowMs }: Why): Verdict {
  const attempt = before.attempt + 1
  const againMs = pauseAfter.failed(Math.max(1, before.failures ?? 1))
  const verification: Verification = {
    ...before,
    attempt,
    jobName: bootJobName(snapshot, attempt),
    failure: redact(message, 2000),
    retryAt: instant(nowMs + againMs),
  }
  return booting(
    {
      message: `The snapshot is stored. No server could be started on a copy: ${sentence(message)} It is tried again, until ${deadlineText(bootDeadlineMs(snapshot, nowMs))}.`,
    },
    { changes: { verification, waitingFor: sentence(message) }, effects: endedJob(mover), againMs },
  )
}

/** Past boot.deadline: end what runs, see it gone, then say so. How long a cluster takes says nothing of the data. */
export function pastBootDeadline(
  { snapshot, mover, ...seen }: SnapshotObservation,
  nowMs: number,
): Verdict | undefined {
  const verification = snapshot.status?.verification
  if (verification === undefined || nowMs <= bootDeadlineMs(snapshot, nowMs)) return undefined
  const life = bootLifeOf(mover, undefined, nowMs)
  const why = (life.is === 'running' ? life.why : undefined) ?? snapshot.status?.waitingFor ?? verification.failure
  const limit = `it was not done within spec.verification.boot.deadline (${bootDeadlineText(snapshot)}).${why === undefined ? '' : ` Last: ${sentence(why)}`}`
  if (mover.jobs.length === 0)
    return isInconclusive({ snapshot, mover, ...seen }, verification, { message: limit, nowMs })
  return booting(
    { message: `The snapshot is stored. Of the server on a copy: ${limit} It is being ended.` },
    {
      changes: why === undefined ? {} : { waitingFor: sentence(why) },
      overdue: whyStillRunning(mover, nowMs),
      effects: deletions(mover.jobs),
      againMs: pauses.changeMs,
    },
  )
}
