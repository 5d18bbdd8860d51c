// Puts edges, caches, kinds and controllers together: which caches there are, and which of them wake which kind.
import { randomUUID } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { version } from '../telemetry/version.ts'
import { meiliInstances } from '../api/instance.ts'
import type { MeiliInstance } from '../api/instance.ts'
import { meiliSnapshots } from '../api/snapshot.ts'
import type { KnownSnapshot } from '../api/status/settled-snapshot.ts'
import type { Config } from './config.ts'
import {
  instanceOf,
  instanceIndexes,
  instanceKind,
  instancesBeside,
  instancesMadeOf,
} from '../kinds/instance/controller.ts'
import { KubeClient } from '../kube/client.ts'
import type { Connection } from '../kube/connection.ts'
import { RateLimit, eventRoute, leaseRoute, requestRoute } from '../kube/route.ts'
import type { Route } from '../kube/route.ts'
import { jobs, persistentVolumeClaims, pods, services, statefulSets } from '../kube/resource.ts'
import type { KubeObject } from '../kube/resource.ts'
import { Connections } from '../perform/meilisearch-connections.ts'
import { childSelector } from '../reconcile/names.ts'
import { Performer } from '../perform/perform.ts'
import { reconcilerOf } from '../reconcile/reconciler.ts'
import { seldomForAnnotations, watchOf } from '../runtime/cache/cache.ts'
import { Manager } from '../runtime/manager.ts'
import {
  finishedMoversRemoval,
  keyOfFinished,
  keysOfJob,
  keysOfPod,
  snapshotAndQueue,
  snapshotMovedBy,
  snapshotKind,
  snapshotsOf,
} from '../kinds/snapshot/controller.ts'
import { keepSnapshot } from '../kinds/snapshot/after/settled.ts'
import { jobCache, keepMetadata, podCache } from '../kinds/snapshot/observe/kept.ts'
import type { KeptJob, KeptPod, MoversKept } from '../kinds/snapshot/observe/kept.ts'
import { SnapshotIndex, snapshotIndexes } from './snapshot-index.ts'
import { countSlots } from '../kinds/snapshot/observe/slots/counts.ts'
import { performWithin, reconcileWithin } from '../kinds/snapshot/observe/slots/passes.ts'
import { knownIn, serversIn } from '../kinds/snapshot/observe/slots/servers.ts'
import { Slots } from '../kinds/snapshot/observe/slots/slots.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { SnapshotTotals } from '../telemetry/snapshot-totals.ts'
import { slotFamilies, slotSamples } from '../telemetry/slot-families.ts'
import { stateFamilies } from '../telemetry/state-families.ts'
import { stateOf } from '../telemetry/state-samples.ts'

/** How many objects of a kind are reconciled at once. They only wait, also for servers that swallow what they are sent (docs/decisions/0031-workers-and-waits.md). */
export const workers = 32

/** To the API server, beside the lease, Events and watches. A thousand servers that are well take 70 in a second. */
const requestRate = { perSecond: 200, burst: 400 }

export interface Edges {
  readonly connection: Connection
  readonly logger: Logger
}

