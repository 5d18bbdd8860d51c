// Puts edges, caches, kinds and controllers together: the whole operator but its process.
import { randomUUID } from 'node:crypto'
import { version } from '../telemetry/version.ts'
import type { Config } from './config.ts'
import { KubeClient } from '../kube/client.ts'
import type { Connection } from '../kube/connection.ts'
import { RateLimit, eventRoute, leaseRoute, requestRoute } from '../kube/route.ts'
import type { Route } from '../kube/route.ts'
import { Connections } from '../perform/meilisearch-connections.ts'
import { Performer } from '../perform/perform.ts'
import { Manager } from '../runtime/manager.ts'
import type { Clock } from '../runtime/workqueue.ts'
import { countSlots } from '../kinds/snapshot/observe/slots/counts.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { derivedFamilies } from '../telemetry/families/derived.ts'
import { restoreSamples } from '../telemetry/samples/restores.ts'
import { scheduleSamples } from '../telemetry/samples/schedules.ts'
import { SnapshotTotals } from '../telemetry/samples/snapshot-totals.ts'
import { slotSamples } from '../telemetry/samples/slots.ts'
import { stateOf } from '../telemetry/samples/state.ts'
import { openCaches } from './caches.ts'
import type { Caches } from './caches.ts'
import { instanceController } from './instance-controller.ts'
import { restoreController } from './restore-controller.ts'
import { scheduleController } from './schedule-controller.ts'
import { finishedMoverController, openSlots, snapshotController } from './snapshot-controller.ts'
import type { SlotsInUse } from './snapshot-controller.ts'

/** To the API server, beside the lease, Events and watches. A thousand servers that are well take 70 in a second. */
const requestRate = { perSecond: 200, burst: 400 }

export interface Edges {
  readonly connection: Connection
  readonly logger: Logger
  /** The wall clock by which all kinds judge; tests give their own. */
  readonly nowMs?: () => number
  /** What the queues wait by: the machine's own time, unless tests let it run faster. */
  readonly clock?: Clock
}

/** What it returns is run by main.ts, and by whoever simulates a cluster. */
export function compose(config: Config, { connection, logger, nowMs = Date.now, clock }: Edges): Manager {
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
    clock,
  })
  const caches = openCaches(manager, config.MANAGED_INSTANCES)
  const connections = new Connections(kube)
  const record = manager.events.record.bind(manager.events)
  const performer = new Performer({ kube, connections, isLeader: () => manager.elector.isHeld(), record })
  const loop = { kube, perform: performer.perform.bind(performer), record, logger, nowMs }
  const parts = { config, kube, connections, caches, loop }
  const inUse = openSlots(parts)
  manager.addController(instanceController(parts))
  manager.addController(snapshotController(parts, inUse.slots))
  manager.addController(finishedMoverController(parts))
  manager.addController(scheduleController(parts))
  manager.addController(restoreController(parts))
  deriveMetrics({ metrics, manager, caches, inUse })
  return manager
}

interface Derived {
  readonly metrics: Metrics
  readonly manager: Manager
  readonly caches: Caches
  readonly inUse: SlotsInUse
}

/** Of the leader alone: what two replicas say of the same objects must not be added up. */
function deriveMetrics({ metrics, manager, caches, inUse: { slots, slotParts } }: Derived): void {
  const totals = new SnapshotTotals()
  caches.snapshots.onChange((change) => totals.count(change))
  metrics.derive(derivedFamilies, () => {
    if (!manager.elector.isHeld()) return []
    const state = stateOf(caches.instances.store.byNamespace().values(), caches.snapshotIndex)
    const totalSamples = [...totals.samples(state.instances), ...totals.abandonedSamples(state.instances)]
    const schedules = [...caches.schedules.store.byNamespace().values()]
    return [
      ...state.samples,
      ...totalSamples,
      ...scheduleSamples(schedules),
      ...restoreSamples(caches.restores.store.byNamespace().values(), schedules),
      ...slotSamples(countSlots(slots, slotParts)),
    ]
  })
}
