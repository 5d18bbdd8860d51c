// The condition types of a MeiliInstance and its reasons, with a line of explanation each.

/** Condition types of a MeiliInstance, beside those of every kind. Ready is the first three together. */
export const instanceConditions = {
  /** Exactly one running pod is selected. */
  PodFound: 'PodFound',
  /** The server answers on its port. */
  Reachable: 'Reachable',
  /** The key is accepted and has every action that is needed. */
  Authorized: 'Authorized',
  /** Snapshots are written where a mover can fetch them. Does not affect Ready; gates MeiliSnapshot. */
  SnapshotVolumeReady: 'SnapshotVolumeReady',
  /** Everything that spec.managed asks for is in place. Only on managed instances. */
  Applied: 'Applied',
  /** Some of env and extraArgs are left out, as the operator's own settings win. Absent unless true. */
  SettingsIgnored: 'SettingsIgnored',
  /** A Service of somebody else selects the pod of a managed instance. Does not affect Ready. Absent unless true. */
  ForeignService: 'ForeignService',
} as const

export const instanceReasons = {
  /** All is well. */
  Ready: 'Ready',
  /** An earlier check has not passed, so this one was not made. */
  NotChecked: 'NotChecked',
  /** No pod matches podSelector. */
  PodNotFound: 'PodNotFound',
  /** More than one pod matches podSelector. */
  PodAmbiguous: 'PodAmbiguous',
  /** The pod is there, but not ready yet. */
  PodNotReady: 'PodNotReady',
  /** No container of the pod can be identified as Meilisearch. */
  ContainerUnknown: 'ContainerUnknown',
  /** The server does not answer. */
  Unreachable: 'Unreachable',
  /** The server certificate is not trusted. */
  CertificateRejected: 'CertificateRejected',
  /** The server is older than 1.12. */
  VersionTooOld: 'VersionTooOld',
  /** The Secret, or its key, is absent. */
  KeyMissing: 'KeyMissing',
  /** The server refuses the key. */
  KeyRefused: 'KeyRefused',
  /** The key lacks actions that are needed. */
  KeyTooWeak: 'KeyTooWeak',
  /** Another, older MeiliInstance stands for the same pod. */
  PodAlreadyClaimed: 'PodAlreadyClaimed',
  /** The snapshot directory cannot be known without `snapshotDirectory`. */
  DirectoryUnknown: 'DirectoryUnknown',
  /** No other pod can mount the snapshot directory, and streaming is switched on: a MeiliSnapshot that allows it can be taken. */
  StreamOnly: 'StreamOnly',
  /** The snapshot directory is on no claim. */
  DirectoryNotOnClaim: 'DirectoryNotOnClaim',
  /** The claim is ReadWriteOncePod: no second pod may mount it. */
  ClaimReadWriteOncePod: 'ClaimReadWriteOncePod',
  /** The claim is a block device, or mounted read-only. */
  ClaimUnusable: 'ClaimUnusable',
  /** The claim of the snapshot directory is not there or not bound. */
  ClaimNotBound: 'ClaimNotBound',
  /** The server sends its snapshots to S3. */
  SnapshotsToS3: 'SnapshotsToS3',
  /** The server asks to be restarted (since 1.43, after a compaction of its task queue). */
  MustRestart: 'MustRestart',
  /** No server runs, as `suspend` asks. */
  Suspended: 'Suspended',
  /** Managed instances are switched off in this installation. */
  ManagedInstancesOff: 'ManagedInstancesOff',
  /** Objects are being created or changed as spec asks. */
  Applying: 'Applying',
  /** What was made for it has lost its owner, as a backup tool brings objects back, and becomes its own again. */
  Adopting: 'Adopting',
  /** Somebody changed what is ours; it is put back. */
  DriftFound: 'DriftFound',
  /** The API server refused one of our objects, or a look at a Secret. */
  ObjectRefused: 'ObjectRefused',
  /** The API server refuses the operator a read that it needs; the message names it. */
  ReadRefused: 'ReadRefused',
  /** An object under a name that is needed belongs to somebody else. */
  NameTaken: 'NameTaken',
  /** The Secret with the master key, or its key, is absent, or too short for Production. */
  MasterKeyUnusable: 'MasterKeyUnusable',
  /** The database is of a higher version than `version`. */
  DowngradeRefused: 'DowngradeRefused',
  /** A claim is larger than `size`. */
  ShrinkRefused: 'ShrinkRefused',
  /** A claim that `claimName` names does not exist. */
  ClaimNotFound: 'ClaimNotFound',
  /** Which claim has the data is not certain: nothing is started. */
  DataClaimUnclear: 'DataClaimUnclear',
  /** A MeiliRestore fills the claim of a new server, which is made after that. */
  Bootstrapping: 'Bootstrapping',
  /** That MeiliRestore failed: no server was made. */
  BootstrapFailed: 'BootstrapFailed',
  /** A MeiliRestore exchanges the data, and no server runs meanwhile; or an upgrade waits for it. */
  Restoring: 'Restoring',
  /** A claim waits for its volume to grow. */
  ClaimExpanding: 'ClaimExpanding',
  /** The pod runs with older settings, and is replaced when nothing is lost by it. */
  RestartPending: 'RestartPending',
  /** The pod is being replaced. */
  Restarting: 'Restarting',
  /** The server does not start. */
  PodFailing: 'PodFailing',
  /** The keys for applications and for the operator are being made. */
  KeysPending: 'KeysPending',
  /** A higher version is being moved to; `status.upgrade` says how far. */
  Upgrading: 'Upgrading',
  /** An upgrade waits for its user before anything is changed: no snapshot can be taken first as spec is. */
  UpgradeHeld: 'UpgradeHeld',
  /** The upgrade has stopped at a step. */
  UpgradeFailed: 'UpgradeFailed',
  /** Everything that spec.managed asks for is in place. */
  Applied: 'Applied',
  /** Being deleted: waits for snapshots that run. */
  Deleting: 'Deleting',
  /** Deleted, and the claims and the key stay. */
  Retained: 'Retained',
  /** A variable or flag is the operator's own. */
  SettingsConflict: 'SettingsConflict',
  /** The labels of the pod match the selector of a Service of somebody else. */
  ForeignService: 'ForeignService',
} as const
export type InstanceReason = (typeof instanceReasons)[keyof typeof instanceReasons]
