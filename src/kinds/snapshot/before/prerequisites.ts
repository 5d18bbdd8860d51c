// The rungs before the request: can it work at all, and is everything in place? Pure.
import type { V1Pod } from '@kubernetes/client-node'
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import type { InstanceReason, MeiliInstance } from '../../../api/instance.ts'
import { conditionTypes, durationMs } from '../../../api/meta.ts'
import { snapshotFinalizer, snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { conditionNamed, isTrue } from '../../../api/conditions.ts'
import type { Decision, Effect } from '../../../reconcile/decision.ts'
import { databaseClaimsOf } from '../../../reconcile/server-reference.ts'
import { whyNotJudged, whyNotReleased, whyNotStored } from '../job/databases.ts'
import { destinationClaim } from './destination-claim.ts'
import { attemptStartedMs } from '../status/deadline.ts'
import type { SnapshotObservation } from '../observation.ts'
import { deletions, pending } from '../job/pending.ts'
import { sentence } from '../status/sentence.ts'
import { failed } from '../status/status.ts'
import { targetUser } from '../job/target.ts'

type Outcome = Decision<MeiliSnapshotStatus> | undefined

/** Reasons of SnapshotVolumeReady that no waiting cures. */
const hopeless: readonly InstanceReason[] = [
  instanceReasons.ContainerUnknown,
  instanceReasons.DirectoryUnknown,
  instanceReasons.DirectoryNotOnClaim,
  instanceReasons.ClaimReadWriteOncePod,
  instanceReasons.ClaimUnusable,
  instanceReasons.SnapshotsToS3,
]

/** The instance says of which generation its conditions speak; an older word does not count. */
function upToDate({ instance }: SnapshotObservation): boolean {
  return instance?.status?.observedGeneration === instance?.metadata.generation
}

/** The claim of a server's database, this one's or another's, is never a destination. */
export function destinationHoldsDatabase(observation: SnapshotObservation, nowMs: number): Outcome {
  const why = whyNotStored(observation)
  if (why === undefined) return undefined
  return {
    status: failed(observation.snapshot, { reason: snapshotReasons.DestinationUnusable, message: why }, nowMs),
    effects: deletions(observation.mover.jobs),
  }
}

/** A server that nobody has looked at may have its database anywhere. */
export function databasesUnseen(observation: SnapshotObservation, nowMs: number): Outcome {
  const why = whyNotJudged(observation)
  return why === undefined
    ? undefined
    : pending(observation, nowMs, { reason: snapshotReasons.InstanceNotSeen, message: why })
}

/** Rung 3: the user has to change something, and a MeiliSnapshot is immutable: say what, and end. */
export function sourceUnusable(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, instance, target } = observation
  if (instance === undefined || !upToDate(observation)) return undefined
  const volume = conditionNamed(instance.status?.conditions, instanceConditions.SnapshotVolumeReady)
  const reason = hopeless.find((hopelessReason) => volume?.status === 'False' && volume.reason === hopelessReason)
  const unfit =
    reason === undefined
      ? (notRemovable(observation) ?? (target === undefined ? undefined : userUnfit(observation, instance, target)))
      : { reason, message: volume?.message ?? '' }
  return unfit === undefined ? undefined : { status: failed(snapshot, unfit, nowMs), effects: [] }
}

type Unfit = Parameters<typeof failed>[1]

/** What removes the file has its directory writable. */
function notRemovable(observation: SnapshotObservation): Unfit | undefined {
  const why = observation.snapshot.spec.sourcePolicy === 'Remove' ? whyNotReleased(observation) : undefined
  return why === undefined
    ? undefined
    : {
        reason: snapshotReasons.SourceNotRemovable,
        message: `${why} Use sourcePolicy: Keep, or give the snapshots a directory of their own (MEILI_SNAPSHOT_DIR).`,
      }
}

