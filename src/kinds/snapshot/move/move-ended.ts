// The rungs at the end of a move: the mover's result, and the deadline. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import type { MoverResult } from '../../../mover/contract.ts'
import { instant } from '../../../api/status/conditions.ts'
import { storedArtifact } from './artifact.ts'
import { moveDeadlineMs } from '../status/deadline.ts'
import { lifeOf } from '../../../reconcile/job/life.ts'
import { failureOf } from '../job/failure.ts'
import { isRunning } from '../../../reconcile/job/termination.ts'
import type { MoverFailure } from '../job/failure.ts'
import { nextMove } from './next-move.ts'
import { knownProgress, progressText } from './progress.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { deletions, endedJob, sweep } from '../job/end.ts'
import { afterMove } from '../after/boot/begin.ts'
import { sentence } from '../../../api/status/text.ts'
import { anew, failed, step } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { whyStillRunning, whyWaiting } from '../../../reconcile/job/waiting.ts'

/** The mover's container has ended: done, or why not. Its own word counts, not the Job's, which comes later. */
export function moverFinished(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { mover } = observation
  const life = lifeOf(mover, undefined, nowMs)
  if (mover.job === undefined || life.is !== 'ended') return undefined
  const { result } = life
  if (result.exitCode === 0 && result.stored !== undefined)
    return completeMove(observation, { job: mover.job, file: result.stored, space: result.space }, nowMs)
  // A Job that goes away was ended, by us or by somebody: that it failed says nothing. What it stored is stored.
  return life.isGoing ? undefined : failMove(observation, result, nowMs)
}

function failMove(observation: SnapshotObservation, result: MoverResult, nowMs: number): Verdict {
  const failure = failureOf(result)
  if (failure.cure === 'None') return removedByAnother(observation, failure) ?? failed(failure)
  if (failure.cure === 'Snapshot') return anew({ ...failure, effects: endedJob(observation.mover) })
  const supersededAt = failure.reason === snapshotReasons.Superseded ? result.modifiedAt : undefined
  return nextMove(observation, { failure, seen: spaceSeen(result, nowMs), supersededAt }, nowMs)
}

/** One with sourcePolicy Remove may have taken the file that both had: then another snapshot brings one. */
function removedByAnother(
  { beside, mover }: SnapshotObservation,
  { reason, message }: MoverFailure,
): Verdict | undefined {
  const [other] = beside.mayHaveRemoved
  if (reason !== snapshotReasons.SourceMissing || other === undefined) return undefined
  return anew({
    reason,
    message: `${sentence(message)} Snapshot ${other}, with sourcePolicy Remove, may have removed it.`,
    effects: endedJob(mover),
  })
}

/** For the next snapshot that goes to that claim. */
function spaceSeen({ space }: Pick<MoverResult, 'space'>, nowMs: number): Pick<MeiliSnapshotStatus, 'destination'> {
  return space === undefined ? {} : { destination: { freeBytes: space.freeBytes, observedAt: instant(nowMs) } }
}

const replacedNote =
  'While it was copied a newer snapshot of the server took its place; what is stored is the older one, whole.'

type Found = Pick<MoverResult, 'space'> & { readonly job: V1Job; readonly file: NonNullable<MoverResult['stored']> }

function completeMove(observation: SnapshotObservation, { job, file, space }: Found, nowMs: number): Verdict {
  const changes = { ...storedArtifact(observation.snapshot, job, file), ...spaceSeen({ space }, nowMs) }
  const { inode, modifiedAt, sizeBytes } = file
  const note = file.replacedDuringCopy ? replacedNote : undefined
  return afterMove(observation, { changes, file: { inode, modifiedAt, sizeBytes }, note, ended: job }, nowMs)
}

/** Past deadlines.move: end what runs, see it gone, then say so. */
export function pastMoveDeadline(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, mover } = observation
  const { move } = snapshot.status ?? {}
  if (nowMs <= moveDeadlineMs(snapshot, nowMs)) return undefined
  const reason = snapshotReasons.MoveDeadlineExceeded
  const waitingFor = whyUnfinished(observation)
  const limit = `The file was not stored within deadlines.move (${snapshot.spec.deadlines.move}). Last: ${waitingFor}`
  if (mover.jobs.length === 0) {
    // How the last one ended nobody may have seen: its node may be gone, or it was killed while it cleaned up.
    const { effects, note } = sweep(observation, (move?.failures ?? 0) > 0 || move?.begun === true)
    const message = `${limit} No mover reported a stored file, and Meilisearch still has its own.${note}`
    return failed({ reason, message, effects })
  }
  const begun = move?.begun === true || isRunning(mover.pod)
  return step({
    phase: 'Moving',
    reason,
    message: `${limit} Its mover is being ended.`,
    changes: { waitingFor, move: move && { ...move, ...(begun ? { begun } : {}) } },
    overdue: whyStillRunning(mover, nowMs),
    effects: deletions(mover.jobs),
    againMs: pauses.changeMs,
  })
}

/** What held it up when the deadline came. Kept in `waitingFor` until the movers are gone: then nothing else could tell. */
function whyUnfinished({ snapshot, mover }: SnapshotObservation): string {
  const { waitingFor, move } = snapshot.status ?? {}
  const known = waitingFor ?? whyWaiting(mover)
  if (known !== undefined) return sentence(known)
  if (mover.job === undefined) return sentence(move?.failure ?? 'no mover was running')
  const progress = knownProgress({ snapshot, mover })
  return progress === undefined
    ? `Job ${move?.jobName ?? ''} had not said anything yet.`
    : `Job ${move?.jobName ?? ''} was ${progressText(progress)}.`
}
