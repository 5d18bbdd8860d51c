// The metrics derived from the objects: their names and meanings. One set of series for an instance or a claim, never for a snapshot. Pure.
import { instanceReasons } from '../../api/instance.ts'
import { snapshotReasons } from '../../api/snapshot.ts'
import { familiesOf } from './family.ts'
import type { Family } from './family.ts'

const ofInstance = ['namespace', 'instance']
const ofClaim = ['namespace', 'claim']

export const stateFamilies: readonly Family[] = [
  ...familiesOf('gauge', ofInstance, {
    meili_instance_ready: '1 where the condition Ready of the MeiliInstance is True, else 0',
    meili_instance_created_timestamp_seconds: 'When the MeiliInstance was created, in Unix time',
    meili_instance_foreign_service:
      '1 where a Service of somebody else selects the pod of the managed server, too (condition ForeignService), else 0. Absent where somebody else runs the server',
    meili_instance_bootstrap_failed:
      '1 where the MeiliInstance was to be made from a stored snapshot and that failed (reason BootstrapFailed), else 0. Absent where there is no spec.managed.bootstrap',
    meili_instance_database_bytes: 'Size of the database, as the server said last. Absent until it has answered',
    meili_snapshot_last_success_timestamp_seconds:
      'When the newest good snapshot completed, in Unix time. Absent until there is one',
    meili_snapshot_last_failure_timestamp_seconds:
      'When the newest failed snapshot ended, in Unix time. Absent until there is one',
    meili_snapshot_last_attempt_timestamp_seconds:
      'When work on the newest snapshot began, in Unix time. Absent until there is one',
    meili_snapshot_oldest_unfinished_timestamp_seconds:
      'When the oldest MeiliSnapshot that has not ended was created, in Unix time. Absent where all have ended',
    meili_snapshot_overdue: 'MeiliSnapshots whose condition Overdue is True',
    meili_snapshot_size_bytes: 'Size of the newest good snapshot. Absent until there is one',
    meili_snapshot_boot_passed:
      '1 where the newest snapshot on which a server could be asked (verification Boot) was served as it is on record, else 0. Absent until one was',
    meili_snapshot_boot_timestamp_seconds: 'When that was, in Unix time',
    meili_snapshot_boot_inconclusive:
      '1 where the server that was started on the newest good snapshot was ended by its memory, its disk, its deadline or the cluster before it could be asked, else 0. Absent where none was started',
    meili_snapshot_recovery_seconds:
      'How long that took, measured: from reading the snapshot to the first answer of a search. Absent where it was not measured',
  }),
  ...familiesOf('gauge', [...ofInstance, 'phase'], {
    meili_snapshot_phase: 'MeiliSnapshots that are there, by phase',
    meili_snapshot_phase_duration_seconds:
      'How long the phases of the newest good snapshot took. Pending ends with the request, Snapshotting includes the wait for a slot, and Moving the verification. Absent until there is one',
  }),
  ...familiesOf('counter', [...ofInstance, 'result', 'reason'], {
    meili_snapshot_total:
      'MeiliSnapshots that have ended: all that were there when this process started, and all that ended since. Deleting one takes nothing away; a restart counts anew what is left',
  }),
  ...familiesOf('counter', ofInstance, {
    meili_artifact_abandoned_total:
      'MeiliSnapshots whose stored files were to go, with the object (deletionPolicy Delete) or past expiresAfter, and stay, since this process started. Stays when the instance goes, too',
  }),
  ...familiesOf('gauge', ofClaim, {
    meili_destination_free_bytes: 'Free space on the claim, as a mover saw it last. Absent until one has',
    meili_destination_observed_timestamp_seconds: 'When a mover saw that space, in Unix time',
    meili_destination_next_snapshot_bytes:
      'About what the next snapshot needs: the largest of the newest good ones that each instance has stored on the claim. Absent until there is one',
  }),
]

/** What a snapshot fails of where nothing is wrong with its own settings: each instance has them at 0 from the start, all others once they have occurred. Else a thousand instances would be 29,000 series. */
export const usualFailures: readonly string[] = [
  snapshotReasons.InsufficientSpace,
  snapshotReasons.MoveDeadlineExceeded,
  snapshotReasons.MoverFailed,
  snapshotReasons.SnapshotTaskFailed,
  snapshotReasons.StartDeadlineExceeded,
  snapshotReasons.TargetLost,
]

/** Each word that can stand in the label `reason` of a failed snapshot; any other one counts as Other. */
export const failureReasons: readonly string[] = [
  snapshotReasons.ArchiveCorrupt,
  snapshotReasons.DatabaseReplaced,
  snapshotReasons.DestinationConflict,
  snapshotReasons.DestinationUnusable,
  snapshotReasons.InsufficientSpace,
  snapshotReasons.MoveDeadlineExceeded,
  snapshotReasons.MoverFailed,
  snapshotReasons.RequestRefused,
  snapshotReasons.SnapshotTaskCanceled,
  snapshotReasons.SnapshotTaskFailed,
  snapshotReasons.SourceMissing,
  snapshotReasons.SourceNotReadable,
  snapshotReasons.SourceNotRemovable,
  snapshotReasons.StartDeadlineExceeded,
  snapshotReasons.StreamNotAllowed,
  snapshotReasons.StreamTooLarge,
  snapshotReasons.StreamToolsMissing,
  snapshotReasons.Superseded,
  snapshotReasons.TargetLost,
  snapshotReasons.TaskDeadlineExceeded,
  snapshotReasons.TaskLost,
  instanceReasons.ClaimReadWriteOncePod,
  instanceReasons.ClaimUnusable,
  instanceReasons.ContainerUnknown,
  instanceReasons.DirectoryNotOnClaim,
  instanceReasons.DirectoryUnknown,
  instanceReasons.SnapshotsToS3,
  'Other',
]