/** The whole operator but its process: what it returns is run by main.ts, and by whoever simulates a cluster. */
export function compose(config: Config, { connection, logger }: Edges): Manager {
  const metrics = new Metrics(version)
  const clientOf = (route: Route): KubeClient => new KubeClient(connection, (call) => metrics.apiCall(call), route)
  const limit = new RateLimit(requestRate, (seconds) => metrics.countThrottled(seconds))
  const kube = clientOf({ ...requestRoute, limit })
  const manager = new Manager({
    clients: { caches: kube, lease: clientOf(leaseRoute), events: clientOf(eventRoute) },
    namespaces: config.WATCH_NAMESPACES,
    identity: `${config.POD_NAME}_${randomUUID()}`,
    lease: { namespace: config.POD_NAMESPACE, name: config.LEASE_NAME },
    address: { host: config.HTTP_HOST, port: config.HTTP_PORT },
    logger,
    metrics,
  })
  const instances = manager.cache<MeiliInstance>(meiliInstances, { indexes: instanceIndexes })
  const snapshots = manager.cache<KnownSnapshot>(meiliSnapshots, { indexes: snapshotIndexes, keep: keepSnapshot })
  const snapshotIndex = new SnapshotIndex(snapshots)
  const moverJobs = manager.cache<KeptJob>(jobs, jobCache)
  const moverPods = manager.cache<KeptPod>(pods, podCache)

  const movers: MoversKept = {
    jobsOf: (snapshotUid) => moverJobs.store.byIndex('snapshot', snapshotUid).values(),
    podsOf: (jobUid) => moverPods.store.byIndex('job', jobUid).values(),
  }

  const connections = new Connections(kube)
  const record = manager.events.record.bind(manager.events)
  const performer = new Performer({ kube, connections, isLeader: () => manager.elector.isHeld(), record })
  const loop = {
    kube,
    perform: performer.perform.bind(performer),
    record,
    logger,
    nowMs: Date.now,
  }
  const listInstances = (namespace: string): readonly MeiliInstance[] => instances.store.list(namespace)
  const instancesOfPod = (namespace: string, uid: string): Iterable<MeiliInstance> =>
    instances.store.byIndex('pod', `${namespace}/${uid}`).values()

  const instanceWorld = {
    kube,
    connections,
    instances: listInstances,
    instancesOfPod,
    snapshots: snapshotIndex,
    pollMs: config.INSTANCE_POLL_SECONDS * 1000,
    streaming: config.MAX_STREAMS > 0,
    runsServers: config.MANAGED_INSTANCES,
    ipv6: isIPv6(config.POD_IP),
  }
  const children = (config.MANAGED_INSTANCES ? [statefulSets, services, persistentVolumeClaims, pods] : []).map(
    (resource) => manager.cache<KubeObject>(resource, { labelSelector: childSelector, keep: keepMetadata }),
  )
  const madeOf = instancesMadeOf((namespace, label) =>
    instances.store.byIndex('child', `${namespace}/${label}`).values(),
  )
  manager.addController({
    name: meiliInstances.singular,
    kind: meiliInstances.kind,
    reconcile: reconcilerOf(instanceKind(instanceWorld), { ...loop, get: (key) => instances.store.get(key) }),
    watches: [
      watchOf(instances, instancesBeside(instanceWorld), seldomForAnnotations()),
      watchOf(snapshots, instanceOf, seldomForAnnotations()),
      ...children.map((cache) => watchOf(cache, madeOf)),
    ],
    all: () => instances.store.keys(),
    workers,
  })
  const slotParts = {
    maxMovers: config.MAX_MOVERS,
    maxStreams: config.MAX_STREAMS,
    ...serversIn((key) => instances.store.get(key)),
    ...knownIn(snapshotIndex),
    nowMs: Date.now,
  }
  const slots = new Slots(slotParts)
  snapshots.onChange((change) => slots.snapshotChanged(change))
  moverPods.onChange((change) => slots.podChanged(change))
  const snapshotWorld = {
    kube,
    connections,
    instance: (key: string) => instances.store.get(key),
    instances: listInstances,
    instancesOfPod,
    snapshots: snapshotIndex,
    slots,
    movers,
    maxStreams: config.MAX_STREAMS,
    moverImage: config.MOVER_IMAGE,
    imagePullSecrets: config.MOVER_IMAGE_PULL_SECRETS,
  }
  const movedBy = snapshotMovedBy(snapshotIndex)
  manager.addController({
    name: meiliSnapshots.singular,
    kind: meiliSnapshots.kind,
    reconcile: reconcileWithin(
      slots,
      reconcilerOf(snapshotKind(snapshotWorld), {
        ...loop,
        perform: performWithin(slots, loop.perform),
        get: (key) => snapshotIndex.getWhole(key),
      }),
    ),
    watches: [
      watchOf(snapshots, snapshotAndQueue(snapshotWorld), seldomForAnnotations()),
      watchOf(instances, snapshotsOf(snapshotIndex), seldomForAnnotations()),
      watchOf(moverJobs, movedBy),
      watchOf(moverPods, movedBy),
      slots.watch,
    ],
    all: () => snapshotIndex.wholeKeys(),
    workers,
  })
  manager.addController({
    name: 'finishedmover',
    kind: meiliSnapshots.kind,
    reconcile: finishedMoversRemoval({ get: (key) => snapshots.store.get(key), movers, perform: loop.perform }),
    watches: [watchOf(snapshots, keyOfFinished), watchOf(moverJobs, keysOfJob), watchOf(moverPods, keysOfPod(movers))],
    all: () => moverJobs.store.list().flatMap(keysOfJob),
    workers,
  })
  const totals = new SnapshotTotals()
  snapshots.onChange((change) => totals.count(change))
  // Of the leader alone: what two replicas say of the same objects must not be added up.
  metrics.derive([...stateFamilies, ...slotFamilies], () => {
    if (!manager.elector.isHeld()) return []
    const state = stateOf(instances.store.byNamespace().values(), snapshotIndex)
    const totalSamples = [...totals.samples(state.instances), ...totals.abandonedSamples(state.instances)]
    return [...state.samples, ...totalSamples, ...slotSamples(countSlots(slots, slotParts))]
  })
  return manager
}
