// What the slots want to know of snapshots and their servers, from the caches. Pure.
import { isTrue } from '../../../../api/status/conditions.ts'
import type { MeiliInstance } from '../../../../api/instance.ts'
import { conditionTypes } from '../../../../api/meta.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { mustStream } from '../../job/stream-source.ts'
import { isWhole } from '../../../../api/status/settled-snapshot.ts'
import type { Snapshots } from '../others.ts'
import type { SlotParts } from './slots.ts'

export function serversIn(
  instances: (key: string) => MeiliInstance | undefined,
): Pick<SlotParts, 'isStreamed' | 'isReady'> {
  const statusOf = ({ metadata, spec }: MeiliSnapshot): MeiliInstance['status'] =>
    instances(`${metadata.namespace}/${spec.source.instanceRef.name}`)?.status
  return {
    isStreamed: (snapshot) => mustStream(statusOf(snapshot)?.snapshotVolume),
    isReady: (snapshot) => isTrue(statusOf(snapshot)?.conditions, conditionTypes.Ready),
  }
}

export function knownIn(snapshots: Pick<Snapshots, 'withUid'>): Pick<SlotParts, 'isKnown'> {
  return {
    isKnown: (namespace, uid) => {
      const snapshot = snapshots.withUid(uid)
      return snapshot !== undefined && isWhole(snapshot) && snapshot.metadata.namespace === namespace
    },
  }
}
