// When a schedule is overdue: what its condition and what Prometheus go by. Pure.
import { durationMs } from '../meta.ts'
import type { MeiliSnapshotSchedule } from '../schedule.ts'

/**
 * Two intervals and startingDeadline after the last good snapshot, or after the schedule was created, changed or resumed. Undefined while nothing is
 * expected, and where a time on record is none.
 */
export function overdueAt({ metadata, spec, status }: MeiliSnapshotSchedule): number | undefined {
  const { lastSuccess, interval, followedSince: since = metadata.creationTimestamp } = status ?? {}
  if (spec.suspend || interval === undefined) return undefined
  const fromMs = Math.max(Date.parse(since), Date.parse(lastSuccess?.completedAt ?? since))
  const atMs = fromMs + 2 * durationMs(interval) + durationMs(spec.startingDeadline)
  return Number.isNaN(atMs) ? undefined : atMs
}
