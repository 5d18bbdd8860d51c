// What other snapshots tell of this one: how long the last one took, how large it was, what it left free. Looks at none but those.
import type { MeiliInstance } from '../../../api/instance.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import type { SnapshotObservation } from '../observation.ts'
import { earlierRun } from '../status/estimate.ts'

/** What is found without a look at all of them. An instance and a claim are named by `namespace/name`. */
export interface Snapshots {
  /** Of all namespaces, of one, or of one instance. */
  listUnfinished(where?: string): Iterable<MeiliSnapshot>
  withUid(uid: string): KnownSnapshot | undefined
  lastCompleted(instance: string): KnownSnapshot | undefined
  /** Whose mover saw last what is free on the claim. */
  lastOnClaim(claim: string): KnownSnapshot | undefined
}

export const instanceKeyOf = ({ metadata, spec }: KnownSnapshot): string =>
  `${metadata.namespace}/${spec.source.instanceRef.name}`

/** The need: the size of the last artifact, else what the database uses. */
export function lookAtOthers(
  snapshots: Pick<Snapshots, 'lastCompleted' | 'lastOnClaim'>,
  snapshot: MeiliSnapshot,
  instance: MeiliInstance | undefined,
): Pick<SnapshotObservation, 'earlier' | 'space'> {
  const { metadata, spec } = snapshot
  const earlier = earlierRun(snapshots.lastCompleted(instanceKeyOf(snapshot)))
  const known = snapshots.lastOnClaim(`${metadata.namespace}/${spec.destination.claim.name}`)?.status?.destination
  return { earlier, space: { sizeBytes: earlier?.sizeBytes ?? instance?.status?.database?.usedBytes, known } }
}
