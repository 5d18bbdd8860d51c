// The controller of MeiliRestores: their world, and what wakes them.
import { meiliRestores } from '../api/restore.ts'
import {
  restoreAndQueue,
  restoreAtWork,
  restoreKind,
  restoresOfChild,
  restoresOfInstance,
  restoresOfSnapshot,
} from '../kinds/restore/controller.ts'
import type { FindRestores } from '../kinds/restore/controller.ts'
import { reconcilerOf } from '../reconcile/reconciler.ts'
import { seldomForAnnotations, watchOf } from '../runtime/cache/cache.ts'
import type { ControllerParts } from '../runtime/manager.ts'
import { workers } from './controller-parts.ts'
import type { Parts } from './controller-parts.ts'

export function restoreController({ config, kube, connections, caches, loop }: Parts): ControllerParts {
  const { instances, snapshots, snapshotIndex, restores, restoreJobs, restorePods, children } = caches
  const find: FindRestores = (index, value) => restores.store.byIndex(index, value).values()
  const world = {
    kube,
    connections,
    instance: (key: string) => instances.store.get(key),
    instances: caches.listInstances,
    restores: { ofTarget: (target: string) => find('target', target) },
    snapshots: snapshotIndex,
    podsOf: (jobUid: string) => restorePods.store.byIndex('job', jobUid).values(),
    runsServers: config.MANAGED_INSTANCES,
    moverImage: config.MOVER_IMAGE,
    imagePullSecrets: config.MOVER_IMAGE_PULL_SECRETS,
  }
  const atWork = restoreAtWork(find)
  return {
    name: meiliRestores.singular,
    kind: meiliRestores.kind,
    reconcile: reconcilerOf(restoreKind(world), { ...loop, get: (key) => restores.store.get(key) }),
    watches: [
      watchOf(restores, restoreAndQueue(find)),
      watchOf(instances, restoresOfInstance(find), seldomForAnnotations()),
      watchOf(snapshots, restoresOfSnapshot(find), seldomForAnnotations()),
      watchOf(restoreJobs, atWork),
      watchOf(restorePods, atWork),
      ...children.map((cache) => watchOf(cache, restoresOfChild(find))),
    ],
    all: () => restores.store.keys(),
    workers,
  }
}
