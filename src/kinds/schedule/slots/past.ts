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
  /** On record, and not there. */
  readonly pending?: PlannedRun
  readonly slotsAfterMs: number
  /** Only later slots may run: later than that, and than the last one that ran. */
  readonly afterMs: number
}

export function pastOf(schedule: MeiliSnapshotSchedule, runs: readonly Run[], nowMs: number): Past {
  const { spec } = schedule
  const record = recordOf(schedule)
  const isThere = runs.some(({ name }) => name === record?.name)
  const last = isThere ? record : lastOf(schedule)
  const clock = judgeClock(schedule, last, { runs, nowMs })
  const slotsAfterMs = Math.max(floorOf(schedule, nowMs), clock.takeBack?.afterMs ?? -Infinity)
  return {
    ...clock,
    ...(record === undefined || isThere ? {} : { pending: record }),
    observed: { schedule: spec.schedule, timeZone: spec.timeZone, suspended: spec.suspend },
    slotsAfterMs,
    afterMs: clock.takeBack === undefined ? Math.max(slotsAfterMs, last?.slotMs ?? -Infinity) : slotsAfterMs,
  }
}

/** A run by hand has no slot. */
function recordOf({ status }: MeiliSnapshotSchedule): PlannedRun | undefined {
  const run = status?.run
  const slotMs = timeIn(run?.slot)
  return run === undefined || slotMs === undefined ? undefined : { slotMs, name: run.name }
}

function lastOf({ status }: MeiliSnapshotSchedule): LastRun | undefined {
  const slotMs = timeIn(status?.lastSlot)
  const name = status?.lastRunName
  return slotMs === undefined ? undefined : { slotMs, ...(name === undefined ? {} : { name }) }
}

/** What is no time, as somebody wrote it into status, is as if it were not there. */
function timeIn(text: string | undefined): number | undefined {
  const timeMs = Date.parse(text ?? '')
  return Number.isNaN(timeMs) ? undefined : timeMs
}

/**
 * No slot up to then runs. It never lies ahead: a clock that was wrong and is right again must not keep a schedule waiting for a year.
 * Another schedule keeps a slot whose jitter has not passed yet: who adds a second hour must not lose the first one.
 */
function floorOf(schedule: MeiliSnapshotSchedule, nowMs: number): number {
  const { metadata, spec, status } = schedule
  const recordedMs = Math.min(nowMs, timeIn(status?.slotsAfter) ?? timeIn(metadata.creationTimestamp) ?? nowMs)
  const observed = status?.observed
  if (observed === undefined) return recordedMs
  if (observed.suspended && !spec.suspend) return nowMs
  const isAnother = observed.schedule !== spec.schedule || observed.timeZone !== spec.timeZone
  return isAnother ? Math.max(recordedMs, nowMs - jitterOf(schedule)) : recordedMs
}
