// The rungs of the move: from a succeeded task to a stored file. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { conditionTypes } from '../api/meta.ts'
import { snapshotReasons } from '../api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../api/snapshot.ts'
import { conditionNamed, instant } from '../reconcile/conditions.ts'
import type { MoverResult } from '../mover/contract.ts'
import type { Decision, Effect } from '../reconcile/decision.ts'
import { sizeText } from '../reconcile/format.ts'
import { storedArtifact } from './artifact.ts'
import { askAgain } from './attempt.ts'
import { deadlineText, moveDeadlineMs } from './deadline.ts'
import { moveEstimate } from './estimate.ts'
import { moverJob, moverJobName } from './mover-job.ts'
import type { MoveFrom } from './mover-job.ts'
import { failureOf, resultOf, terminationOf } from './mover-result.ts'
import { moverUser } from './mover-pod.ts'
import { bringsNewerFile, nextMove } from './next-move.ts'
import type { SnapshotObservation } from './observation.ts'
import { deletions } from './pending.ts'
import { startRelease } from './release.ts'
import { completed, failed, inProgress } from './status.ts'
import type { Changes } from './status.ts'
import { whyWaiting } from './waiting.ts'

type Outcome = Decision<MeiliSnapshotStatus> | undefined

/** Records that the task has succeeded and which mover comes next; the next pass starts it. */
export function startMove({ snapshot }: SnapshotObservation, changes: Changes, nowMs: number): Decision<MeiliSnapshotStatus> {
  const move = { attempt: 1, jobName: moverJobName(snapshot, 1), startedAt: instant(nowMs) }
  const message = `Meilisearch finished task ${changes.task?.uid ?? ''}. The mover is being started.`
  return { status: inProgress(snapshot, { phase: 'Moving', reason: snapshotReasons.MoverStarting, message, changes: { ...changes, move } }, nowMs), effects: [], requeueAfterMs: 1000 }
}

/** The mover's container has ended: done, or why not. Its own word counts, not the Job's, which comes later. */
export function moverFinished(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, mover } = observation
  const { job, pod } = mover
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return undefined
  const termination = terminationOf(job, pod)
  if (termination === undefined) return undefined
  const result = resultOf(termination)
  if (result.exitCode === 0 && result.stored !== undefined) return stored(observation, { job, ...result, stored: result.stored }, nowMs)
  const failure = failureOf(result)
  switch (failure.cure) {
    case 'None':
      return { status: failed(snapshot, failure, nowMs), effects: [] }
    case 'Snapshot':
      return askAgain(snapshot, failure, nowMs)
    default:
      return nextMove(snapshot, { failure, supersededAt: failure.reason === snapshotReasons.Superseded ? result.modifiedAt : undefined }, nowMs)
  }
}

function stored({ snapshot }: SnapshotObservation, { job, stored: file, space }: MoverResult & { readonly job: V1Job; readonly stored: NonNullable<MoverResult['stored']> }, nowMs: number): Outcome {
  const seen = space === undefined ? {} : { destination: { freeBytes: space.freeBytes, observedAt: instant(nowMs) } }
  const changes = { ...storedArtifact(snapshot, job, file), ...seen }
  if (snapshot.spec.sourcePolicy === 'Keep') return { status: completed(snapshot, { changes }, nowMs), effects: [] }
  const { inode, modifiedAt, sizeBytes } = file
  return startRelease(snapshot, { changes, file: { inode, modifiedAt, sizeBytes } }, nowMs)
}

/** Past deadlines.move: end what runs, see it gone, then say so. */
export function pastMoveDeadline(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, mover } = observation
  if (nowMs <= moveDeadlineMs(snapshot, nowMs)) return undefined
  const limit = `The file was not stored within deadlines.move (${snapshot.spec.deadlines.move}). Last: ${snapshot.status?.waitingFor ?? whyWaiting(mover) ?? 'the mover was running'}`
  if (mover.jobs.length === 0) {
    return { status: failed(snapshot, { reason: snapshotReasons.MoveDeadlineExceeded, message: `${limit}. Nothing was stored; Meilisearch still has its own file.` }, nowMs), effects: [] }
  }
  const message = `${limit}. Its mover is being ended.`
  return { status: inProgress(snapshot, { phase: 'Moving', reason: snapshotReasons.MoveDeadlineExceeded, message }, nowMs), effects: deletions(mover.jobs), requeueAfterMs: 2000 }
}

/** A mover that holds a single-node volume must not keep the database from starting elsewhere: fail-over goes first. */
export function targetMoving({ snapshot, instance, target, mover }: SnapshotObservation, nowMs: number): Outcome {
  const { job } = mover
  const node = snapshot.status?.move?.node
  const shared = instance?.status?.snapshotVolume?.accessModes?.includes('ReadWriteMany') ?? false
  if (job === undefined || node === undefined || shared || target === undefined) return undefined
  const leaving = target.metadata?.deletionTimestamp !== undefined || (target.spec?.nodeName ?? node) !== node
  if (!leaving) return undefined
  const message = `Pod ${target.metadata?.name ?? ''} is leaving node ${node}: the mover there makes way, and starts again when the pod is ready.`
  return { status: inProgress(snapshot, { phase: 'Moving', reason: snapshotReasons.TargetMoving, message, changes: { waitingFor: message } }, nowMs), effects: deletions([job]), requeueAfterMs: 2000 }
}

