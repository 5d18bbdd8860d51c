// The caches that the kinds look into, with the operator's own indexes, filled with what a test says.
import type { MeiliInstance } from '../../../src/api/instance.ts'
import type { MeiliRestore } from '../../../src/api/restore.ts'
import type { KnownSnapshot } from '../../../src/api/status/settled-snapshot.ts'
import { instanceIndexes } from '../../../src/kinds/instance/controller.ts'
import { keepSnapshot } from '../../../src/kinds/snapshot/after/settled.ts'
import { SnapshotIndex, snapshotIndexes } from '../../../src/operator/snapshot-index.ts'
import { Cache } from '../../../src/runtime/cache/cache.ts'
import { keyOf, Store } from '../../../src/runtime/cache/store.ts'

/** A cache of snapshots, and what finds them in it. Changes go through `set` and `remove`, as a reflector makes them. */
export class SnapshotCache {
  readonly cache = new Cache<KnownSnapshot>(snapshotIndexes)
  readonly index = new SnapshotIndex(this.cache)

  constructor(snapshots: readonly KnownSnapshot[] = []) {
    for (const snapshot of snapshots) this.set(snapshot)
  }

  set(snapshot: KnownSnapshot): void {
    const current = keepSnapshot(snapshot)
    this.cache.announce({ previous: this.cache.store.set(current), current })
  }

  remove(snapshot: KnownSnapshot): void {
    const previous = this.cache.store.delete(keyOf(snapshot))
    if (previous !== undefined) this.cache.announce({ previous, current: undefined })
  }
}

export const snapshotsIn = (snapshots: readonly KnownSnapshot[] = []): SnapshotIndex =>
  new SnapshotCache(snapshots).index

/** What an instance's cache gives a kind. */
export function instancesIn(
  all: readonly MeiliInstance[] = [],
  restores: readonly MeiliRestore[] = [],
): {
  readonly restoresOf: (namespace: string, instance: string) => Iterable<MeiliRestore>
  readonly instance: (key: string) => MeiliInstance | undefined
  readonly instances: (namespace: string) => readonly MeiliInstance[]
  readonly instancesOfPod: (namespace: string, uid: string) => Iterable<MeiliInstance>
  readonly childrensInstances: (namespace: string, label: string) => Iterable<MeiliInstance>
} {
  const store = new Store<MeiliInstance>(instanceIndexes)
  for (const instance of all) store.set(instance)
  return {
    restoresOf: (namespace, instance) =>
      restores.filter(
        ({ metadata, spec }) => metadata.namespace === namespace && spec.target.inPlace?.instanceRef.name === instance,
      ),
    instance: (key) => store.get(key),
    instances: (namespace) => store.list(namespace),
    instancesOfPod: (namespace, uid) => store.byIndex('pod', `${namespace}/${uid}`).values(),
    childrensInstances: (namespace, label) => store.byIndex('child', `${namespace}/${label}`).values(),
  }
}