/** A mover has the server's user; it never is root, and a user that is not known is not guessed. */
function userUnfit(
  { snapshot, claim }: SnapshotObservation,
  instance: MeiliInstance,
  target: V1Pod,
): Unfit | undefined {
  const { uid, isRoot } = targetUser(target, instance)
  if (uid !== undefined) return undefined
  const pod = `Pod ${target.metadata?.name ?? ''}`
  const who = isRoot ? `${pod} runs as root` : `${pod} does not say as which user it runs`
  const asUser = isRoot ? 'run Meilisearch as a user (runAsUser)' : 'set runAsUser in the pod'
  if (snapshot.spec.sourcePolicy === 'Remove') {
    const message = isRoot
      ? `${who}, so its snapshots are root's, and a mover, which never runs as root, cannot remove them.`
      : `${who}, so a mover, which runs as a user of its own then, cannot remove its snapshots.`
    return { reason: snapshotReasons.SourceNotRemovable, message: `${message} Use sourcePolicy: Keep, or ${asUser}.` }
  }
  if (claim === undefined || instance.status?.snapshotVolume?.claimName !== claim.metadata?.name) return undefined
  const message = `${who}, and writes its snapshots to claim ${claim.metadata?.name ?? ''}: a mover, which then has a user of its own, never changes the group of a server's volume, and could not write there. Use another claim for the destination, or ${asUser}.`
  return { reason: snapshotReasons.DestinationUnusable, message }
}

export function pastStartDeadline({ snapshot, ...observation }: SnapshotObservation, nowMs: number): Outcome {
  const limitMs = durationMs(snapshot.spec.deadlines.start)
  if (isBehind(observation.ahead, snapshot) || nowMs - attemptStartedMs(snapshot, nowMs) <= limitMs) return undefined
  const waited = conditionNamed(snapshot.status?.conditions, conditionTypes.Ready)
  const asked = snapshot.status?.request === undefined ? 'no snapshot' : 'no other snapshot'
  const message = `Not everything was in place within deadlines.start (${snapshot.spec.deadlines.start}), and ${asked} was asked for. Last: ${sentence(`${waited?.reason ?? 'nothing was seen'}: ${snapshot.status?.waitingFor ?? ''}`)}`
  return {
    status: failed(snapshot, { reason: snapshotReasons.StartDeadlineExceeded, message }, nowMs),
    effects: deletions(observation.mover.jobs),
  }
}

export function instanceMissing(observation: SnapshotObservation, nowMs: number): Outcome {
  if (observation.instance !== undefined) return undefined
  const { name } = observation.snapshot.spec.source.instanceRef
  return pending(observation, nowMs, {
    reason: snapshotReasons.InstanceNotFound,
    message: `MeiliInstance ${name} does not exist in namespace ${observation.snapshot.metadata.namespace}.`,
  })
}

const keyReasons: readonly string[] = [
  instanceReasons.KeyMissing,
  instanceReasons.KeyRefused,
  instanceReasons.KeyTooWeak,
]

export function targetNotReady(observation: SnapshotObservation, nowMs: number): Outcome {
  const { instance, target, engine } = observation
  const { InstanceNotSeen, TargetNotReady, Unauthorized } = snapshotReasons
  const name = instance?.metadata.name ?? ''
  if (!upToDate(observation))
    return pending(observation, nowMs, {
      reason: InstanceNotSeen,
      message: `MeiliInstance ${name} has not been looked at yet.`,
    })
  const ready = conditionNamed(instance?.status?.conditions, conditionTypes.Ready)
  if (ready?.status !== 'True' || ready.reason === instanceReasons.Suspended) {
    return pending(observation, nowMs, {
      reason: keyReasons.includes(ready?.reason ?? '') ? Unauthorized : TargetNotReady,
      message: ready?.message ?? `MeiliInstance ${name} is not ready.`,
    })
  }
  const silent =
    target === undefined
      ? `Pod ${instance?.status?.pod?.name ?? ''} of MeiliInstance ${name} is gone or was replaced.`
      : whySilent(engine, target)
  if (silent !== undefined)
    return pending(observation, nowMs, {
      reason: engine.state === 'Unauthorized' ? Unauthorized : TargetNotReady,
      message: silent,
    })
  return volumesUnknown(observation, nowMs)
}

