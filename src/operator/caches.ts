// Which objects the operator keeps in memory, what it keeps of each, and under what they are found.
import { meiliInstances } from '../api/instance.ts'
import type { MeiliInstance } from '../api/instance.ts'
import { meiliRestores } from '../api/restore.ts'
import type { MeiliRestore } from '../api/restore.ts'
import { meiliSnapshotSchedules } from '../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../api/schedule.ts'
import { meiliSnapshots } from '../api/snapshot.ts'
import type { KnownSnapshot } from '../api/status/settled-snapshot.ts'
import { instanceIndexes } from '../kinds/instance/controller.ts'
import { keepRestore, restoreIndexes, restoreJobCache, restorePodCache } from '../kinds/restore/observe/kept.ts'
import { keepSchedule, scheduleIndexes, scheduleOfDrill } from '../kinds/schedule/controller.ts'
import { keepSnapshot } from '../kinds/snapshot/after/settled.ts'
import { jobCache, keepMetadata, podCache } from '../kinds/snapshot/observe/kept.ts'
import type { KeptJob, KeptPod, MoversKept } from '../kinds/snapshot/observe/kept.ts'
import { jobs, persistentVolumeClaims, pods, services, statefulSets } from '../kube/resource.ts'
import type { KubeObject } from '../kube/resource.ts'
import { childSelector } from '../reconcile/names/objects.ts'
import type { Cache } from '../runtime/cache/cache.ts'
import type { Manager } from '../runtime/manager.ts'
import { SnapshotIndex, snapshotIndexes } from './snapshot-index.ts'

export interface Caches {
  readonly instances: Cache<MeiliInstance>
  readonly snapshots: Cache<KnownSnapshot>
  readonly snapshotIndex: SnapshotIndex
  readonly schedules: Cache<MeiliSnapshotSchedule>
  readonly restores: Cache<MeiliRestore>
  readonly moverJobs: Cache<KeptJob>
  readonly moverPods: Cache<KeptPod>
  readonly movers: MoversKept
  readonly restoreJobs: Cache<KubeObject>
  readonly restorePods: Cache<KubeObject>
  /** What managed instances are made of. */
  readonly children: readonly Cache<KubeObject>[]
  readonly listInstances: (namespace: string) => readonly MeiliInstance[]
  /** Restores in place of one instance, whatever became of them. */
  readonly restoresOf: (namespace: string, instance: string) => Iterable<MeiliRestore>
  /** Those that stand for one pod. */
  readonly instancesOfPod: (namespace: string, uid: string) => Iterable<MeiliInstance>
}

/** @param runsServers whether there are children to be followed */
export function openCaches(manager: Pick<Manager, 'cache'>, runsServers: boolean): Caches {
  const instances = manager.cache<MeiliInstance>(meiliInstances, { indexes: instanceIndexes })
  const snapshots = manager.cache<KnownSnapshot>(meiliSnapshots, { indexes: snapshotIndexes, keep: keepSnapshot })
  const moverJobs = manager.cache<KeptJob>(jobs, jobCache)
  const moverPods = manager.cache<KeptPod>(pods, podCache)
  const children = runsServers ? [statefulSets, services, persistentVolumeClaims, pods] : []
  const restores = manager.cache<MeiliRestore>(meiliRestores, {
    indexes: { ...restoreIndexes, madeBy: scheduleOfDrill },
    keep: keepRestore,
  })
  return {
    instances,
    snapshots,
    snapshotIndex: new SnapshotIndex(snapshots),
    schedules: manager.cache<MeiliSnapshotSchedule>(meiliSnapshotSchedules, {
      indexes: scheduleIndexes,
      keep: keepSchedule,
    }),
    restores,
    moverJobs,
    moverPods,
    movers: {
      jobsOf: (snapshotUid) => moverJobs.store.byIndex('snapshot', snapshotUid).values(),
      podsOf: (jobUid) => moverPods.store.byIndex('job', jobUid).values(),
    },
    restoreJobs: manager.cache<KubeObject>(jobs, restoreJobCache),
    restorePods: manager.cache<KubeObject>(pods, restorePodCache),
    children: children.map((resource) =>
      manager.cache<KubeObject>(resource, { labelSelector: childSelector, keep: keepMetadata }),
    ),
    listInstances: (namespace) => instances.store.list(namespace),
    restoresOf: (namespace, instance) => restores.store.byIndex('instance', `${namespace}/${instance}`).values(),
    instancesOfPod: (namespace, uid) => instances.store.byIndex('pod', `${namespace}/${uid}`).values(),
  }
}
