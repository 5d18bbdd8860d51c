// Reads the world of one schedule: its snapshots from the cache, and from the API server where one of them is to be deleted. Judges nothing, writes nothing.
import { meiliSnapshotSchedules, scheduleLabel } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { meiliSnapshots } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import { Conflict } from '../../../errors.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { scheduleLabelValue } from '../../../reconcile/names/schedule.ts'
import { drillsAmong } from '../drills/drill.ts'
import type { FreshRun, ScheduleObservation } from '../observation.ts'
import { planRetention } from '../retention/plan.ts'
import { runOf } from '../run.ts'
import type { Run } from '../run.ts'
import { withoutClosed } from '../runs/record.ts'
import { planSlots } from '../slots/plan.ts'

export interface ScheduleWorld {
  readonly kube: Pick<KubeClient, 'find' | 'pages'>
  readonly snapshots: {
    /** Those that carry its label. @param schedule as `scheduleKeyOf` says it */
    ofSchedule(schedule: string): Iterable<KnownSnapshot>
    /** Whose mover saw last what is free on the claim. @param claim `namespace/name` */
    lastOnClaim(claim: string): KnownSnapshot | undefined
  }
  /** Restores that carry its label. @param schedule as `scheduleKeyOf` says it */
  readonly drillsOf: (schedule: string) => Iterable<MeiliRestore>
  readonly nowMs: () => number
}

/** As its snapshots say it: they know its label alone. */
export const scheduleKeyOf = (namespace: string, label: string): string => `${namespace}/${label}`

/** Of thousands only what is read of them stays in memory, and of whole objects never more than so many. */
const pageSize = 100

/** @throws what the edge throws; Conflict where the cache is behind, and one would be deleted by rules that were changed since */
export async function observeSchedule(
  world: ScheduleWorld,
  schedule: MeiliSnapshotSchedule,
): Promise<ScheduleObservation> {
  const { namespace, name } = schedule.metadata
  const key = scheduleKeyOf(namespace, scheduleLabelValue(name))
  const runs = [...world.snapshots.ofSchedule(key)].map(runOf)
  const space = spaceSeen(world, schedule)
  const seen = { schedule, drills: drillsAmong(world.drillsOf(key)), ...(space === undefined ? {} : { space }) }
  if (!removes(schedule, runs, world.nowMs())) return { ...seen, runs }
  await requireCurrent(world, schedule)
  const { removing } = schedule.status ?? {}
  if (removing === undefined) return { ...seen, ...everyRun(await listRuns(world, schedule)) }
  const going = await findRun(world, { ...removing, namespace })
  // All that is left to do is to wait, or to count it.
  if (going === undefined || going.isBeingDeleted) return { ...seen, runs, fresh: going === undefined ? [] : [going] }
  return { ...seen, ...everyRun(await listRuns(world, schedule), going) }
}

/** Somebody may have taken the label away from the one that is being removed: it belongs to the schedule no more, and is to be as it was. */
function everyRun(runs: readonly FreshRun[], going?: FreshRun): Pick<ScheduleObservation, 'runs' | 'fresh'> {
  const isListed = going === undefined || runs.some(({ uid }) => uid === going.uid)
  return { runs, fresh: isListed ? runs : [...runs, going] }
}

async function requireCurrent({ kube }: ScheduleWorld, { metadata }: MeiliSnapshotSchedule): Promise<void> {
  const { namespace, name, resourceVersion } = metadata
  const current = await kube.find<MeiliSnapshotSchedule>(meiliSnapshotSchedules, { namespace, name })
  if (current?.metadata.resourceVersion !== resourceVersion)
    throw new Conflict(`MeiliSnapshotSchedule ${namespace}/${name} has changed, and the cache does not know yet`)
}

async function findRun(
  { kube }: ScheduleWorld,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
): Promise<FreshRun | undefined> {
  const found = await kube.find<MeiliSnapshot>(meiliSnapshots, { namespace, name })
  return found?.metadata.uid === uid ? freshRunOf(found) : undefined
}

async function listRuns({ kube }: ScheduleWorld, { metadata }: MeiliSnapshotSchedule): Promise<readonly FreshRun[]> {
  const { namespace, name } = metadata
  const labelSelector = `${scheduleLabel}=${scheduleLabelValue(name)}`
  const runs: FreshRun[] = []
  const pages = kube.pages<MeiliSnapshot>(meiliSnapshots, { namespace, labelSelector, limit: pageSize })
  for await (const { items } of pages) runs.push(...items.map(freshRunOf))
  return runs
}

/** A quiet schedule costs no request, and none plans twice before one may go. */
function removes(schedule: MeiliSnapshotSchedule, runs: readonly Run[], nowMs: number): boolean {
  const { removing, expiring = [] } = schedule.status ?? {}
  if (removing !== undefined) return true
  if (!expiring.some(({ notBefore = '' }) => Date.parse(notBefore) <= nowMs)) return false
  const { intervalMs, clockWentBack } = planSlots(withoutClosed(schedule), runs, nowMs)
  return planRetention({ schedule, runs, intervalMs, clockWentBack, nowMs }).remove !== undefined
}

function freshRunOf(snapshot: MeiliSnapshot): FreshRun {
  const { metadata, spec } = snapshot
  return {
    ...runOf(snapshot),
    resourceVersion: metadata.resourceVersion,
    deletionPolicy: spec.deletionPolicy,
    finalizers: metadata.finalizers ?? [],
    mayHaveFiles: mayHaveFiles(snapshot),
  }
}

/** As its controller judges it (kinds/snapshot/after/delete-artifact.ts); a tombstone has none any more. */
const mayHaveFiles = ({ status }: MeiliSnapshot): boolean =>
  status?.phase !== 'Expired' && (status?.artifact !== undefined || status?.move !== undefined)

function spaceSeen(
  { snapshots }: ScheduleWorld,
  { metadata, spec }: MeiliSnapshotSchedule,
): ScheduleObservation['space'] {
  const claim = spec.template.spec.destination.claim.name
  return snapshots.lastOnClaim(`${metadata.namespace}/${claim}`)?.status?.destination
}
