// From when on a snapshot is to be expected. Pure.
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import { futureMs } from '../run.ts'

/** Its creation, its last change, or the end of its last suspension. */
export function followedSince({ metadata, spec, status }: MeiliSnapshotSchedule, nowMs: number): string {
  const { observed, followedSince: recorded = metadata.creationTimestamp } = status ?? {}
  const begins =
    observed !== undefined &&
    ((observed.suspended && !spec.suspend) ||
      observed.schedule !== spec.schedule ||
      observed.timeZone !== spec.timeZone)
  return begins || Date.parse(recorded) > nowMs + futureMs ? instant(nowMs) : recorded
}
