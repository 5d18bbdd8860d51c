// The metrics of schedules: their names and meanings. One set of series for a schedule, all from its status. Pure.
import { familiesOf } from './family.ts'
import type { Family } from './family.ts'

const ofSchedule = ['namespace', 'schedule']

export const scheduleFamilies: readonly Family[] = [
  ...familiesOf('gauge', [...ofSchedule, 'instance', 'claim'], {
    meili_schedule_info:
      'Which MeiliInstance the schedule takes snapshots of, and on which claim they are stored; always 1',
  }),
  ...familiesOf('gauge', ofSchedule, {
    meili_schedule_ready: '1 where the condition Ready of the MeiliSnapshotSchedule is True, else 0',
    meili_schedule_suspended: '1 where spec.suspend is true, else 0',
    meili_schedule_overdue: '1 where the condition Overdue is True, else 0',
    meili_schedule_created_timestamp_seconds: 'When the MeiliSnapshotSchedule was created, in Unix time',
    meili_schedule_interval_seconds:
      'The longest time between two slots. Absent until the schedule was looked at, and where it cannot be read',
    meili_schedule_last_slot_timestamp_seconds: 'The newest slot that ran, in Unix time. Absent until one has',
    meili_schedule_next_slot_timestamp_seconds:
      'When the next snapshot is made, in Unix time. Absent where none is to come, as while it is suspended',
    meili_schedule_last_success_timestamp_seconds:
      'When the newest good snapshot of the schedule completed, in Unix time. Absent until there was one',
    meili_schedule_last_failure_timestamp_seconds:
      'When the newest failed snapshot of the schedule ended, in Unix time. Absent until there was one',
    meili_schedule_overdue_from_timestamp_seconds:
      'When it is overdue if no snapshot succeeds before, in Unix time: two intervals and startingDeadline after the last good one, or after the schedule was created, changed or resumed. Absent while it is suspended, or its interval is not known',
    meili_schedule_consecutive_failures: 'How many of its snapshots have failed since the last good one',
    meili_schedule_active: 'Its MeiliSnapshots that have not ended, at most ten',
    meili_schedule_kept: 'Good snapshots of the schedule that are there',
    meili_schedule_kept_bytes: 'What they take on the claim',
    meili_schedule_expiring: 'Snapshots that retention deletes next, or would with mode DryRun, at most a hundred',
  }),
  ...familiesOf('gauge', [...ofSchedule, 'reason'], {
    meili_schedule_retention_held:
      '1 where retention deletes nothing (condition RetentionHeld), with the reason, else 0 and an empty reason',
  }),
  ...familiesOf('gauge', ofSchedule, {
    meili_schedule_forecast_next_bytes:
      'About the size of its next snapshot. Like all of the forecast absent until there were four good ones',
    meili_schedule_forecast_growth_bytes_per_day: 'How much larger each snapshot gets by the day; may be below 0',
    meili_schedule_forecast_steady_bytes:
      'What its retention keeps in the end, with one more. Absent where nothing is ever deleted',
    meili_schedule_forecast_space_bytes:
      'What its snapshots may take on the claim: what they do, and what is free. Absent until a mover has looked',
    meili_schedule_forecast_full_timestamp_seconds:
      'When a snapshot does not fit on the claim any more, in Unix time. Absent where that is not to be expected',
  }),
  ...familiesOf('counter', ofSchedule, {
    meili_schedule_snapshots_created_total: 'Snapshots that the schedule made, since it was created',
    meili_schedule_snapshots_expired_total: 'Snapshots that its retention deleted, since it was created',
    meili_schedule_slots_skipped_total:
      'Slots that were skipped, as one snapshot ran and another one waited already, since it was created',
    meili_schedule_slots_missed_total: 'Slots that passed while nobody looked, since it was created',
  }),
]
