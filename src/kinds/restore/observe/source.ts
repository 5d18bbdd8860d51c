// Reads the MeiliSnapshot that a restore's source means: by its name, or the newest good one of a schedule. Judges nothing.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { scheduleLabel } from '../../../api/schedule.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { meiliSnapshots, snapshotConditions } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import type { Condition } from '../../../api/meta.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { persistentVolumeClaims } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import { scheduleLabelValue } from '../../../reconcile/names/schedule.ts'
import type { RestoreObservation, SourceSeen } from '../observation.ts'

export interface SourceSnapshots {
  /** All that carry its label. @param schedule by `namespace/label` */
  ofSchedule(schedule: string): Iterable<KnownSnapshot>
}

interface World {
  readonly kube: KubeClient
  readonly snapshots: SourceSnapshots
}

/** Once it is on record, only whether that very one is still there. */
export async function lookAtSource(world: World, restore: MeiliRestore): Promise<SourceSeen> {
  const { metadata, spec, status } = restore
  if (hasBegun(status)) return { is: 'notAsked' }
  const { namespace } = metadata
  if (status?.resolved !== undefined) {
    const { snapshot } = status.resolved
    return snapshot === undefined ? { is: 'notAsked' } : await findSnapshot(world, { namespace, ...snapshot })
  }
  const { snapshotRef, latestOf } = spec.source
  if (snapshotRef !== undefined) return await findSnapshot(world, { namespace, name: snapshotRef.name })
  return latestOf === undefined ? { is: 'notAsked' } : await findLatest(world, namespace, latestOf)
}

interface Ref {
  readonly namespace: string
  readonly name: string
  readonly uid?: string
}

async function findSnapshot({ kube }: World, { namespace, name, uid }: Ref): Promise<SourceSeen> {
  const snapshot = await kube.find<MeiliSnapshot & KubeObject>(meiliSnapshots, { namespace, name })
  if (snapshot === undefined || (uid !== undefined && snapshot.metadata.uid !== uid))
    return { is: 'missing', why: `MeiliSnapshot ${name} does not exist in namespace ${namespace}.` }
  return { is: 'snapshot', snapshot }
}

type LatestOf = NonNullable<MeiliRestore['spec']['source']['latestOf']>

/** By when they had completed, as what was begun later holds what is newer. */
async function findLatest(world: World, namespace: string, { schedule, asOf }: LatestOf): Promise<SourceSeen> {
  const untilMs = asOf === undefined ? Infinity : Date.parse(asOf)
  const label = scheduleLabelValue(schedule.name)
  const good = [...world.snapshots.ofSchedule(`${namespace}/${label}`)]
    .filter((known) => isGood(known) && completedMs(known) <= untilMs)
    .toSorted((a, b) => completedMs(b) - completedMs(a))
  // The cache may be behind: of those that it calls good the first is taken that the API server calls so, too.
  for (const { metadata } of good.slice(0, maxReads)) {
    const seen = await findSnapshot(world, { namespace, name: metadata.name, uid: metadata.uid })
    if (seen.is === 'snapshot' && isGood(seen.snapshot) && seen.snapshot.metadata.labels?.[scheduleLabel] === label)
      return seen
  }
  return {
    is: 'missing',
    why: `MeiliSnapshotSchedule ${schedule.name} has no good snapshot${asOf === undefined ? '' : ` that had completed by ${asOf}`} in namespace ${namespace}.`,
  }
}
const maxReads = 10

/** Until the data is being unpacked: then the mover's own pod says it. */
export async function lookAtSourceClaim(
  kube: KubeClient,
  { metadata: { namespace }, spec, status }: MeiliRestore,
  source: SourceSeen,
): Promise<RestoreObservation['sourceClaim']> {
  if (hasBegun(status)) return {}
  const { artifact, file } = spec.source
  const stored = source.is === 'snapshot' ? source.snapshot.status?.artifact?.claimName : undefined
  const name = status?.resolved?.claimName ?? (artifact ?? file)?.claim.name ?? stored
  if (name === undefined) return {}
  const claim = await kube.find<V1PersistentVolumeClaim & KubeObject>(persistentVolumeClaims, { namespace, name })
  return claim === undefined ? { name } : { name, claim }
}

const hasBegun = (status: MeiliRestore['status']): boolean =>
  status?.fill !== undefined || status?.inspection !== undefined

const completedMs = ({ status }: KnownSnapshot): number => Date.parse(status?.completedAt ?? '')

/** Stored and checked, and its files are not being removed. */
function isGood({ metadata, status }: KnownSnapshot): boolean {
  const conditions: readonly Pick<Condition, 'type' | 'status'>[] | undefined = status?.conditions
  const available = conditionNamed(conditions, snapshotConditions.ArtifactAvailable)
  return (
    status?.phase === 'Completed' &&
    status.artifact !== undefined &&
    status.completedAt !== undefined &&
    metadata.deletionTimestamp === undefined &&
    available?.status !== 'False'
  )
}
