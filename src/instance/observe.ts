// Reads the world once for a MeiliInstance: pods, server, ConfigMaps, claim. Writes nothing and judges nothing.
import type { V1ConfigMap, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance, MeiliInstanceStatus } from '../api/instance.ts'
import type { MeiliSnapshot } from '../api/snapshot.ts'
import type { KubeClient } from '../kube/client.ts'
import { configMaps, persistentVolumeClaims, pods } from '../kube/resource.ts'
import type { KubeObject } from '../kube/resource.ts'
import type { MeilisearchClient } from '../meilisearch/client.ts'
import { rightsOf } from '../meilisearch/rights.ts'
import { certificateRejected } from '../meilisearch/transport.ts'
import type { Connections } from '../reconcile/connection.ts'
import { NotFound, TerminalError, TransientError } from '../reconcile/errors.ts'
import { serverOf } from '../reconcile/server.ts'
import type { InstanceObservation, ServerSeen } from './decide.ts'
import { configMapNames, launchOf } from './launch.ts'
import { selectorText } from './selector.ts'
import { containerOf, locateSnapshots } from './snapshot-volume.ts'

export interface InstanceWorld {
  readonly kube: KubeClient
  readonly connections: Connections
  /** Caches; both by namespace. */
  readonly instances: (namespace: string) => readonly MeiliInstance[]
  readonly snapshots: (namespace: string) => readonly MeiliSnapshot[]
  readonly pollMs: number
  /** Snapshots may be streamed where they cannot be mounted. */
  readonly streaming: boolean
}

export async function observeInstance(world: InstanceWorld, instance: MeiliInstance): Promise<InstanceObservation> {
  const { namespace } = instance.metadata
  const { alive, podsRefused } = await alivePods(world, instance)
  const pod = alive.length === 1 ? alive[0] : undefined
  const seen = { instance, pods: alive, podsRefused, lastSnapshot: newestCompleted(world, instance), pollMs: world.pollMs, streaming: world.streaming }
  const nothing: Pick<InstanceObservation, 'rival' | 'endpoint' | 'server' | 'located' | 'claim'> = { rival: undefined, endpoint: undefined, server: { state: 'NotAsked' }, located: undefined, claim: undefined }
  if (pod === undefined) return { ...seen, ...nothing }
  const server = serverOf(instance, pod)
  const located = await locate(world, instance, pod)
  const claimName = located !== undefined && 'volume' in located ? located.volume.claimName : undefined
  return {
    ...seen,
    rival: olderRival(world, instance, pod),
    endpoint: server?.endpoint,
    server: server === undefined ? { state: 'NotAsked' } : await ask(world.connections, server),
    located,
    claim: claimName === undefined ? undefined : await absentIfNotFound(world.kube.get<V1PersistentVolumeClaim & KubeObject>(persistentVolumeClaims, { namespace, name: claimName })),
  }
}

async function alivePods({ kube }: InstanceWorld, { metadata: { namespace }, spec }: MeiliInstance): Promise<{ alive: readonly (V1Pod & KubeObject)[]; podsRefused: string | undefined }> {
  try {
    const matching = await kube.listAll<V1Pod & KubeObject>(pods, { namespace, labelSelector: selectorText(spec.existing.podSelector) })
    const alive = matching.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    return { alive, podsRefused: undefined }
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error
    return { alive: [], podsRefused: error.message }
  }
}

function newestCompleted({ snapshots }: InstanceWorld, instance: MeiliInstance): MeiliInstanceStatus['lastSnapshot'] {
  const completed = snapshots(instance.metadata.namespace).flatMap(({ metadata, spec, status }) =>
    spec.source.instanceRef.name === instance.metadata.name && status?.phase === 'Completed' && status.completedAt !== undefined ? [{ name: metadata.name, completedAt: status.completedAt }] : [],
  )
  return completed.toSorted((a, b) => Date.parse(b.completedAt) - Date.parse(a.completedAt))[0]
}

function olderRival({ instances }: InstanceWorld, { metadata }: MeiliInstance, pod: V1Pod): string | undefined {
  const age = (other: MeiliInstance['metadata']): string => `${other.creationTimestamp} ${other.uid}`
  return instances(metadata.namespace).find((other) => other.metadata.uid !== metadata.uid && other.status?.pod?.uid === pod.metadata?.uid && age(other.metadata) < age(metadata))?.metadata.name
}

async function locate(world: InstanceWorld, instance: MeiliInstance, pod: V1Pod): Promise<InstanceObservation['located']> {
  const { container: named, port, snapshotDirectory } = instance.spec.existing
  const container = containerOf(pod, named, port)
  if (container === undefined) return undefined
  const { namespace } = instance.metadata
  const data = new Map<string, Readonly<Record<string, string>>>()
  for (const name of configMapNames(container)) {
    const configMap = await absentIfNotFound(world.kube.get<V1ConfigMap & KubeObject>(configMaps, { namespace, name }))
    if (configMap !== undefined) data.set(name, configMap.data ?? {})
  }
  const launch = launchOf(container, data)
  return { ...locateSnapshots({ pod, container, launch, override: snapshotDirectory }), s3: launch.s3 }
}

/** Whoever answers otherwise than Meilisearch would (a mesh, a proxy, another program) is as good as silent, and its words are kept. */
async function ask(connections: Connections, server: Parameters<Connections['open']>[0]): Promise<ServerSeen> {
  const connection = await connections.open(server)
  if (connection.state === 'SecretMissing') return connection
  try {
    return await interview(connection.client)
  } catch (error) {
    if (!(error instanceof TransientError || error instanceof TerminalError || error instanceof NotFound)) throw error
    return { state: error.code === certificateRejected ? 'CertificateRejected' : 'Unreachable', message: error.message }
  }
}

async function interview(client: MeilisearchClient): Promise<ServerSeen> {
  await client.health()
  const rights = await rightsOf(client)
  if (rights.state === 'Refused') return { state: 'KeyRefused', message: rights.message }
  if (rights.state === 'TooWeak') return { state: 'KeyTooWeak', missing: rights.missing }
  if (rights.state === 'Scoped') return { state: 'KeyScoped' }
  const { pkgVersion } = await client.version()
  const stats = await client.stats()
  const counts = Object.values(stats.indexes)
  return {
    state: 'Answered',
    version: pkgVersion,
    database: {
      sizeBytes: stats.databaseSize,
      usedBytes: stats.usedDatabaseSize ?? undefined,
      indexes: counts.length,
      documents: counts.reduce((sum, { numberOfDocuments }) => sum + numberOfDocuments, 0),
      lastUpdate: stats.lastUpdate ?? undefined,
    },
  }
}

async function absentIfNotFound<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (error instanceof NotFound) return undefined
    throw error
  }
}
