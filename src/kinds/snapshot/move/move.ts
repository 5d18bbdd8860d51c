// The rungs of the move: from a succeeded task to a stored file. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../api/instance.ts'
import { snapshotReasons } from '../../../api/snapshot.ts'
import { databaseClaimsOf } from '../../../reconcile/server-reference.ts'
import { whyNotJudged, whyNotStored } from '../job/databases.ts'
import { deadlineText, moveDeadlineMs, runMoveClock } from '../status/deadline.ts'
import type { Move } from '../status/deadline.ts'
import { moveEstimate } from '../status/estimate.ts'
import { isGoing, lifeOf, restOf } from '../../../reconcile/job/life.ts'
import { moverJob, moverJobName } from '../job/commands/move.ts'
import type { MoveFrom } from '../job/commands/move.ts'
import { moverUser } from '../job/pod.ts'
import { lastProgress, progressSentence } from './progress.ts'
import { isDisrupted } from '../../../reconcile/job/termination.ts'
import { bringsNewerFile, noBatchOf } from './next-move.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { waitForTurn } from './queued.ts'
import { deletions, sweep } from '../job/end.ts'
import { percentOf } from '../status/status.ts'
import type { Changes } from '../status/status.ts'
import { streamFrom, whyNotStreamed } from '../job/stream-source.ts'
import { also, failed, step, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { whyNotBeside, whySilent } from '../job/silent.ts'
import { whyStillRunning, whyWaiting } from '../../../reconcile/job/waiting.ts'

/** The task has succeeded: one write puts that on record together with the mover that comes next, and the same pass starts it. */
export function startMove(observation: SnapshotObservation, changes: Changes, nowMs: number): Verdict | undefined {
  const { snapshot } = observation
  const move = { attempt: 1, jobName: moverJobName(snapshot, 1) }
  const recorded = { ...changes, move }
  const status = { ...snapshot.status, ...recorded }
  return also(moverMissing({ ...observation, snapshot: { ...snapshot, status } }, nowMs), recorded)
}

/** A mover that holds a single-node volume must not keep the database from starting elsewhere: fail-over goes first. */
export function targetMoving(
  { snapshot, instance, target, successor, mover }: SnapshotObservation,
  nowMs: number,
): Verdict | undefined {
  const { job } = mover
  const node = snapshot.status?.move?.node
  const shared = instance?.status?.snapshotVolume?.accessModes?.includes('ReadWriteMany') ?? false
  const holds = !shared && snapshot.status?.move?.stream === undefined
  const pod = target ?? successor
  if (job === undefined || node === undefined || !holds || pod === undefined) return undefined
  const leaving = isGoing(pod) || (pod.spec?.nodeName ?? node) !== node
  if (!leaving) return undefined
  const message = `Pod ${pod.metadata?.name ?? ''} is leaving node ${node}: the mover there makes way, and starts again when the pod is ready.`
  return step({
    phase: 'Moving',
    reason: snapshotReasons.TargetMoving,
    message,
    changes: { waitingFor: message },
    overdue: whyStillRunning(mover, nowMs),
    effects: deletions([job]),
    againMs: pauses.changeMs,
  })
}

/** The mover of this attempt is not there. A Job of that name that is going away must be gone first. */
export function moverMissing(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, mover } = observation
  const before = snapshot.status?.move
  const life = lifeOf(mover, before?.retryAt, nowMs)
  if (before === undefined || ('isGoing' in life && !life.isGoing)) return undefined
  const restMs = restOf(before.retryAt, nowMs)
  if (restMs > 0) return unchanged({ againMs: restMs })
  const why = whyNotStored(observation)
  if (why !== undefined) return refuseDestination(observation, why)
  const start = whyNotJudged(observation) ?? readyToStart(observation, before.attempt)
  if (typeof start === 'string')
    return step({
      phase: 'Moving',
      reason: snapshotReasons.MoverStarting,
      message: `${start} It goes on by itself, until ${deadlineText(moveDeadlineMs(snapshot, nowMs))}.`,
      changes: { waitingFor: start, move: runMoveClock(before, nowMs) },
      overdue: whyStillRunning(mover, nowMs),
      againMs: pauses.changeMs,
    })
  if (!bringsNewerFile(start.engine, before.supersededAt)) return noBatchOf(before.supersededAt)
  return waitForTurn(observation, nowMs) ?? createMover({ ...observation, ...start }, before, nowMs)
}

type Ready = Omit<MoveFrom, 'deadlineMs'>

