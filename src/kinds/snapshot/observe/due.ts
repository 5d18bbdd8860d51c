// Wakes snapshots whose files are to expire when that is due. The caches keep little of them until then: the whole object is read for the pass.
import { meiliSnapshots } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { isWhole } from '../../../api/status/settled-snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import type { KubeClient } from '../../../kube/client.ts'
import type { Reconcile } from '../../../reconcile/reconciler.ts'
import { expiryRestMs } from '../status/expires.ts'

type Get = (key: string) => MeiliSnapshot | undefined

interface Due {
  readonly kube: Pick<KubeClient, 'find'>
  /** The cache. */
  readonly snapshots: { get(key: string): KnownSnapshot | undefined; getWhole: Get }
  /** The loop, given where it gets objects from. */
  readonly reconcilerOf: (get: Get) => Reconcile
  readonly nowMs: () => number
}

/** One timer for each that is to expire, and no more. */
export function reconcileWhenDue({ kube, snapshots, reconcilerOf, nowMs }: Due): Reconcile {
  const due = new Map<string, MeiliSnapshot>()
  const reconcile = reconcilerOf((key) => snapshots.getWhole(key) ?? due.get(key))
  return async (key, reconcileID) => {
    const snapshot = snapshots.get(key)
    if (snapshot === undefined || isWhole(snapshot)) return await reconcile(key, reconcileID)
    const restMs = expiryRestMs(snapshot, nowMs())
    if (restMs === undefined) return {}
    if (restMs > 0) return { requeueAfterMs: restMs }
    const { namespace, name, uid } = snapshot.metadata
    const whole = await kube.find<MeiliSnapshot>(meiliSnapshots, { namespace, name })
    // What has changed meanwhile the watch brings.
    if (whole?.metadata.uid !== uid) return {}
    due.set(key, whole)
    try {
      return await reconcile(key, reconcileID)
    } finally {
      due.delete(key)
    }
  }
}

/** Keys of those of which the cache keeps little, and whose files are to expire. */
export function keysToExpire(snapshots: Iterable<KnownSnapshot>): string[] {
  return [...snapshots]
    .filter((snapshot) => !isWhole(snapshot) && expiryRestMs(snapshot, 0) !== undefined)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}
