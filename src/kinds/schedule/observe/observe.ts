// Reads the world of one schedule: its snapshots from the cache, and from the API server where one of them is to be deleted. Judges nothing, writes nothing.
import { scheduleLabel } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { meiliSnapshots } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { scheduleLabelValue } from '../../../reconcile/schedule-names.ts'
import type { FreshRun, ScheduleObservation } from '../observation.ts'
import { planRetention } from '../retention/plan.ts'
import { runOf } from '../run.ts'
import type { Run } from '../run.ts'
import { withoutClosed } from '../runs/record.ts'
import { planSlots } from '../slots/plan.ts'

export interface ScheduleWorld {
  readonly kube: Pick<KubeClient, 'listAll'>
  readonly snapshots: {
    /** Those that carry its label. @param schedule as `scheduleKeyOf` says it */
    ofSchedule(schedule: string): Iterable<KnownSnapshot>
    /** Whose mover saw last what is free on the claim. @param claim `namespace/name` */
    lastOnClaim(claim: string): KnownSnapshot | undefined
  }
  readonly nowMs: () => number
}

/** As its snapshots say it: they know its label alone. */
export const scheduleKeyOf = (namespace: string, label: string): string => `${namespace}/${label}`

/** @throws what the edge throws */
export async function observeSchedule(
  world: ScheduleWorld,
  schedule: MeiliSnapshotSchedule,
): Promise<ScheduleObservation> {
  const { namespace, name } = schedule.metadata
  const label = scheduleLabelValue(name)
  const runs = [...world.snapshots.ofSchedule(scheduleKeyOf(namespace, label))].map(runOf)
  const space = spaceSeen(world, schedule)
  const seen = { schedule, ...(space === undefined ? {} : { space }) }
  if (!removes(schedule, runs, world.nowMs())) return { ...seen, runs }
  const labelSelector = `${scheduleLabel}=${label}`
  const fresh = (await world.kube.listAll<MeiliSnapshot>(meiliSnapshots, { namespace, labelSelector })).map(freshRunOf)
  return { ...seen, runs: fresh, fresh }
}

/** A quiet schedule costs no request, and one with nothing announced no second plan. */
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