function createMover(from: Ready, before: Move, nowMs: number): Verdict {
  const { snapshot, instance, target } = from
  const node = target.spec?.nodeName ?? ''
  const move = {
    ...runMoveClock(before, nowMs),
    node,
    runAs: moverUser(from),
    stream: streamFrom(instance, target),
  }
  const job = moverJob({ ...from, deadlineMs: moveDeadlineMs(snapshot, nowMs) - nowMs })
  return step({
    phase: 'Moving',
    reason: snapshotReasons.MoverStarting,
    message: startingText(before.jobName, node),
    changes: { move },
    effects: [{ kind: 'CreateJob', job }],
    keepsRefusal: before.node === node,
    againMs: pauses.workMs,
  })
}

/** The destination was given to a server since the request. A mover that runs already is let be. */
function refuseDestination(observation: SnapshotObservation, why: string): Verdict {
  const { note, effects } = sweep(observation, (observation.snapshot.status?.move?.attempt ?? 1) > 1)
  return failed({
    reason: snapshotReasons.DestinationUnusable,
    message: `The snapshot was taken, and cannot be stored. ${why}${note}`,
    effects,
  })
}

/** One sentence from the request to the first word of the mover: nothing worth a write happens in between. */
const startingText = (jobName: string, node: string): string => `Job ${jobName} is being started on node ${node}.`

/** What a mover is made from, or the sentence that says what is missing. */
function readyToStart(
  observation: SnapshotObservation,
  attempt: number,
): Pick<MoveFrom, 'instance' | 'target' | 'engine'> | string {
  const { instance, target, engine, mover } = observation
  if (mover.job !== undefined) return `Job ${mover.job.metadata?.name ?? ''} is being removed.`
  if (instance === undefined || target === undefined || engine.state !== 'Answered') return whySilent(observation)
  const unfit = whyUnfit(instance, target) ?? whyNotStreamed(observation, instance) ?? whyNotBeside(observation)
  if (unfit !== undefined) return unfit
  const newer = engine.candidates.find(({ status }) => status === 'enqueued' || status === 'processing')
  return newer !== undefined && attempt > 1
    ? `Task ${newer.uid}, a newer snapshot, is ${newer.status}: it is about to replace the file.`
    : { instance, target, engine }
}

/** Why nothing can be moved from beside this pod now. */
function whyUnfit(instance: MeiliInstance, target: V1Pod): string | undefined {
  const { metadata, status } = instance
  const pod = `Pod ${target.metadata?.name ?? ''}`
  if (target.spec?.nodeName === undefined) return `${pod} is on no node yet.`
  // A mover beside a pod that leaves would be in the way of its volume, and be deleted again at once.
  if (isGoing(target)) return `${pod} is going away; the mover waits for the next one.`
  if (databaseClaimsOf(instance) === undefined)
    return `MeiliInstance ${metadata.name} does not say on which claim its database is.`
  return status?.snapshotVolume === undefined
    ? `MeiliInstance ${metadata.name} does not say on which claim its snapshots are.`
    : undefined
}

/** Says why the mover cannot start, in the cluster's own words. */
export function moverWaiting({ snapshot, mover }: SnapshotObservation, nowMs: number): Verdict | undefined {
  const why = whyWaiting(mover)
  if (why === undefined) return undefined
  return step({
    phase: 'Moving',
    reason: snapshotReasons.MoverWaiting,
    message: `The mover cannot start yet: ${why} It is given up at ${deadlineText(moveDeadlineMs(snapshot, nowMs))}.`,
    changes: { waitingFor: why },
    againMs: pauses.workMs,
  })
}

export function moverRunning(observation: SnapshotObservation, nowMs: number): ReturnType<typeof step> {
  const { snapshot, mover, earlier } = observation
  const { move } = snapshot.status ?? {}
  const { jobName = '', node = '' } = move ?? {}
  const last = lastProgress(observation)
  const progress = mover.progress ?? last
  if (progress === undefined)
    return step({
      phase: 'Moving',
      reason: snapshotReasons.MoverStarting,
      message: isDisrupted(mover.pod)
        ? `Pod ${mover.pod?.metadata?.name ?? ''} had to make way (drain, eviction or preemption): Job ${jobName} makes another one.`
        : startingText(jobName, node),
      againMs: pauses.changeMs,
    })
  const percents = percentOf(progress.bytesTotal === 0 ? 0 : (100 * progress.bytesDone) / progress.bytesTotal)
  const estimatedCompletion = moveEstimate(snapshot, { earlier, bytesTotal: progress.bytesTotal }, nowMs)
  const copying = progress.step === 'copying'
  return step({
    phase: copying ? 'Moving' : 'Verifying',
    reason: copying ? snapshotReasons.Copying : snapshotReasons.Verifying,
    message: progressSentence(jobName, progress, nowMs),
    changes: {
      move: move && { ...move, begun: true },
      progress: last ?? { ...progress, ...percents, estimatedCompletion },
    },
    keepsProgress: last !== undefined,
    againMs: last === undefined ? pauses.workMs : pauses.changeMs,
  })
}
