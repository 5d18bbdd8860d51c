// A schedule's drills have a schedule of their own, and follow it as snapshots follow theirs: the same slots, records and clocks. Pure.
import { confirmAnnotation } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import { noCounts } from '../run.ts'

type Status = MeiliSnapshotScheduleStatus
export type DrillStatus = NonNullable<Status['drill']>

/**
 * The schedule, as if drills were its snapshots. From when on it is followed: no slot counts from before drills were asked for.
 * Nobody asks for a drill by annotation: kubectl meili drill makes one.
 */
export function asSchedule(
  schedule: MeiliSnapshotSchedule,
  drillSchedule: string,
  nowMs: number,
): MeiliSnapshotSchedule {
  const { metadata, spec, status } = schedule
  const { annotations, ...named } = metadata
  const confirmed = annotations?.[confirmAnnotation]
  return {
    ...schedule,
    metadata: {
      ...named,
      name: `${metadata.name}-drill`,
      ...(status?.drill === undefined ? { creationTimestamp: instant(nowMs) } : {}),
      ...(confirmed === undefined ? {} : { annotations: { [confirmAnnotation]: confirmed } }),
    },
    spec: { ...spec, schedule: drillSchedule },
    status: statusOf(status?.drill),
  }
}

/** What slots and records read of it. */
export function statusOf({ observed, slotsAfter, lastSlot, lastRunName, run, counts }: DrillStatus = {}): Status {
  return {
    observed,
    slotsAfter,
    lastSlot,
    lastRunName,
    run,
    ...(counts === undefined ? {} : { counts: { ...noCounts, ...counts } }),
  }
}

/** The way back: the fields that slots and records write. */
export function fieldsOf({ observed, slotsAfter, lastSlot, lastRunName, run, counts = noCounts }: Status): DrillStatus {
  const { created, skipped, missed } = counts
  return { observed, slotsAfter, lastSlot, lastRunName, run, counts: { created, skipped, missed } }
}
