// Reads the world once for a MeiliInstance: pods, server, ConfigMaps, claim. Writes and judges nothing.
import type { V1ConfigMap, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../api/instance.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { configMaps, persistentVolumeClaims, pods } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import type { Connections } from '../../../perform/meilisearch-connections.ts'
import { TerminalError } from '../../../errors.ts'
import { newsOf, serverIn, serverOf } from '../../../reconcile/server-reference.ts'
import type { DatabaseClaim } from '../../../reconcile/server-reference.ts'
import type { InstanceObservation } from '../observation.ts'
import { configMapNames, launchOf } from '../locate/launch.ts'
import type { ConfigMapData } from '../locate/launch.ts'
import { lookAtManaged, nothingManaged } from './managed.ts'
import type { Snapshots } from './managed.ts'
import { askServer } from './server.ts'
import { selectorText } from '../locate/selector.ts'
import { containerOf, distinct, locateDatabase, locateSnapshots, mountedClaims } from '../locate/snapshot-volume.ts'

export interface InstanceWorld {
  readonly kube: KubeClient
  readonly connections: Connections
  /** Caches. */
  readonly instances: (namespace: string) => readonly MeiliInstance[]
  /** All that stand for a pod. */
  readonly instancesOfPod: (namespace: string, uid: string) => Iterable<MeiliInstance>
  readonly snapshots: Snapshots
  /** Restores in place of one instance. */
  readonly restoresOf: (namespace: string, instance: string) => Iterable<MeiliRestore>
  readonly pollMs: number
  /** Snapshots may be streamed where they cannot be mounted. */
  readonly streaming: boolean
  /** Whether this installation runs servers. */
  readonly runsServers: boolean
  /** Pods of this cluster have an IPv6 address, or that first: the operator's has. */
  readonly ipv6: boolean
}

export async function observeInstance(world: InstanceWorld, instance: MeiliInstance): Promise<InstanceObservation> {
  const { alive, podsRefused } = await alivePods(world, instance)
  const [pod] = alive
  const locations = await locationsIn(world, instance, alive)
  return {
    instance,
    pods: alive,
    podsRefused,
    lastSnapshot: lastSnapshot(world, instance),
    pollMs: world.pollMs,
    streaming: world.streaming,
    ...(pod === undefined || alive.length > 1
      ? noPod
      : await observePod(world, instance, { pod, located: locations[0]?.located })),
    databaseClaims: pod === undefined ? undefined : distinct(locations.flatMap(({ databaseClaims }) => databaseClaims)),
    managed: await observeManaged(world, instance, alive),
  }
}

async function observeManaged(
  world: InstanceWorld,
  instance: MeiliInstance,
  alive: readonly V1Pod[],
): Promise<InstanceObservation['managed']> {
  if (instance.spec.managed === undefined) return undefined
  return world.runsServers ? await lookAtManaged(world, instance, alive) : nothingManaged
}

type OfPod = Pick<InstanceObservation, 'rival' | 'endpoint' | 'server' | 'located' | 'claim'>
const noPod: OfPod = {
  rival: undefined,
  endpoint: undefined,
  server: { state: 'NotAsked' },
  located: undefined,
  claim: undefined,
}

async function observePod(
  world: InstanceWorld,
  instance: MeiliInstance,
  { pod, located }: { readonly pod: V1Pod } & Pick<OfPod, 'located'>,
): Promise<OfPod> {
  const { namespace } = instance.metadata
  const server = serverOf(instance, pod)
  const claimName = located !== undefined && 'volume' in located ? located.volume.claimName : undefined
  return {
    rival: olderRival(world, instance, pod),
    endpoint: server?.endpoint,
    server:
      server === undefined
        ? { state: 'NotAsked' }
        : await askServer(world.connections, { server, news: newsOf(pod) }, instance.status?.upgrade),
    located,
    claim:
      claimName === undefined
        ? undefined
        : await world.kube.find<V1PersistentVolumeClaim & KubeObject>(persistentVolumeClaims, {
            namespace,
            name: claimName,
          }),
  }
}

async function alivePods(
  { kube }: InstanceWorld,
  instance: MeiliInstance,
): Promise<{ alive: readonly (V1Pod & KubeObject)[]; podsRefused: string | undefined }> {
  try {
    const matching = await kube.listAll<V1Pod & KubeObject>(pods, {
      namespace: instance.metadata.namespace,
      labelSelector: selectorText(serverIn(instance).podSelector),
    })
    const alive = matching.filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    )
    return { alive, podsRefused: undefined }
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error
    return { alive: [], podsRefused: error.message }
  }
}

function lastSnapshot({ snapshots }: InstanceWorld, { metadata }: MeiliInstance): MeiliInstanceStatus['lastSnapshot'] {
  const last = snapshots.lastCompleted(`${metadata.namespace}/${metadata.name}`)
  return last?.status?.completedAt === undefined
    ? undefined
    : { name: last.metadata.name, completedAt: last.status.completedAt }
}

function olderRival({ instancesOfPod }: InstanceWorld, { metadata }: MeiliInstance, pod: V1Pod): string | undefined {
  const age = (other: MeiliInstance['metadata']): string => `${other.creationTimestamp} ${other.uid}`
  return [...instancesOfPod(metadata.namespace, pod.metadata?.uid ?? '')].find(
    (other) => other.metadata.uid !== metadata.uid && age(other.metadata) < age(metadata),
  )?.metadata.name
}

type Location = Pick<InstanceObservation, 'located'> & { readonly databaseClaims: readonly DatabaseClaim[] }

/** Where each pod has its snapshots and its database: of several nobody knows which one is meant, and each may have one. */
async function locationsIn(
  { kube }: InstanceWorld,
  instance: MeiliInstance,
  alive: readonly V1Pod[],
): Promise<readonly Location[]> {
  const { container: named, port, snapshotDirectory: override } = serverIn(instance)
  const seen = alive.map((pod) => ({ pod, container: containerOf(pod, named, port) }))
  const data = await configMapsNamed(
    kube,
    instance.metadata.namespace,
    new Set(seen.flatMap(({ container }) => (container === undefined ? [] : configMapNames(container)))),
  )
  return seen.map(({ pod, container }) => {
    if (container === undefined)
      return { located: undefined, databaseClaims: mountedClaims(pod, pod.spec?.containers ?? []) }
    const launch = launchOf(container, data)
    return {
      located: { ...locateSnapshots({ pod, container, launch, override }), s3: launch.s3 },
      databaseClaims: locateDatabase({ pod, container, launch, override }),
    }
  })
}

async function configMapsNamed(
  kube: KubeClient,
  namespace: string,
  names: ReadonlySet<string>,
): Promise<ConfigMapData> {
  const data = new Map<string, Readonly<Record<string, string>>>()
  for (const name of names) {
    const configMap = await kube.find<V1ConfigMap & KubeObject>(configMaps, { namespace, name })
    if (configMap !== undefined) data.set(name, configMap.data ?? {})
  }
  return data
}
