// Reads the world once for a MeiliRestore: source, target, server, mover. Writes and judges nothing.
// Objects that a decision rests on are read from the API server itself; caches only find names.
import { hasRestoreEnded, meiliRestores, restoreFinalizer } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import type { MeiliInstance } from '../../../api/instance.ts'
import { meiliSnapshots, needsServer } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import type { KubeClient } from '../../../kube/client.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import type { Connections } from '../../../perform/meilisearch-connections.ts'
import { lookAtJob, noMover } from '../../../reconcile/job/look.ts'
import type { MoverSeen } from '../../../reconcile/job/seen.ts'
import { databasesOf } from '../../../reconcile/server-reference.ts'
import type { RestoreObservation } from '../observation.ts'
import { currentJobName, restoreUidSelector } from '../status/job.ts'
import { aheadOf, targetKeyOf } from './line.ts'
import type { RestoresKept } from './line.ts'
import { askServer } from './server.ts'
import { lookAtSource, lookAtSourceClaim } from './source.ts'
import type { SourceSnapshots } from './source.ts'
import { lookAtDrilled } from './drilled.ts'
import { lookAtTarget, nothingThere } from './target.ts'

export interface RestoreWorld {
  readonly kube: KubeClient
  readonly connections: Connections
  /** Caches. */
  readonly instance: (key: string) => MeiliInstance | undefined
  readonly instances: (namespace: string) => readonly MeiliInstance[]
  readonly restores: RestoresKept
  readonly snapshots: SourceSnapshots & {
    /** Of one instance, by `namespace/name`. */
    listUnfinished(where: string): Iterable<MeiliSnapshot>
    lastCompleted(instance: string): KnownSnapshot | undefined
  }
  /** Of a restore's Job. */
  readonly podsOf: (jobUid: string) => Iterable<KubeObject>
  /** Whether this installation runs servers. */
  readonly runsServers: boolean
  readonly moverImage: string
  readonly imagePullSecrets: readonly string[]
}

export async function observeRestore(world: RestoreWorld, restore: MeiliRestore): Promise<RestoreObservation> {
  const { namespace } = restore.metadata
  const blank: RestoreObservation = {
    restore,
    source: { is: 'notAsked' },
    sourceClaim: {},
    target: nothingThere,
    server: { is: 'notAsked' },
    mover: noMover,
    ahead: [],
    runningSnapshots: [],
    safetySnapshot: undefined,
    databases: [],
    runsServers: world.runsServers,
    moverImage: world.moverImage,
    imagePullSecrets: world.imagePullSecrets,
  }
  if (isAtRest(restore)) return blank
  const target = await lookAtTarget(world, restore)
  const source = await lookAtSource(world, restore)
  return {
    ...blank,
    source,
    sourceClaim: await lookAtSourceClaim(world.kube, restore, source),
    target,
    server: await askServer(world, { restore, instance: target.instance }),
    drilled: await lookAtDrilled(world, restore),
    mover: await lookAtMover(world, restore),
    ahead: await lookAhead(world, restore),
    runningSnapshots: runningSnapshots(world, restore),
    lastSnapshot: lastSnapshot(world, restore),
    safetySnapshot: await safetySnapshotOf(world, restore),
    databases: databasesOf(world.instances(namespace)),
  }
}

/** It has ended, nothing more is asked of it, and it keeps nothing: at a start all that have ended come by here. */
function isAtRest(restore: MeiliRestore): boolean {
  const { metadata, spec, status } = restore
  if (!hasRestoreEnded(restore) || metadata.deletionTimestamp !== undefined) return false
  if (metadata.finalizers?.includes(restoreFinalizer) === true) return false
  return status?.oldData === undefined && !(spec.rollback && status?.phase === 'Completed')
}

/** Before the first change the API server is asked: two that began at once would each exchange the other's data. */
async function lookAhead({ kube, restores }: RestoreWorld, restore: MeiliRestore): Promise<readonly string[]> {
  const { metadata, spec, status } = restore
  const target = targetKeyOf(restore)
  const begins = spec.mode === 'Apply' && status?.plan !== undefined && status.fill === undefined
  if (target === undefined || !begins) return aheadOf(restores, restore)
  const all = await kube.listAll<MeiliRestore & KubeObject>(meiliRestores, { namespace: metadata.namespace })
  return aheadOf({ ofTarget: (key) => all.filter((other) => targetKeyOf(other) === key) }, restore)
}

/** The end of an object waits for all of its Jobs. */
async function lookAtMover({ kube, podsOf }: RestoreWorld, restore: MeiliRestore): Promise<MoverSeen> {
  const { metadata, spec, status } = restore
  const isDeleted = metadata.deletionTimestamp !== undefined
  const name = currentJobName(restore)
  if (name === undefined && !isDeleted) return noMover
  return await lookAtJob(
    { kube, podsOf },
    {
      namespace: metadata.namespace,
      name: name ?? '',
      labelSelector: restoreUidSelector(restore),
      all: isDeleted,
      claimName: status?.fill?.claimName ?? spec.target.claim?.name ?? '',
    },
  )
}

/** The server must not be stopped under them. */
export function runningSnapshots(
  { snapshots }: { readonly snapshots: Pick<RestoreWorld['snapshots'], 'listUnfinished'> },
  { metadata, spec, status }: MeiliRestore,
): readonly string[] {
  const name = spec.target.inPlace?.instanceRef.name
  if (name === undefined) return []
  return [...snapshots.listUnfinished(`${metadata.namespace}/${name}`)]
    .filter(needsServer)
    .map((snapshot) => snapshot.metadata.name)
    .filter((other) => other !== status?.safety?.snapshot)
}

function lastSnapshot(
  { snapshots }: RestoreWorld,
  { metadata, spec, status }: MeiliRestore,
): KnownSnapshot | undefined {
  const name = spec.target.inPlace?.instanceRef.name
  return name === undefined || status?.oldData === undefined
    ? undefined
    : snapshots.lastCompleted(`${metadata.namespace}/${name}`)
}

async function safetySnapshotOf(
  { kube }: RestoreWorld,
  { metadata, status }: MeiliRestore,
): Promise<MeiliSnapshot | undefined> {
  const name = status?.safety?.snapshot
  if (name === undefined || status?.safety?.completedAt !== undefined) return undefined
  return await kube.find<MeiliSnapshot & KubeObject>(meiliSnapshots, { namespace: metadata.namespace, name })
}