/** Rung 11: the mover of this attempt is not there. A Job of that name that is going away must be gone first. */
export function moverMissing(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, mover } = observation
  const before = snapshot.status?.move
  if (before === undefined || (mover.job !== undefined && mover.job.metadata?.deletionTimestamp === undefined)) return undefined
  const restMs = before.retryAt === undefined ? 0 : Date.parse(before.retryAt) - nowMs
  if (restMs > 0) return { status: snapshot.status ?? {}, effects: [], requeueAfterMs: restMs }
  const start = readyToStart(observation, before.attempt)
  if (typeof start === 'string') {
    const message = `${start} It goes on by itself, until ${deadlineText(moveDeadlineMs(snapshot, nowMs))}.`
    return { status: inProgress(snapshot, { phase: 'Moving', reason: snapshotReasons.MoverStarting, message, changes: { waitingFor: start.slice(0, 500) } }, nowMs), effects: [], requeueAfterMs: 2000 }
  }
  if (!bringsNewerFile(start.engine, before.supersededAt)) {
    return askAgain(snapshot, { reason: snapshotReasons.SourceMissing, message: `The file in the snapshot directory was written at ${before.supersededAt}, by no batch that Meilisearch shows.` }, nowMs)
  }
  const job = moverJob({ ...observation, ...start, deadlineMs: moveDeadlineMs(snapshot, nowMs) - nowMs })
  const node = start.target.spec?.nodeName ?? ''
  const effects: Effect[] = [{ kind: 'CreateJob', job }]
  if (wasRefused(snapshot, before.jobName)) return { status: snapshot.status ?? {}, effects, requeueAfterMs: 10_000 }
  const message = `Job ${before.jobName} is being started on node ${node}.`
  return { status: inProgress(snapshot, { phase: 'Moving', reason: snapshotReasons.MoverStarting, message, changes: { move: { ...before, node, runAs: moverUser({ snapshot, ...start }) } } }, nowMs), effects, requeueAfterMs: 5000 }
}

/** What a mover is made from, or the sentence that says what is missing. */
function readyToStart({ instance, target, engine, mover, movers }: SnapshotObservation, attempt: number): Pick<MoveFrom, 'instance' | 'target' | 'engine'> | string {
  if (mover.job !== undefined) return `Job ${mover.job.metadata?.name ?? ''} is being removed.`
  if (movers.running >= movers.limit) return `${movers.running} movers run already, and ${movers.limit} may at once.`
  if (instance === undefined || target?.spec?.nodeName === undefined) return 'The server pod, whose node tells where to move from, is not there.'
  if (engine.state !== 'Answered') return engine.state === 'NotAsked' ? 'The server has not been asked.' : engine.message
  const unfinished = engine.candidates.find(({ status }) => status === 'enqueued' || status === 'processing')
  return unfinished !== undefined && attempt > 1 ? `Task ${unfinished.uid} is writing the file anew.` : { instance, target, engine }
}

/** What was refused is tried again without a new sentence: else each try would tell the same story anew. */
function wasRefused({ status }: SnapshotObservation['snapshot'], jobName: string): boolean {
  return status?.move?.jobName === jobName && conditionNamed(status.conditions, conditionTypes.Ready)?.reason === snapshotReasons.MoverRefused
}

/** Rung 12: say why in the cluster's own words. */
export function moverWaiting(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, mover } = observation
  const why = whyWaiting(mover)
  if (why === undefined) return undefined
  const message = `The mover cannot start yet: ${why} It is given up at ${deadlineText(moveDeadlineMs(snapshot, nowMs))}.`
  return { status: inProgress(snapshot, { phase: 'Moving', reason: snapshotReasons.MoverWaiting, message, changes: { waitingFor: why.slice(0, 500) } }, nowMs), effects: [], requeueAfterMs: 5000 }
}

export function moverRunning({ snapshot, mover, earlier }: SnapshotObservation, nowMs: number): Outcome {
  const { progress } = mover
  const jobName = snapshot.status?.move?.jobName ?? ''
  if (progress === undefined) {
    return { status: inProgress(snapshot, { phase: 'Moving', reason: snapshotReasons.MoverStarting, message: `Job ${jobName} is starting.` }, nowMs), effects: [], requeueAfterMs: 2000 }
  }
  const percent = progress.bytesTotal === 0 ? 0 : Math.floor((100 * progress.bytesDone) / progress.bytesTotal)
  const copying = progress.step === 'copying'
  const done = `${sizeText(progress.bytesDone)} of ${sizeText(progress.bytesTotal)}`
  return {
    status: inProgress(
      snapshot,
      {
        phase: copying ? 'Moving' : 'Verifying',
        reason: copying ? snapshotReasons.Copying : snapshotReasons.Verifying,
        message: `Job ${jobName} is ${progress.step}: ${done}.`,
        changes: { progress: { ...progress, percent, percentText: `${percent} %`, estimatedCompletion: moveEstimate(snapshot, { earlier, bytesTotal: progress.bytesTotal }, nowMs) } },
      },
      nowMs,
    ),
    effects: [],
    requeueAfterMs: 5000,
  }
}
