// Decides, after a mover has failed, whether another one is started, and when. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { spaceRemedy } from '../status/space-remedy.ts'
import { deadlineText, moveDeadlineMs } from '../status/deadline.ts'
import { moverJobName } from '../job/commands/move.ts'
import type { MoverFailure } from '../job/failure.ts'
import type { EngineAnswer, SnapshotObservation } from '../observation.ts'
import { pauseAfter, pauses } from '../status/pauses.ts'
import { endedJob, sweep } from '../job/end.ts'
import { sentence, redact } from '../../../api/status/text.ts'
import { anew, failed, step } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

/** How often a mover may fail for causes that may pass. Lack of space, drains and a newer file do not count: they end with deadlines.move. */
const maxFailures = 3

/** The end of a batch and the time of its file stand on one clock; a little later it may still count. */
const skewMs = 30_000

export interface FailedMove {
  readonly failure: MoverFailure
  /** What the mover saw of the space on the claim. */
  readonly seen: Pick<MeiliSnapshotStatus, 'destination'>
  /** When the newer file was written that lay where ours was. */
  readonly supersededAt: string | undefined
}

/** Records why the last one failed, and when the next may begin. */
export function nextMove(
  observation: SnapshotObservation,
  { failure, seen, supersededAt }: FailedMove,
  nowMs: number,
): Verdict {
  const { snapshot } = observation
  const before: NonNullable<MeiliSnapshotStatus['move']> = snapshot.status?.move ?? {
    attempt: 0,
    jobName: '',
    startedAt: instant(nowMs),
  }
  const failures = (before.failures ?? 0) + (failure.cure === 'Mover' ? 1 : 0)
  if (failures >= maxFailures) {
    const { effects, note } = sweep(observation, failure.isKilled)
    return failed({
      reason: failure.reason,
      message: `The mover failed ${failures} times. Last: ${sentence(failure.message)}${note}`,
      effects,
    })
  }
  if (supersededAt !== undefined && supersededAt === before.supersededAt)
    return noBatchOf(supersededAt, endedJob(observation.mover))
  const attempt = before.attempt + 1
  const againMs = pauseBefore(failure, { failures, attempt: before.attempt })
  // Which node the next one runs on is known when it is made.
  const { node: _, ...kept } = before
  const move = {
    ...kept,
    attempt,
    failures,
    jobName: moverJobName(snapshot, attempt),
    failure: redact(failure.message, 2000),
    retryAt: instant(nowMs + againMs),
    supersededAt,
  }
  return step({
    phase: 'Moving',
    ...describeFailure(snapshot, { failure, failures }, nowMs),
    changes: { move, ...seen, waitingFor: sentence(failure.message) },
    effects: endedJob(observation.mover),
    againMs,
  })
}

/** A newer file lies there, and no task says what it is. */
export const noBatchOf = (writtenAt: string | undefined, effects: readonly Effect[] = []): Verdict =>
  anew({
    effects,
    reason: snapshotReasons.SourceMissing,
    message: `The file in the snapshot directory was written at ${writtenAt}, by no batch that Meilisearch shows.`,
  })

function pauseBefore(
  { reason, cure }: MoverFailure,
  { failures, attempt }: { failures: number; attempt: number },
): number {
  if (reason === snapshotReasons.Superseded) return pauses.answerMs
  if (reason === snapshotReasons.InsufficientSpace) return pauseAfter.noSpace(attempt)
  return cure === 'Mover' ? pauseAfter.failed(failures) : pauseAfter.ended(attempt)
}

function describeFailure(
  snapshot: MeiliSnapshot,
  { failure, failures }: { failure: MoverFailure; failures: number },
  nowMs: number,
): { reason: MoverFailure['reason']; message: string } {
  const until = `until ${deadlineText(moveDeadlineMs(snapshot, nowMs))}`
  switch (failure.reason) {
    case snapshotReasons.InsufficientSpace:
      return {
        reason: failure.reason,
        message: `${sentence(failure.message)}${spaceRemedy(snapshot)} It goes on by itself when there is space, ${until}.`,
      }
    case snapshotReasons.Superseded:
      return {
        reason: failure.reason,
        message: `${sentence(failure.message)} The newer snapshot is moved in its place, with its own label.`,
      }
    default: {
      const count = failure.cure === 'Mover' ? ` (failure ${failures} of ${maxFailures})` : ''
      return {
        reason: snapshotReasons.MoverStarting,
        message: `The mover failed${count}: ${sentence(failure.message)} It is tried again, ${until}.`,
      }
    }
  }
}

/** True where a mover can find a batch for the file that lies there; asked only after a newer one was found. */
export function bringsNewerFile({ candidates }: EngineAnswer, supersededAt: string | undefined): boolean {
  if (supersededAt === undefined) return true
  return candidates.some(
    ({ status, finishedAt }) =>
      status === 'succeeded' && finishedAt !== undefined && Date.parse(finishedAt) + skewMs >= Date.parse(supersededAt),
  )
}