/** An operator that did not look for the database may have been the last one to look at the instance. */
function volumesUnknown(observation: SnapshotObservation, nowMs: number): Outcome {
  const { instance } = observation
  const { InstanceNotSeen, TargetNotReady } = snapshotReasons
  if (instance !== undefined && databaseClaimsOf(instance) === undefined) {
    return pending(observation, nowMs, {
      reason: InstanceNotSeen,
      message: `MeiliInstance ${instance.metadata.name} does not say yet on which claim its database is.`,
    })
  }
  if (isTrue(instance?.status?.conditions, instanceConditions.SnapshotVolumeReady)) return undefined
  return pending(observation, nowMs, {
    reason: TargetNotReady,
    message: conditionNamed(instance?.status?.conditions, instanceConditions.SnapshotVolumeReady)?.message ?? '',
  })
}

function whySilent(engine: SnapshotObservation['engine'], target: V1Pod): string | undefined {
  if (engine.state === 'NotAsked') return `Pod ${target.metadata?.name ?? ''} has no address.`
  return engine.state === 'Answered' ? undefined : engine.message
}

/** One that has asked before keeps its turn. */
function isBehind(ahead: readonly string[], { status }: MeiliSnapshot): boolean {
  return ahead.length > 0 && status?.request === undefined
}

export function queued(observation: SnapshotObservation, nowMs: number): Outcome {
  const { ahead, snapshot } = observation
  if (!isBehind(ahead, snapshot)) return undefined
  return pending(observation, nowMs, {
    reason: snapshotReasons.Queued,
    message: `Queued at position ${ahead.length}, behind ${ahead.slice(0, 3).join(', ')}: one snapshot of a server at a time.`,
  })
}

export function claimMissing(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, claim } = observation
  const { name, template } = snapshot.spec.destination.claim
  if (claim !== undefined) return undefined
  if (template === undefined) {
    return pending(observation, nowMs, {
      reason: snapshotReasons.ClaimNotFound,
      message: `Claim ${name} does not exist in namespace ${snapshot.metadata.namespace}, and destination.claim.template does not say how to make it.`,
    })
  }
  const effects: Effect[] = [{ kind: 'CreateClaim', claim: destinationClaim(snapshot, template) }]
  const refused =
    conditionNamed(snapshot.status?.conditions, conditionTypes.Ready)?.reason === snapshotReasons.ClaimNotReady
  if (refused) return { status: snapshot.status ?? {}, effects, requeueAfterMs: 5000 }
  return {
    ...pending(observation, nowMs, {
      reason: snapshotReasons.ClaimCreating,
      message: `Claim ${name} is being created from its template.`,
      effects,
    }),
    requeueAfterMs: 250,
  }
}

export function claimUnusable(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, claim } = observation
  const name = claim?.metadata?.name ?? ''
  const modes = claim?.spec?.accessModes ?? []
  if (claim?.spec?.volumeMode === 'Block' || !modes.some((mode) => mode.startsWith('ReadWrite'))) {
    const message = `Claim ${name} (volumeMode ${claim?.spec?.volumeMode ?? 'Filesystem'}, ${modes.join(', ')}) is not a file system that can be written. Use another claim.`
    return { status: failed(snapshot, { reason: snapshotReasons.DestinationUnusable, message }, nowMs), effects: [] }
  }
  const lost = claim?.status?.phase === 'Lost' || claim?.metadata?.deletionTimestamp !== undefined
  return lost
    ? pending(observation, nowMs, {
        reason: snapshotReasons.ClaimNotReady,
        message: `Claim ${name} is ${claim?.status?.phase === 'Lost' ? 'lost' : 'being deleted'}.`,
      })
    : undefined
}

/** From here on a deletion has something to end. The object comes back with it, and the next pass goes on. */
export function finalizerMissing({ snapshot }: SnapshotObservation): Outcome {
  if (snapshot.metadata.finalizers?.includes(snapshotFinalizer) === true) return undefined
  return {
    status: snapshot.status ?? {},
    effects: [{ kind: 'AddFinalizer', finalizer: snapshotFinalizer }],
    requeueAfterMs: 15_000,
  }
}
