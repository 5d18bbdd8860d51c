// The condition types of a MeiliRestore and its reasons: what users match on.

export const restoreConditions = {
  /** What was asked for is done and was compared. Never True of a failure. */
  Complete: 'Complete',
  /** It has failed for good; what there is to go on with stands in the message. */
  Failed: 'Failed',
  /** The claim with the data from before is kept, and can be gone back to. Absent unless true. */
  OldDataKept: 'OldDataKept',
} as const

export const restoreReasons = {
  /** What the source names does not exist, or is not there yet. */
  SourceNotFound: 'SourceNotFound',
  /** The snapshot has not completed. */
  SourceNotReady: 'SourceNotReady',
  /** The source is being looked at. */
  Resolving: 'Resolving',
  /** The source can never be restored: it has failed, its files are gone, or it is damaged. */
  SourceUnusable: 'SourceUnusable',
  /** The sha256 is another one. */
  ChecksumMismatch: 'ChecksumMismatch',
  /** The archive is damaged. */
  ArchiveCorrupt: 'ArchiveCorrupt',
  /** The target does not exist, or is not there yet. */
  TargetNotFound: 'TargetNotFound',
  /** The target cannot be restored to; the message says what can. */
  TargetUnusable: 'TargetUnusable',
  /** A pod uses the claim: its server must be scaled to zero. */
  TargetInUse: 'TargetInUse',
  /** The directory exists already, and is not of this restore. */
  TargetNotEmpty: 'TargetNotEmpty',
  /** A snapshot of the server runs, or an upgrade, or another restore: this one waits. */
  TargetBusy: 'TargetBusy',
  /** Managed instances are switched off in this installation. */
  ManagedInstancesOff: 'ManagedInstancesOff',
  /** The version of the snapshot is another one, and `version` does not allow it. */
  VersionMismatch: 'VersionMismatch',
  /** The snapshot is of a higher version than the server. */
  DowngradeRefused: 'DowngradeRefused',
  /** The plan stands; mode DryRun does no more. */
  Planned: 'Planned',
  /** What the plan was made for has changed since: make another DryRun. */
  PlanStale: 'PlanStale',
  /** The target has the data of this source already. */
  AlreadyRestored: 'AlreadyRestored',
  /** A snapshot of the server as it is, first. */
  SafetySnapshot: 'SafetySnapshot',
  /** The API server refused that snapshot. It is tried again. */
  SafetySnapshotRefused: 'SafetySnapshotRefused',
  /** That snapshot failed, and safety.snapshot is Always. */
  SafetySnapshotFailed: 'SafetySnapshotFailed',
  /** The new claim is being made. */
  ClaimCreating: 'ClaimCreating',
  /** The new claim could not be made, or is lost. */
  ClaimNotReady: 'ClaimNotReady',
  /** The target lacks space. */
  InsufficientSpace: 'InsufficientSpace',
  /** The mover is being started. */
  MoverStarting: 'MoverStarting',
  /** The mover cannot start; the message holds the cluster's own words. */
  MoverWaiting: 'MoverWaiting',
  /** The API server refused the mover. */
  MoverRefused: 'MoverRefused',
  /** The mover failed as often as it may. */
  MoverFailed: 'MoverFailed',
  /** The snapshot is being unpacked. */
  Filling: 'Filling',
  /** What was unpacked is being checked. */
  Verifying: 'Verifying',
  /** What was unpacked cannot be sanitized: its version is too low for that. */
  SanitizeImpossible: 'SanitizeImpossible',
  /** Tasks or webhooks are being taken out of it, as `sanitize` asks. */
  Sanitizing: 'Sanitizing',
  /** They could not be taken out: nothing was exchanged. */
  SanitizeFailed: 'SanitizeFailed',
  /** The server is being stopped. */
  Stopping: 'Stopping',
  /** The claim is being exchanged. */
  Switching: 'Switching',
  /** The server starts on the restored data. */
  Starting: 'Starting',
  /** It is on its way back to the data from before. */
  RollingBack: 'RollingBack',
  /** The data is back, and was compared. */
  Completed: 'Completed',
  /** The server has the data from before again; the message says why. */
  RolledBack: 'RolledBack',
  /** There is nothing to go back to. */
  RollbackImpossible: 'RollbackImpossible',
  /** The server did not start on the restored data. */
  StartFailed: 'StartFailed',
  /** Version or counts are others than those on record. */
  ContentMismatch: 'ContentMismatch',
  /** The drill has failed: what the engine found stands in the message. */
  DrillFailed: 'DrillFailed',
  /** Memory, disk or the cluster ended the drill: nothing is known of the snapshot. */
  DrillInconclusive: 'DrillInconclusive',
  /** The snapshot is older than maxAge. */
  SourceTooOld: 'SourceTooOld',
  /** The snapshot holds enqueued tasks, which would run: it is not started. */
  TasksEnqueued: 'TasksEnqueued',
  /** Not everything was in place within deadlines.start. */
  StartDeadlineExceeded: 'StartDeadlineExceeded',
  /** It was not unpacked within deadlines.fill. */
  FillDeadlineExceeded: 'FillDeadlineExceeded',
  /** The server did not stop or start within deadlines.switch. */
  SwitchDeadlineExceeded: 'SwitchDeadlineExceeded',
  /** The API server refuses the operator a read that it needs. */
  ReadRefused: 'ReadRefused',
  /** The claim from before is kept. */
  OldDataKept: 'OldDataKept',
} as const

export type RestoreReason = (typeof restoreReasons)[keyof typeof restoreReasons]

/** Reasons with which a drill has failed although nothing is known of the snapshot: no server could be asked. */
export const inconclusiveDrills: ReadonlySet<string> = new Set<RestoreReason>([
  restoreReasons.DrillInconclusive,
  restoreReasons.TasksEnqueued,
  restoreReasons.InsufficientSpace,
  restoreReasons.MoverFailed,
  restoreReasons.FillDeadlineExceeded,
  restoreReasons.StartDeadlineExceeded,
])
