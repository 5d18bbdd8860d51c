// The rungs before the request: can it work at all, and is everything in place? Pure.
import type { V1Pod } from '@kubernetes/client-node'
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import { conditionTypes, durationMs } from '../../../api/meta.ts'
import { snapshotFinalizer, snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { conditionNamed, isTrue } from '../../../api/status/conditions.ts'
import { databaseClaimsOf } from '../../../reconcile/server-reference.ts'
import { whyNotJudged, whyNotStored } from '../job/databases.ts'
import { attemptStartedMs } from '../status/deadline.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { deletions } from '../job/end.ts'
import { sentence } from '../../../api/status/text.ts'
import { upToDate } from './source.ts'
import { failed, unchanged, waiting } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

/** The claim of a server's database, this one's or another's, is never a destination. */
export function destinationHoldsDatabase(observation: SnapshotObservation): Verdict | undefined {
  const why = whyNotStored(observation)
  if (why === undefined) return undefined
  return failed({
    reason: snapshotReasons.DestinationUnusable,
    message: why,
    effects: deletions(observation.mover.jobs),
  })
}

/** A server that nobody has looked at may have its database anywhere. */
export function databasesUnseen(observation: SnapshotObservation): Verdict | undefined {
  const why = whyNotJudged(observation)
  return why === undefined ? undefined : waiting({ reason: snapshotReasons.InstanceNotSeen, message: why })
}

/** As in the queue: it is not this snapshot that takes its time, and a restore ends by deadlines of its own. */
export function instanceRestoring({ restore, snapshot }: SnapshotObservation): Verdict | undefined {
  return restore === undefined
    ? undefined
    : waiting({
        reason: snapshotReasons.InstanceRestoring,
        message: `MeiliRestore ${restore.name} is at work on MeiliInstance ${snapshot.spec.source.instanceRef.name}, and goes first.`,
      })
}

export function pastStartDeadline(
  { snapshot, ...observation }: SnapshotObservation,
  nowMs: number,
): Verdict | undefined {
  const limitMs = durationMs(snapshot.spec.deadlines.start)
  if (isBehind(observation.ahead, snapshot) || nowMs - attemptStartedMs(snapshot, nowMs) <= limitMs) return undefined
  const waited = conditionNamed(snapshot.status?.conditions, conditionTypes.Ready)
  const asked = snapshot.status?.request === undefined ? 'no snapshot' : 'no other snapshot'
  const message = `Not everything was in place within deadlines.start (${snapshot.spec.deadlines.start}), and ${asked} was asked for. Last: ${sentence(`${waited?.reason ?? 'nothing was seen'}: ${snapshot.status?.waitingFor ?? ''}`)}`
  return failed({
    reason: snapshotReasons.StartDeadlineExceeded,
    message,
    effects: deletions(observation.mover.jobs),
  })
}

export function instanceMissing(observation: SnapshotObservation): Verdict | undefined {
  if (observation.instance !== undefined) return undefined
  const { name } = observation.snapshot.spec.source.instanceRef
  return waiting({
    reason: snapshotReasons.InstanceNotFound,
    message: `MeiliInstance ${name} does not exist in namespace ${observation.snapshot.metadata.namespace}.`,
  })
}

const keyReasons: readonly string[] = [
  instanceReasons.KeyMissing,
  instanceReasons.KeyRefused,
  instanceReasons.KeyTooWeak,
]

export function targetNotReady(observation: SnapshotObservation): Verdict | undefined {
  const { instance, target, engine } = observation
  const { InstanceNotSeen, TargetNotReady, Unauthorized } = snapshotReasons
  const name = instance?.metadata.name ?? ''
  if (!upToDate(observation))
    return waiting({
      reason: InstanceNotSeen,
      message: `MeiliInstance ${name} has not been looked at yet.`,
    })
  const ready = conditionNamed(instance?.status?.conditions, conditionTypes.Ready)
  if (ready?.status !== 'True' || ready.reason === instanceReasons.Suspended) {
    return waiting({
      reason: keyReasons.includes(ready?.reason ?? '') ? Unauthorized : TargetNotReady,
      message: ready?.message ?? `MeiliInstance ${name} is not ready.`,
    })
  }
  const silent =
    target === undefined
      ? `Pod ${instance?.status?.pod?.name ?? ''} of MeiliInstance ${name} is gone or was replaced.`
      : whyNoAnswer(engine, target)
  if (silent !== undefined)
    return waiting({
      reason: engine.state === 'Unauthorized' ? Unauthorized : TargetNotReady,
      message: silent,
    })
  return volumesUnknown(observation)
}

/** An operator that did not look for the database may have been the last one to look at the instance. */
function volumesUnknown(observation: SnapshotObservation): Verdict | undefined {
  const { instance } = observation
  const { InstanceNotSeen, TargetNotReady } = snapshotReasons
  if (instance !== undefined && databaseClaimsOf(instance) === undefined) {
    return waiting({
      reason: InstanceNotSeen,
      message: `MeiliInstance ${instance.metadata.name} does not say yet on which claim its database is.`,
    })
  }
  if (isTrue(instance?.status?.conditions, instanceConditions.SnapshotVolumeReady)) return undefined
  return waiting({
    reason: TargetNotReady,
    message: conditionNamed(instance?.status?.conditions, instanceConditions.SnapshotVolumeReady)?.message ?? '',
  })
}

/** Before the request; after it, whySilent in job/waiting.ts says why. */
function whyNoAnswer(engine: SnapshotObservation['engine'], target: V1Pod): string | undefined {
  if (engine.state === 'NotAsked') return `Pod ${target.metadata?.name ?? ''} has no address.`
  return engine.state === 'Answered' ? undefined : engine.message
}

/** One that has asked before keeps its turn. */
function isBehind(ahead: readonly string[], { status }: MeiliSnapshot): boolean {
  return ahead.length > 0 && status?.request === undefined
}

export function behindAnother(observation: SnapshotObservation): Verdict | undefined {
  const { snapshot, overdueAhead } = observation
  const before = [...observation.ahead, ...observation.elders]
  if (!isBehind(before, snapshot)) return undefined
  const position = `Queued at position ${before.length}, behind ${before.slice(0, 3).join(', ')}: one snapshot of a server at a time.`
  if (overdueAhead === undefined) return waiting({ reason: snapshotReasons.Queued, message: position })
  return waiting({
    reason: snapshotReasons.QueuedBehindOverdue,
    message: `${position} ${overdueAhead.name} is overdue: ${overdueAhead.why}`,
  })
}

/** From here on a deletion has something to end. The object comes back with it, and the next pass goes on. */
export function finalizerMissing({ snapshot }: SnapshotObservation): Verdict | undefined {
  if (snapshot.metadata.finalizers?.includes(snapshotFinalizer) === true) return undefined
  return unchanged({
    effects: [{ kind: 'AddFinalizer', finalizer: snapshotFinalizer }],
    againMs: pauses.finalizerMs,
  })
}
