// The types of everything that one pass over an instance knows of the world. observe/ fills them, the rungs read them.
import type { V1Job, V1PersistentVolumeClaim, V1Pod, V1Service, V1StatefulSet } from '@kubernetes/client-node'
import type { MeiliInstance, MeiliInstanceStatus } from '../../api/instance.ts'
import type { MeiliRestore } from '../../api/restore.ts'
import type { MeiliSnapshot } from '../../api/snapshot.ts'
import type { DataClaim, RestoreHold } from '../../reconcile/names/data-claim.ts'
import type { ClaimRole } from '../../reconcile/names/objects.ts'
import type { OwnedDatabase, DatabaseClaim } from '../../reconcile/server-reference.ts'
import type { Located } from './locate/snapshot-volume.ts'

/** What the server said, or why it was not asked. */
export type ServerSeen =
  | { readonly state: 'NotAsked' }
  | { readonly state: 'SecretMissing' | 'KeyUnusable'; readonly message: string }
  /** `isAnswer`: what answers is no Meilisearch, or one that says more than we read. */
  | { readonly state: 'Unreachable'; readonly message: string; readonly isAnswer?: boolean }
  | { readonly state: 'CertificateRejected'; readonly message: string }
  | { readonly state: 'KeyRefused'; readonly message: string }
  | { readonly state: 'KeyTooWeak'; readonly missing: readonly string[] }
  | { readonly state: 'KeyScoped' }
  /** Since 1.43, after a compaction of its task queue. */
  | { readonly state: 'MustRestart' }
  | {
      readonly state: 'Answered'
      readonly version: string
      readonly database: Contents
      readonly upgradeTask?: UpgradeTask
    }

/** The newest `upgradeDatabase` task; only asked for while an upgrade waits for it. */
export type UpgradeTask = 'NotAsked' | 'None' | { readonly status: string; readonly error: string | undefined }

type Contents = Omit<NonNullable<MeiliInstanceStatus['database']>, 'size'>

export interface InstanceObservation {
  readonly instance: MeiliInstance
  /** Pods that match and are neither ending nor ended. */
  readonly pods: readonly V1Pod[]
  /** Why the API server lists no pods: the selector is none, or the right is missing. */
  readonly podsRefused: string | undefined
  /** An older MeiliInstance that stands for the same pod. */
  readonly rival: string | undefined
  readonly endpoint: string | undefined
  readonly server: ServerSeen
  /** Undefined where no container can be identified as Meilisearch. */
  readonly located: (Located & { readonly s3: boolean }) | undefined
  /** Where the pods say that the database is, or may be; undefined where there is no pod. */
  readonly databaseClaims: readonly DatabaseClaim[] | undefined
  readonly claim: V1PersistentVolumeClaim | undefined
  readonly lastSnapshot: MeiliInstanceStatus['lastSnapshot']
  /** How often a healthy server is asked. */
  readonly pollMs: number
  /** Snapshots may be streamed where they cannot be mounted. */
  readonly streaming: boolean
  /** Undefined where somebody else runs the server. */
  readonly managed: ManagedSeen | undefined
}

type Metadata = MeiliInstance['metadata']

/** A Secret without what is in it. */
export interface SecretThere {
  readonly metadata: Partial<Metadata> & {
    readonly ownerReferences?: readonly {
      readonly kind: string
      readonly name: string
      readonly uid: string
      readonly controller?: boolean
    }[]
  }
}

export interface ManagedSeen {
  /** False where the installation has no rights for managed instances. */
  readonly isSwitchedOn: boolean
  /** Pods of this cluster have an IPv6 address, or that first. */
  readonly ipv6: boolean
  readonly statefulSet: V1StatefulSet | undefined
  readonly service: V1Service | undefined
  /** Names of the Services that select the pod, ours among them. */
  readonly selectedBy: readonly string[]
  /** Of the other instances of its namespace. */
  readonly otherDatabases: readonly OwnedDatabase[]
  /** Ours, or those that `claimName` names. Of several generations of the data the highest. */
  readonly claims: Readonly<Partial<Record<ClaimRole, V1PersistentVolumeClaim>>>
  /** The other generations of its data, the highest first. */
  readonly earlierData: readonly DataClaim[]
  /** The restore in place that is at work. */
  readonly hold: RestoreHold | undefined
  /** The restore that `spec.managed.bootstrap` has made. */
  readonly bootstrap: MeiliRestore | undefined
  /** Claims that restores fill, or have left. */
  readonly filling: readonly V1PersistentVolumeClaim[]
  readonly keySecret:
    | (SecretThere & {
        readonly key:
          | { readonly fingerprint: string; readonly bytes: number; readonly flaw: string | undefined }
          | undefined
      })
    | undefined
  readonly connection: (SecretThere & { readonly isCurrent: boolean }) | undefined
  /** Why one of these two may not be read, and what to do. Whether it is there is then unknown. */
  readonly secretRefused: string | undefined
  /** Snapshots of this instance that have asked the server, and are not finished. */
  readonly runningSnapshots: readonly string[]
  /** The one that status.upgrade names. */
  readonly recordedUpgradeSnapshot: MeiliSnapshot | undefined
  /** Snapshots of this instance that say they were taken before an upgrade. */
  readonly upgradeSnapshots: readonly MeiliSnapshot[]
  /** Jobs of finished snapshots that mount one of our claims: the claim cannot go before their pods do. Only looked for at the instance's end. */
  readonly finishedMovers: readonly V1Job[]
  /** Why the StatefulSet has no pod, in the cluster's own words. */
  readonly warning: string | undefined
}
