// Reads a managed instance's children and whose they are; of Secrets only what gives no key away. Writes and judges nothing.
import type { CoreV1Event, V1Job, V1Pod, V1Service, V1StatefulSet } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../api/instance.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { isFinished, meiliSnapshots, needsServer } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { isWhole } from '../../../api/status/settled-snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { findEvents, newestOf } from '../../../kube/event-time.ts'
import { events, jobs, services, statefulSets } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import type { Connections } from '../../../perform/meilisearch-connections.ts'
import { bootstrapRestoreName, restoreHold } from '../../../reconcile/names/data-claim.ts'
import { baseName, moverSelector } from '../../../reconcile/names/objects.ts'
import { databasesOf } from '../../../reconcile/server-reference.ts'
import type { ManagedSeen } from '../observation.ts'
import { lookAtClaims } from './claims.ts'
import { lookAtSecrets } from './secrets.ts'
import { selectsPod } from '../children/selected-by.ts'

/** What is found without a look at all of them. An instance is named by `namespace/name`. */
export interface Snapshots {
  get(key: string): KnownSnapshot | undefined
  listUnfinished(instance: string): Iterable<MeiliSnapshot>
  lastCompleted(instance: string): KnownSnapshot | undefined
  beforeUpgrades(instance: string): Iterable<MeiliSnapshot>
}

export interface ManagedWorld {
  readonly kube: KubeClient
  readonly connections: Connections
  readonly instances: (namespace: string) => readonly MeiliInstance[]
  readonly snapshots: Snapshots
  /** Restores in place of an instance, whatever became of them. */
  readonly restoresOf: (namespace: string, instance: string) => Iterable<MeiliRestore>
  /** Pods of this cluster have an IPv6 address, or that first: the operator's has. */
  readonly ipv6: boolean
}

/** Where this installation runs no servers, nothing of them is read. */
export const nothingManaged: ManagedSeen = {
  isSwitchedOn: false,
  ipv6: false,
  statefulSet: undefined,
  service: undefined,
  selectedBy: [],
  otherDatabases: [],
  claims: {},
  hold: undefined,
  bootstrap: undefined,
  earlierData: [],
  filling: [],
  keySecret: undefined,
  connection: undefined,
  secretRefused: undefined,
  runningSnapshots: [],
  recordedUpgradeSnapshot: undefined,
  upgradeSnapshots: [],
  finishedMovers: [],
  warning: undefined,
}

export async function lookAtManaged(
  world: ManagedWorld,
  instance: MeiliInstance,
  pods: readonly V1Pod[],
): Promise<ManagedSeen> {
  const { kube, connections } = world
  const { namespace } = instance.metadata
  const name = baseName(instance)
  // Before the claims: whoever sees a restore in its next phase sees the data that it has left.
  const restores = lookAtRestores(world, instance)
  const [statefulSet, service, selectedBy, claimsSeen, { keySecret, connection, secretRefused }] = await Promise.all([
    kube.find<V1StatefulSet & KubeObject>(statefulSets, { namespace, name }),
    kube.find<V1Service & KubeObject>(services, { namespace, name }),
    pods.length === 0 ? [] : servicesThatSelect(kube, namespace, pods),
    lookAtClaims(kube, instance),
    lookAtSecrets(connections, instance),
  ])
  const key = `${namespace}/${instance.metadata.name}`
  return {
    isSwitchedOn: true,
    ipv6: world.ipv6,
    statefulSet,
    service,
    selectedBy,
    otherDatabases: databasesOf(
      world.instances(namespace).filter((other) => other.metadata.name !== instance.metadata.name),
    ),
    ...restores,
    ...claimsSeen,
    keySecret,
    connection,
    secretRefused,
    runningSnapshots: [...world.snapshots.listUnfinished(key)].filter(needsServer).map(({ metadata }) => metadata.name),
    recordedUpgradeSnapshot: await recordedUpgradeSnapshot(world, instance),
    upgradeSnapshots: [...world.snapshots.beforeUpgrades(key)],
    finishedMovers:
      instance.metadata.deletionTimestamp === undefined ? [] : await finishedMovers(world, claimsSeen, namespace),
    warning:
      pods.length === 0 && statefulSet?.spec?.replicas === 1 ? await newestWarning(kube, namespace, name) : undefined,
  }
}

