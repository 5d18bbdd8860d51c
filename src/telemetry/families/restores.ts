// The metrics of restores and drills: their names and meanings. One set of series for a target or a schedule, never for a MeiliRestore. Pure.
import { familiesOf } from './family.ts'
import type { Family } from './family.ts'

const ofTarget = ['namespace', 'kind', 'target']

export const restoreFamilies: readonly Family[] = [
  ...familiesOf('gauge', [...ofTarget, 'phase'], {
    meili_restore_phase: 'MeiliRestores that are there, by phase, drills among them',
  }),
  ...familiesOf('gauge', ofTarget, {
    meili_restore_last_success_timestamp_seconds:
      'When the newest one completed, in Unix time. Absent until one has, as it is for a drill',
    meili_restore_last_failure_timestamp_seconds:
      'When the newest one ended that failed, or went back by itself, in Unix time. Absent until one has, as it is for a drill',
    meili_restore_oldest_unfinished_timestamp_seconds:
      'When the oldest one that has not ended was created, in Unix time. A plan that nobody has applied has ended. Absent where all have',
    meili_restore_fill_seconds:
      'How long the newest one whose data was unpacked took for that. Absent until one was, as it is for a drill',
  }),
  ...familiesOf('gauge', ['namespace', 'instance'], {
    meili_restore_downtime_seconds:
      'How long the server did not serve while its data was exchanged, the last time. Absent until it was',
    meili_restore_old_data_claims:
      'Claims with data from before a restore that are kept, as the MeiliRestores that are there say',
    meili_restore_old_data_bytes: 'The size of these claims',
    meili_restore_old_data_since_timestamp_seconds:
      'Since when the oldest of them has been kept, in Unix time. Absent where none is',
  }),
  ...familiesOf('gauge', ['namespace', 'schedule'], {
    meili_drill_last_success_timestamp_seconds:
      'When the newest good drill ended, in Unix time. The schedule is empty for drills by hand. Absent until there was one',
    meili_drill_last_failure_timestamp_seconds:
      'When the newest drill ended that failed for what is stored, in Unix time. Absent until there was one',
    meili_drill_last_inconclusive_timestamp_seconds:
      'When the newest drill ended that could not be carried out (memory, disk, time, the cluster), in Unix time. Absent until there was one',
    meili_drill_overdue_from_timestamp_seconds:
      'When a drill is overdue if none passes before, in Unix time: two of the last intervals and startingDeadline after the last good one. Absent until there was one, and while the schedule is suspended',
    meili_drill_duration_seconds:
      'How long the newest good drill took to come back: from reading the snapshot to the first answer of a search. Absent until it was measured',
  }),
]
