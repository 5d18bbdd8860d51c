// What a schedule's status says of slots that are past, and from where on they count. Pure.
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import type { Run } from '../run.ts'
import { judgeClock } from './clock.ts'
import type { ClockVerdict, LastRun } from './clock.ts'
import { jitterOf } from './jitter.ts'

export interface PlannedRun {
  readonly slotMs: number
  readonly name: string
}

export interface Past extends ClockVerdict {
  readonly observed: NonNullable<MeiliSnapshotScheduleStatus['observed']>
  /** The run on record is there. */
  readonly made?: PlannedRun
  /** The run on record is not there. */
  readonly pending?: PlannedRun
  readonly slotsAfterMs: number
  /** Only later slots may run: later than that, and than the last one that ran. */
  readonly afterMs: number
}

export function pastOf(schedule: MeiliSnapshotSchedule, runs: readonly Run[], nowMs: number): Past {
  const { spec } = schedule
  const record = recordOf(schedule, runs)
  const last = record.made ?? lastOf(schedule)
  const clock = judgeClock(schedule, last, { runs, nowMs })
  const slotsAfterMs = Math.max(floorOf(schedule, nowMs), clock.takeBack?.afterMs ?? -Infinity)
  return {
    ...clock,
    ...record,
    observed: { schedule: spec.schedule, timeZone: spec.timeZone, suspended: spec.suspend },
    slotsAfterMs,
    afterMs: clock.takeBack === undefined ? Math.max(slotsAfterMs, last?.slotMs ?? -Infinity) : slotsAfterMs,
  }
}

function recordOf({ status }: MeiliSnapshotSchedule, runs: readonly Run[]): Pick<Past, 'made' | 'pending'> {
  const run = status?.run
  if (run?.slot === undefined) return {}
  const planned = { slotMs: Date.parse(run.slot), name: run.name }
  return runs.some(({ name }) => name === run.name) ? { made: planned } : { pending: planned }
}

function lastOf({ status }: MeiliSnapshotSchedule): LastRun | undefined {
  if (status?.lastSlot === undefined) return undefined
  const name = status.lastRunName
  return { slotMs: Date.parse(status.lastSlot), ...(name === undefined ? {} : { name }) }
}

/**
 * No slot up to then runs. It never lies ahead: a clock that was wrong and is right again must not keep a schedule waiting for a year.
 * Another schedule keeps a slot whose jitter has not passed yet: who adds a second hour must not lose the first one.
 */
function floorOf(schedule: MeiliSnapshotSchedule, nowMs: number): number {
  const { metadata, spec, status } = schedule
  const recordedMs = Math.min(nowMs, Date.parse(status?.slotsAfter ?? metadata.creationTimestamp))
  const observed = status?.observed
  if (observed === undefined) return recordedMs
  if (observed.suspended && !spec.suspend) return nowMs
  const isAnother = observed.schedule !== spec.schedule || observed.timeZone !== spec.timeZone
  return isAnother ? Math.max(recordedMs, nowMs - jitterOf(schedule)) : recordedMs
}
