// The controller of MeiliInstances: their world, and what wakes them.
import { isIPv6 } from 'node:net'
import { meiliInstances } from '../api/instance.ts'
import {
  instanceKind,
  instanceOf,
  instanceOfRestore,
  instancesBeside,
  instancesMadeOf,
} from '../kinds/instance/controller.ts'
import { reconcilerOf } from '../reconcile/reconciler.ts'
import { seldomForAnnotations, watchOf } from '../runtime/cache/cache.ts'
import type { ControllerParts } from '../runtime/manager.ts'
import { workers } from './controller-parts.ts'
import type { Parts } from './controller-parts.ts'

export function instanceController({ config, kube, connections, caches, loop }: Parts): ControllerParts {
  const { instances, snapshots, children, listInstances, instancesOfPod } = caches
  const world = {
    kube,
    connections,
    instances: listInstances,
    instancesOfPod,
    snapshots: caches.snapshotIndex,
    restoresOf: caches.restoresOf,
    pollMs: config.INSTANCE_POLL_SECONDS * 1000,
    streaming: config.MAX_STREAMS > 0,
    runsServers: config.MANAGED_INSTANCES,
    ipv6: isIPv6(config.POD_IP),
  }
  const madeOf = instancesMadeOf((namespace, label) =>
    instances.store.byIndex('child', `${namespace}/${label}`).values(),
  )
  return {
    name: meiliInstances.singular,
    kind: meiliInstances.kind,
    reconcile: reconcilerOf(instanceKind(world), { ...loop, get: (key) => instances.store.get(key) }),
    watches: [
      watchOf(instances, instancesBeside(world), seldomForAnnotations()),
      watchOf(snapshots, instanceOf, seldomForAnnotations()),
      watchOf(caches.restores, instanceOfRestore, seldomForAnnotations()),
      ...children.map((cache) => watchOf(cache, madeOf)),
    ],
    all: () => instances.store.keys(),
    workers,
  }
}
