// The types of everything that one pass over a restore knows of the world. observe/ fills them, the rungs read them.
import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../api/instance.ts'
import type { MeiliRestore } from '../../api/restore.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../api/snapshot.ts'
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'
import type { MoverSeen } from '../../reconcile/job/seen.ts'
import type { DataClaim } from '../../reconcile/names/data-claim.ts'
import type { OwnedDatabase } from '../../reconcile/server-reference.ts'

/** The MeiliSnapshot that the source means, where it means one: read from the API server. */
export type SourceSeen =
  | { readonly is: 'notAsked' }
  /** `why`: a sentence. */
  | { readonly is: 'missing'; readonly why: string }
  | { readonly is: 'snapshot'; readonly snapshot: MeiliSnapshot }

/** What the server says that is restored in place, or why it was not asked. */
export type ServerSeen =
  | { readonly is: 'notAsked' }
  | { readonly is: 'silent'; readonly message: string }
  | {
      readonly is: 'answered'
      readonly version: string
      readonly indexes: number
      readonly documents: number
      /** When a document was written last, by its own clock; undefined where there is no index. */
      readonly lastUpdate: string | undefined
      /** As many as fit in a manifest. */
      readonly listed: readonly { readonly uid: string; readonly documents: number }[]
      /** Undefined where they were not asked for, or may not be read. */
      readonly keys: readonly KeySeen[] | undefined
    }

/** An API key of the server, without its value. */
export interface KeySeen {
  /** Its name, else its uid. */
  readonly name: string
  readonly createdAt: string
}

/** What is known of the claims of a target. */
export interface TargetSeen {
  /** Of target.inPlace. */
  readonly instance: MeiliInstance | undefined
  /** The claim that target.claim names. */
  readonly claim: V1PersistentVolumeClaim | undefined
  /** Every generation of the instance's data, the data first. */
  readonly data: readonly DataClaim[]
  /** The claim that is filled, whoever made it: read by its name, once that is on record. */
  readonly filled: V1PersistentVolumeClaim | undefined
  /** All claims with the instance's labels, those that are being filled among them. */
  readonly claims: readonly V1PersistentVolumeClaim[]
  readonly statefulSet: V1StatefulSet | undefined
  /** Pods of the namespace that mount one of these claims; in the exchange those of this restore's own Jobs, too. Only looked for where it matters. */
  readonly pods: readonly V1Pod[]
  /** Other restores that are at work on the instance. Before the exchange as the API server has them, else as the cache. */
  readonly others: readonly MeiliRestore[]
}

/** Of a drill: the server whose snapshot is started, as far as it is known. */
export interface DrilledSeen {
  readonly instance: MeiliInstance | undefined
  readonly pod: V1Pod | undefined
  /** Who stored the files. */
  readonly runAs: NonNullable<MeiliSnapshotStatus['move']>['runAs']
}

export interface RestoreObservation {
  readonly restore: MeiliRestore
  readonly source: SourceSeen
  /** On which the source is, as far as it is known, and looked for: until the data is being unpacked. */
  readonly sourceClaim: { readonly name?: string; readonly claim?: V1PersistentVolumeClaim }
  readonly target: TargetSeen
  readonly server: ServerSeen
  readonly drilled?: DrilledSeen | undefined
  /** The Job that matters now. */
  readonly mover: MoverSeen
  /** Names of the restores of the same target that go first. */
  readonly ahead: readonly string[]
  /** Names of snapshots of the instance that have asked it, and are not finished; but this restore's own. */
  readonly runningSnapshots: readonly string[]
  /** The newest of the instance that has completed, by the cache; looked for where old data is kept. */
  readonly lastSnapshot?: KnownSnapshot | undefined
  /** The one that this restore takes first, once it is on record. */
  readonly safetySnapshot: MeiliSnapshot | undefined
  /** Of every server of the namespace, as far as they are known. */
  readonly databases: readonly OwnedDatabase[]
  /** Whether this installation runs servers. */
  readonly runsServers: boolean
  readonly moverImage: string
  readonly imagePullSecrets: readonly string[]
}
