// Says of a snapshot for which space is lacking whose schedule could keep fewer. Pure.
import { scheduleLabel } from '../../../api/schedule.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'

/** A sentence with a space before it, or nothing. Only the label is known, so it says nothing of what that schedule keeps. */
export function spaceRemedy({ metadata }: Pick<MeiliSnapshot, 'metadata'>): string {
  const schedule = metadata.labels?.[scheduleLabel]
  return schedule === undefined || schedule === ''
    ? ''
    : ` It is of MeiliSnapshotSchedule ${schedule}, which could keep fewer: see its spec.retention, without which it keeps all.`
}
