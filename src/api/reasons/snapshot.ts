// The condition types of a MeiliSnapshot and its reasons, with a line of explanation each.

/** Condition types of a MeiliSnapshot, beside those of every kind. Complete and Failed exclude each other. */
export const snapshotConditions = {
  /** True: stored under its final name, and no verification that was asked for has failed. Of mode Boot see BootVerified. */
  Complete: 'Complete',
  /** True: ended without an artifact, or with one that a server does not serve (VerificationFailed). */
  Failed: 'Failed',
  /** Past a deadline that cannot be enforced: Meilisearch does not cancel a snapshot that it is working on. Absent unless true. */
  Overdue: 'Overdue',
  /** Whether the stored files are there. Absent unless they were removed, or are about to be (spec.expiresAfter); True where it failed all the same. */
  ArtifactAvailable: 'ArtifactAvailable',
  /** Of verification.mode Boot: whether a server has served it. False too where none could be asked. Absent until then, and in other modes. */
  BootVerified: 'BootVerified',
} as const

export const snapshotReasons = {
  /** Another snapshot of the same server goes first. */
  Queued: 'Queued',
  /** The one that goes first is Overdue: its message says why, and what to do. */
  QueuedBehindOverdue: 'QueuedBehindOverdue',
  /** The MeiliInstance does not exist. */
  InstanceNotFound: 'InstanceNotFound',
  /** The MeiliInstance, or its last change, has not been looked at yet. */
  InstanceNotSeen: 'InstanceNotSeen',
  /** The server is not there, or does not answer. */
  TargetNotReady: 'TargetNotReady',
  /** A MeiliRestore is at work on the server: it goes first. */
  InstanceRestoring: 'InstanceRestoring',
  /** The key is missing, refused or too weak. */
  Unauthorized: 'Unauthorized',
  /** The API server refuses the operator a read that it needs; the message names it. */
  ReadRefused: 'ReadRefused',
  /** The destination claim does not exist, and there is no template to make it from. */
  ClaimNotFound: 'ClaimNotFound',
  /** The destination claim is being made from its template. */
  ClaimCreating: 'ClaimCreating',
  /** The destination claim is lost or going away, or could not be created. */
  ClaimNotReady: 'ClaimNotReady',
  /** Nothing is stored on the destination claim: it holds a database, or cannot hold files of a mover. */
  DestinationUnusable: 'DestinationUnusable',
  /** The snapshot is asked for. */
  Requesting: 'Requesting',
  /** Meilisearch refused to make a snapshot. */
  RequestRefused: 'RequestRefused',
  /** The last snapshot brought no file for a cause that may pass: another one is asked for. */
  NewAttempt: 'NewAttempt',
  /** The task waits for its turn in Meilisearch. */
  TaskEnqueued: 'TaskEnqueued',
  /** Meilisearch makes the snapshot. */
  TaskProcessing: 'TaskProcessing',
  /** As many movers run as may at once: it waits for its turn. */
  MoverQueued: 'MoverQueued',
  /** The mover is being started. */
  MoverStarting: 'MoverStarting',
  /** The mover cannot start; the message holds the cluster's own words. */
  MoverWaiting: 'MoverWaiting',
  /** The API server refused the mover (quota, Pod Security, a webhook). */
  MoverRefused: 'MoverRefused',
  /** The target is moving to another node: the mover makes way. */
  TargetMoving: 'TargetMoving',
  /** A newer snapshot lies where the file was: the mover takes that one, with its own label. */
  Superseded: 'Superseded',
  /** The file is being copied. */
  Copying: 'Copying',
  /** The copy is being read back. */
  Verifying: 'Verifying',
  /** Stored; a server is being started on a copy of it (verification Boot). */
  Booting: 'Booting',
  /** The server that is to be started on a copy cannot start; the message holds the cluster's own words. */
  BootWaiting: 'BootWaiting',
  /** A server was started on a copy, and serves what is on record (BootVerified). */
  Booted: 'Booted',
  /** No server may be started on it: the archive alone was checked (BootVerified). */
  BootSkipped: 'BootSkipped',
  /** Memory, disk, time or the cluster ended the server on the copy: the archive alone was checked (BootVerified). */
  BootInconclusive: 'BootInconclusive',
  /** Stored, but a server that was started on a copy did not serve it, or serves something else. The files stay. */
  VerificationFailed: 'VerificationFailed',
  /** Stored and verified; Meilisearch's own file is being removed (sourcePolicy Remove). */
  RemovingSource: 'RemovingSource',
  /** Stored and verified. */
  Completed: 'Completed',
  /** Past spec.expiresAfter: the stored files are being removed. */
  ExpiringArtifact: 'ExpiringArtifact',
  /** Past spec.expiresAfter: the stored files were removed, and the object stays. */
  Expired: 'Expired',
  /** Past spec.expiresAfter, but the stored files could not be removed: the message says what stays, and what to do. */
  ExpiryAbandoned: 'ExpiryAbandoned',
  /** Not everything was in place within deadlines.start. */
  StartDeadlineExceeded: 'StartDeadlineExceeded',
  /** Meilisearch did not make the snapshot within deadlines.task. */
  TaskDeadlineExceeded: 'TaskDeadlineExceeded',
  /** The file was not stored within deadlines.move. */
  MoveDeadlineExceeded: 'MoveDeadlineExceeded',
  /** The server went away and did not come back in time. */
  TargetLost: 'TargetLost',
  /** The server no longer knows the task. */
  TaskLost: 'TaskLost',
  /** The database is another one than the snapshot was asked of. */
  DatabaseReplaced: 'DatabaseReplaced',
  /** Meilisearch ended the task as failed. */
  SnapshotTaskFailed: 'SnapshotTaskFailed',
  /** Somebody cancelled the task. */
  SnapshotTaskCanceled: 'SnapshotTaskCanceled',
  /** The snapshot file is not where it should be. */
  SourceMissing: 'SourceMissing',
  /** The mover may not read the snapshot file or write the destination. */
  SourceNotReadable: 'SourceNotReadable',
  /** The directory on the claim belongs to another object. */
  DestinationConflict: 'DestinationConflict',
  /** The file can only be streamed, and that is not allowed, or not for this. */
  StreamNotAllowed: 'StreamNotAllowed',
  /** The file is larger than spec.mover.stream.maxSize. */
  StreamTooLarge: 'StreamTooLarge',
  /** The server's container lacks the programs that streaming needs. */
  StreamToolsMissing: 'StreamToolsMissing',
  /** The free space on the destination is being checked. */
  CheckingSpace: 'CheckingSpace',
  /** sourcePolicy Remove cannot be honoured: no mover can have the server's user, or the database would be within its reach. */
  SourceNotRemovable: 'SourceNotRemovable',
  /** The destination lacks space: it goes on by itself once there is enough. */
  InsufficientSpace: 'InsufficientSpace',
  /** The archive is damaged: nothing was stored. */
  ArchiveCorrupt: 'ArchiveCorrupt',
  /** The mover failed as often as it may. */
  MoverFailed: 'MoverFailed',
} as const
export type SnapshotReason = (typeof snapshotReasons)[keyof typeof snapshotReasons]
