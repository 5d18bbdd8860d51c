// What the slots want to know of a snapshot's server, from the cache of instances. Pure.
import { isTrue } from '../../../../api/conditions.ts'
import type { MeiliInstance } from '../../../../api/instance.ts'
import { conditionTypes } from '../../../../api/meta.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { mustStream } from '../../job/stream-source.ts'
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
