// The condition types and reasons of a MeiliSnapshotSchedule: what users match on.

export const scheduleConditions = {
  /** False where the newest snapshot that ended has failed. Absent before one has ended. */
  LastSnapshotSucceeded: 'LastSnapshotSucceeded',
  /** No snapshot has succeeded for longer than two intervals and startingDeadline. Absent unless true. */
  Overdue: 'Overdue',
  /** Retention deletes no good one, and says why and how to go on. Absent unless true. */
  RetentionHeld: 'RetentionHeld',
  /** False where the newest drill that ended has failed, or none can be made. Absent before one has ended. */
  DrillSucceeded: 'DrillSucceeded',
  /** The operator's clock stands before a slot that ran already. Absent unless true. */
  ClockWentBack: 'ClockWentBack',
} as const

export const scheduleReasons = {
  /** It follows the clock. */
  Scheduled: 'Scheduled',
  /** spec.suspend is true. */
  Suspended: 'Suspended',
  /** spec.schedule cannot be read. */
  InvalidSchedule: 'InvalidSchedule',
  /** spec.timeZone is no time zone that is known. */
  UnknownTimeZone: 'UnknownTimeZone',
  /** spec.schedule names a day that never comes. */
  NoSlot: 'NoSlot',
  /** spec.jitter is not less than half the shortest time between two slots. */
  JitterTooLong: 'JitterTooLong',
  /** There is another MeiliSnapshot of the name that this slot's would have. */
  NameTaken: 'NameTaken',
  /** The API server refuses to create the MeiliSnapshot. */
  RunRefused: 'RunRefused',
  /** The API server refuses the operator a read that it needs. */
  ReadRefused: 'ReadRefused',
  /** The newest snapshot that ended is good. */
  SnapshotSucceeded: 'SnapshotSucceeded',
  /** The newest snapshot that ended has failed. */
  SnapshotFailed: 'SnapshotFailed',
  /** None has succeeded for too long, or ever. */
  NoRecentSuccess: 'NoRecentSuccess',
  /** The clock stands before the last slot. */
  ClockWentBack: 'ClockWentBack',
  /** More would go at once than was announced. */
  MassExpiry: 'MassExpiry',
  /** Snapshots have stopped: the newest good one is too old. */
  SnapshotsStopped: 'SnapshotsStopped',
  /** The newest snapshot has far fewer documents than the good one before. */
  DocumentsDropped: 'DocumentsDropped',
  /** The newest snapshot has fewer indexes than the good one before. */
  IndexVanished: 'IndexVanished',
  /** The newest snapshot is of another MeiliInstance than the good one before. */
  SourceChanged: 'SourceChanged',
  /** A deletion was refused, or does not end. */
  RemovalRefused: 'RemovalRefused',
  /** The newest drill that ended has passed. */
  DrillPassed: 'DrillPassed',
  /** The newest drill that ended has failed. */
  DrillFailed: 'DrillFailed',
  /** The newest drill that ended could not be carried out: nothing is known of the snapshot. */
  DrillInconclusive: 'DrillInconclusive',
  /** The API server refuses to create the drill's MeiliRestore, or its name is taken. */
  DrillRefused: 'DrillRefused',
  /** The clock cannot be trusted. */
  ClockSuspicious: 'ClockSuspicious',
} as const
