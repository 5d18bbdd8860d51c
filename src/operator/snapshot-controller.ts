// The controllers of MeiliSnapshots, and of what finished ones leave: their world, what wakes them, and who may move.
import { meiliSnapshots } from '../api/snapshot.ts'
import {
  finishedMoversRemoval,
  keyOfFinished,
  keysOfJob,
  keysOfPod,
  snapshotAndQueue,
  snapshotKind,
  snapshotMovedBy,
  snapshotsOf,
  snapshotsOfRestore,
} from '../kinds/snapshot/controller.ts'
import { keysToExpire, reconcileWhenDue } from '../kinds/snapshot/observe/due.ts'
import { performWithin, reconcileWithin } from '../kinds/snapshot/observe/slots/passes.ts'
import { knownIn, serversIn } from '../kinds/snapshot/observe/slots/servers.ts'
import { Slots } from '../kinds/snapshot/observe/slots/slots.ts'
import type { SlotParts } from '../kinds/snapshot/observe/slots/slots.ts'
import { reconcilerOf } from '../reconcile/reconciler.ts'
import { seldomForAnnotations, watchOf } from '../runtime/cache/cache.ts'
import type { ControllerParts } from '../runtime/manager.ts'
import { workers } from './controller-parts.ts'
import type { Parts } from './controller-parts.ts'

export interface SlotsInUse {
  readonly slots: Slots
  readonly slotParts: SlotParts
}

export function openSlots({ config, caches, loop }: Parts): SlotsInUse {
  const slotParts = {
    maxMovers: config.MAX_MOVERS,
    maxStreams: config.MAX_STREAMS,
    ...serversIn((key) => caches.instances.store.get(key)),
    ...knownIn(caches.snapshotIndex),
    nowMs: loop.nowMs,
  }
  const slots = new Slots(slotParts)
  caches.snapshots.onChange((change) => slots.snapshotChanged(change))
  caches.moverPods.onChange((change) => slots.podChanged(change))
  return { slots, slotParts }
}

export function snapshotController(parts: Parts, slots: Slots): ControllerParts {
  const { config, kube, connections, caches, loop } = parts
  const { instances, snapshots, snapshotIndex, moverJobs, moverPods, movers } = caches
  const world = {
    kube,
    connections,
    instance: (key: string) => instances.store.get(key),
    instances: caches.listInstances,
    instancesOfPod: caches.instancesOfPod,
    restoresOf: caches.restoresOf,
    snapshots: snapshotIndex,
    slots,
    movers,
    maxStreams: config.MAX_STREAMS,
    moverImage: config.MOVER_IMAGE,
    imagePullSecrets: config.MOVER_IMAGE_PULL_SECRETS,
  }
  const movedBy = snapshotMovedBy(snapshotIndex)
  const reconcile = reconcileWhenDue({
    kube,
    snapshots: snapshotIndex,
    reconcilerOf: (get) =>
      reconcilerOf(snapshotKind(world), { ...loop, perform: performWithin(slots, loop.perform), get }),
    nowMs: loop.nowMs,
  })
  return {
    name: meiliSnapshots.singular,
    kind: meiliSnapshots.kind,
    reconcile: reconcileWithin(slots, reconcile),
    watches: [
      watchOf(snapshots, snapshotAndQueue(world), seldomForAnnotations()),
      watchOf(instances, snapshotsOf(snapshotIndex), seldomForAnnotations()),
      watchOf(caches.restores, snapshotsOfRestore(snapshotIndex), seldomForAnnotations()),
      watchOf(moverJobs, movedBy),
      watchOf(moverPods, movedBy),
      slots.watch,
    ],
    all: () => [...snapshotIndex.wholeKeys(), ...keysToExpire(snapshots.store.list())],
    workers,
  }
}

export function finishedMoverController({ caches, loop }: Parts): ControllerParts {
  const { snapshots, moverJobs, moverPods, movers } = caches
  return {
    name: 'finishedmover',
    kind: meiliSnapshots.kind,
    reconcile: finishedMoversRemoval({ get: (key) => snapshots.store.get(key), movers, perform: loop.perform }),
    watches: [watchOf(snapshots, keyOfFinished), watchOf(moverJobs, keysOfJob), watchOf(moverPods, keysOfPod(movers))],
    all: () => moverJobs.store.list().flatMap(keysOfJob),
    workers,
  }
}
