// From when on a snapshot is to be expected, and when none is late. Pure.
import { durationMs } from '../../../api/meta.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'

/** What lies further ahead is the word of a clock that stood wrong. */
const toleranceMs = 3_600_000

/** Its creation, its last change, or the end of its last suspension. */
export function followedSince({ metadata, spec, status }: MeiliSnapshotSchedule, nowMs: number): string {
  const { observed, followedSince: recorded = metadata.creationTimestamp } = status ?? {}
  const begins =
    observed !== undefined &&
    ((observed.suspended && !spec.suspend) ||
      observed.schedule !== spec.schedule ||
      observed.timeZone !== spec.timeZone)
  return begins || Date.parse(recorded) > nowMs + toleranceMs ? instant(nowMs) : recorded
}

/** Undefined while nothing is expected. */
export function overdueAt(
  spec: MeiliSnapshotSchedule['spec'],
  { lastSuccess, interval, followedSince: since = '' }: MeiliSnapshotScheduleStatus,
): number | undefined {
  if (spec.suspend || interval === undefined) return undefined
  const fromMs = Math.max(Date.parse(since), Date.parse(lastSuccess?.completedAt ?? since))
  return fromMs + 2 * durationMs(interval) + durationMs(spec.startingDeadline)
}
