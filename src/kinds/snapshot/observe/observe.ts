// Reads the world once for a MeiliSnapshot: instance, target, claim, Meilisearch, mover. Writes and judges nothing.
// Objects that a decision rests on are read from the API server itself; caches only find names.
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import { conditionTypes } from '../../../api/meta.ts'
import { databaseVersionAnnotation, instanceConditions, instanceReasons } from '../../../api/instance.ts'
import type { MeiliInstance } from '../../../api/instance.ts'
import { dataGenerationAnnotation, restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { isFinished } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { persistentVolumeClaims, pods } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import { conditionNamed, isTrue } from '../../../api/status/conditions.ts'
import type { Connections } from '../../../perform/meilisearch-connections.ts'
import { restoreHold } from '../../../reconcile/names/data-claim.ts'
import type { RestoreHold } from '../../../reconcile/names/data-claim.ts'
import { databaseDirectory } from '../../../reconcile/names/objects.ts'
import { databaseClaimsOf, databasesOf, newsOf, serverOf } from '../../../reconcile/server-reference.ts'
import type { Database } from '../../../reconcile/server-reference.ts'
import { lookAtOthers } from './others.ts'
import type { Snapshots } from './others.ts'
import { askEngine } from './engine.ts'
import { lookAtLine, nobody } from './server-line.ts'
import type { Turns } from './turns.ts'
import { isRequested } from '../status/attempt.ts'
import { isBooting } from '../status/booting.ts'
import type { MoversKept } from './kept.ts'
import { lookAtMover } from './mover.ts'
import { noMover } from '../../../reconcile/job/look.ts'
import { poolNeeded } from './slots/pool-needed.ts'
import type { Slots } from './slots/slots.ts'
import type { EngineSeen, SnapshotObservation } from '../observation.ts'

export interface SnapshotWorld {
  readonly kube: KubeClient
  readonly connections: Connections
  /** Caches. */
  readonly instance: (key: string) => MeiliInstance | undefined
  readonly instances: (namespace: string) => readonly MeiliInstance[]
  /** All that stand for a pod. */
  readonly instancesOfPod: (namespace: string, uid: string) => Iterable<MeiliInstance>
  readonly snapshots: Snapshots
  /** Restores in place of one instance. */
  readonly restoresOf: (namespace: string, instance: string) => Iterable<MeiliRestore>
  /** In which movers and deletions take turns. */
  readonly slots: Pick<Slots, 'look' | 'claim'>
  readonly movers: Pick<MoversKept, 'podsOf'>
  /** How many snapshots may be streamed at once; 0 for none. */
  readonly maxStreams: number
  readonly moverImage: string
  readonly imagePullSecrets: readonly string[]
}

export async function observeSnapshot(
  world: SnapshotWorld,
  snapshot: MeiliSnapshot,
  turns: Turns,
): Promise<SnapshotObservation> {
  const { namespace } = snapshot.metadata
  const isOver = isFinished(snapshot) && snapshot.metadata.deletionTimestamp === undefined
  const instance = world.instance(`${namespace}/${snapshot.spec.source.instanceRef.name}`)
  const blank: SnapshotObservation = {
    snapshot,
    instance,
    target: undefined,
    successor: undefined,
    restore: restoreOf(world, snapshot),
    ...nobody,
    space: { sizeBytes: undefined, known: undefined },
    earlier: undefined,
    databases: [],
    unseen: [],
    claim: undefined,
    engine: { state: 'NotAsked' },
    mover: noMover,
    queued: undefined,
    apiServerMs: world.kube.serverTimeMs(),
    maxStreams: world.maxStreams,
    moverImage: world.moverImage,
    imagePullSecrets: world.imagePullSecrets,
  }
  // Before any look at the others: at a start each of ten thousand finished ones comes by here.
  if (isOver && snapshot.status?.deleteArtifact === undefined) return blank
  // There may be thousands in line, for hours.
  const queued = world.slots.look(snapshot)
  if (queued !== undefined) return { ...blank, queued }
  // Of one that expires the server is not asked.
  const { target, successor } = isOver ? {} : await targetOf(world.kube, instance)
  const mover = await lookAtMover(world, snapshot)
  const claim = await claimOf(world.kube, snapshot)
  const instances = world.instances(namespace)
  const seen = {
    ...blank,
    target,
    successor,
    mover,
    ...lookAtOthers(world.snapshots, snapshot, instance),
    databases: databasesIn(instances, claim),
    unseen: instances.filter(isUnseen).map((other) => other.metadata.name),
    ...lookAtLine(world, snapshot, turns),
    claim,
    engine: await engineOf(world, { snapshot, instance, target, mover }),
  }
  // Last, and at once: nobody else asks between this answer and what is decided by it.
  const pool = poolNeeded(seen)
  return pool === undefined ? seen : { ...seen, queued: world.slots.claim(snapshot, pool) }
}

/** The snapshot that a restore takes of the data from before is part of it. */
function restoreOf({ restoresOf }: SnapshotWorld, { metadata, spec }: MeiliSnapshot): RestoreHold | undefined {
  const { namespace, labels } = metadata
  const { name } = spec.source.instanceRef
  const hold = restoreHold({ metadata: { namespace, name } }, restoresOf(namespace, name))
  return hold !== undefined && labels?.[restoreUidLabel] === hold.uid ? undefined : hold
}

/** Marks of a claim that holds a database, or comes to hold one. */
const hasDatabaseMark = ({ metadata }: V1PersistentVolumeClaim): boolean =>
  metadata?.annotations?.[databaseVersionAnnotation] !== undefined ||
  metadata?.annotations?.[dataGenerationAnnotation] !== undefined ||
  metadata?.labels?.[restoreUidLabel] !== undefined

/** A claim that we made for a database says so for as long as it is there, also where its MeiliInstance is gone. */
function databasesIn(
  instances: readonly MeiliInstance[],
  destination: V1PersistentVolumeClaim | undefined,
): SnapshotObservation['databases'] {
  const known: readonly Database[] = databasesOf(instances)
  const claimName = destination?.metadata?.name ?? ''
  const isLeft =
    destination !== undefined && hasDatabaseMark(destination) && known.every((claim) => claim.claimName !== claimName)
  return isLeft ? [...known, { instance: undefined, claimName, subPath: databaseDirectory }] : known
}

/** Whoever has looked at it has looked at its pods; where there are none, nothing is known and nothing to be waited for. */
function isUnseen(instance: MeiliInstance): boolean {
  return (
    databaseClaimsOf(instance) === undefined &&
    conditionNamed(instance.status?.conditions, instanceConditions.PodFound)?.reason !== instanceReasons.PodNotFound
  )
}

/** The very pod that the instance speaks of, or another one of that name. */
async function targetOf(
  kube: KubeClient,
  instance: MeiliInstance | undefined,
): Promise<Partial<Pick<SnapshotObservation, 'target' | 'successor'>>> {
  const seen = instance?.status?.pod
  if (instance === undefined || seen === undefined) return {}
  const pod = await kube.find<V1Pod & KubeObject>(pods, { namespace: instance.metadata.namespace, name: seen.name })
  return pod?.metadata.uid === seen.uid ? { target: pod } : { successor: pod }
}

/** Asked about before anything is requested of it, and by the removal of the artifact; in between, the mover's own pod says. */
async function claimOf(kube: KubeClient, snapshot: MeiliSnapshot): Promise<V1PersistentVolumeClaim | undefined> {
  const { metadata, spec, status } = snapshot
  const isToGo = metadata.deletionTimestamp !== undefined || status?.deleteArtifact !== undefined
  if (isRequested(snapshot) && !isToGo) return undefined
  return await kube.find<V1PersistentVolumeClaim & KubeObject>(persistentVolumeClaims, {
    namespace: metadata.namespace,
    name: spec.destination.claim.name,
  })
}

async function engineOf(
  world: SnapshotWorld,
  seen: Pick<SnapshotObservation, 'snapshot' | 'instance' | 'target' | 'mover'>,
): Promise<EngineSeen> {
  const { snapshot, instance, target, mover } = seen
  const server = instance === undefined || target === undefined ? undefined : serverOf(instance, target)
  const needed = !isRequested(snapshot)
    ? isTrue(instance?.status?.conditions, conditionTypes.Ready)
    : mover.job === undefined && !isBooting(snapshot.status)
  if (server === undefined || !needed) return { state: 'NotAsked' }
  return await askEngine(world.connections, { server, news: newsOf(target) }, snapshot)
}