function lookAtRestores(
  { restoresOf }: Pick<ManagedWorld, 'restoresOf'>,
  instance: MeiliInstance,
): Pick<ManagedSeen, 'hold' | 'bootstrap'> {
  const { namespace, name, uid } = instance.metadata
  const restores = [...restoresOf(namespace, name)]
  const own = bootstrapRestoreName(instance)
  return {
    hold: restoreHold(instance, restores),
    bootstrap: restores.find(({ metadata }) => metadata.name === own && isOwnedBy(uid, metadata)),
  }
}

const isOwnedBy = (uid: string, { ownerReferences = [] }: KubeObject['metadata']): boolean =>
  ownerReferences.some((owner) => owner.uid === uid)

/** Others' Services may be many, and large: of a small page nothing stays but names, and what comes after some pages is not looked at. */
const servicesAtOnce = 50
const mostPages = 10

async function servicesThatSelect(
  kube: KubeClient,
  namespace: string,
  pods: readonly V1Pod[],
): Promise<readonly string[]> {
  const names: string[] = []
  let pages = 0
  for await (const { items } of kube.pages<V1Service & KubeObject>(services, { namespace, limit: servicesAtOnce })) {
    names.push(
      ...items.filter((service) => pods.some((pod) => selectsPod(service, pod))).map(({ metadata }) => metadata.name),
    )
    pages += 1
    if (pages === mostPages) break
  }
  return names
}

/** It is whole in the cache, by its labels; where somebody took those away, it is read. */
async function recordedUpgradeSnapshot(
  { kube, snapshots }: ManagedWorld,
  { metadata, status }: MeiliInstance,
): Promise<MeiliSnapshot | undefined> {
  const name = status?.upgrade?.snapshot ?? ''
  const recorded = snapshots.get(`${metadata.namespace}/${name}`)
  if (recorded?.spec.source.instanceRef.name !== metadata.name) return undefined
  return isWhole(recorded)
    ? recorded
    : await kube.find<MeiliSnapshot & KubeObject>(meiliSnapshots, { namespace: metadata.namespace, name })
}

/** A snapshot is finished before its Job says so of itself. */
async function finishedMovers(
  { kube, snapshots }: ManagedWorld,
  { claims, earlierData, filling }: Pick<ManagedSeen, 'claims' | 'earlierData' | 'filling'>,
  namespace: string,
): Promise<readonly V1Job[]> {
  const ours = [...Object.values(claims), ...earlierData.map(({ claim }) => claim), ...filling]
  const names = new Set(ours.map(({ metadata }) => metadata?.name))
  const movers = await kube.listAll<V1Job & KubeObject>(jobs, { namespace, labelSelector: moverSelector })
  const hasEnded = ({ metadata }: V1Job): boolean =>
    metadata?.ownerReferences?.some(({ name, uid }) => {
      const owner = snapshots.get(`${namespace}/${name}`)
      return owner !== undefined && owner.metadata.uid === uid && isFinished(owner)
    }) ?? false
  const mounts = ({ spec }: V1Job): boolean =>
    spec?.template.spec?.volumes?.some(({ persistentVolumeClaim }) => names.has(persistentVolumeClaim?.claimName)) ??
    false
  return movers.filter((job) => hasEnded(job) && mounts(job))
}

async function newestWarning(kube: KubeClient, namespace: string, name: string): Promise<string | undefined> {
  const found = await findEvents(
    kube.listAll<CoreV1Event & KubeObject>(events, {
      namespace,
      fieldSelector: `involvedObject.kind=StatefulSet,involvedObject.name=${name},type=Warning`,
    }),
  )
  return newestOf(found)?.message
}
