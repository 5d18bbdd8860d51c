// The types of what a kind decides, with every way in which the operator can change the world. Pure; perform/ carries it out.
import type { V1Job, V1OwnerReference, V1PersistentVolumeClaim } from '@kubernetes/client-node'
import type { SecretKeyReference } from '../api/meta.ts'
import type { MeiliRestore } from '../api/restore.ts'
import type { MeiliSnapshot } from '../api/snapshot.ts'
import type { RefusalCause } from '../errors.ts'

/** How to reach a Meilisearch server. Names Secrets, holds none. */
export interface ServerReference {
  readonly namespace: string
  /** Scheme, address and port. */
  readonly endpoint: string
  readonly apiKey?: SecretKeyReference
  /** With it `apiKey` is a master key, and what is sent is the key with this uid, computed from it. */
  readonly keyUid?: string
  readonly ca?: SecretKeyReference
  readonly serverName?: string
}

/** Where a file lies in a container that runs. `pin`, as `<owner>-<attempt>`, ends the further name under which it is kept while it is sent. */
export interface PinnedFile {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly directory: string
  readonly fileName: string
  readonly pin: string
}

/** What a managed instance is made of, with the fields that we own. A Secret here has no data: what is in it is the effect's own affair. */
export interface Child {
  readonly apiVersion: string
  readonly kind: 'PersistentVolumeClaim' | 'Secret' | 'Service' | 'StatefulSet'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly V1OwnerReference[]
  }
  readonly spec?: object
}

export type NewSnapshot = Pick<MeiliSnapshot, 'apiVersion' | 'kind'> & {
  readonly metadata: { readonly name: string; readonly namespace: string } & Pick<
    MeiliSnapshot['metadata'],
    'labels' | 'annotations'
  >
  readonly spec: object
}

/** A claim of the object's namespace, as it was seen. */
export interface ClaimSeen {
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
}

export interface DataSwitch {
  readonly claim: ClaimSeen
  readonly generation: number
  /** Text of the annotation `meili-operator.dev/restored-from`. */
  readonly restoredFrom?: string
  readonly databaseVersion?: string
}

export type NewRestore = Pick<MeiliRestore, 'apiVersion' | 'kind'> & {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly ownerReferences?: readonly V1OwnerReference[]
  } & Pick<MeiliRestore['metadata'], 'labels'>
  readonly spec: object
}

export type Effect =
  /** Keeps the object until its own deletion is done. */
  | { readonly kind: 'AddFinalizer'; readonly finalizer: string }
  | { readonly kind: 'RemoveFinalizer'; readonly finalizer: string }
  | { readonly kind: 'CreateClaim'; readonly claim: V1PersistentVolumeClaim }
  /** Creates, never applies: a Job's template is immutable. An existing Job of that name is adopted if it is ours. */
  | { readonly kind: 'CreateJob'; readonly job: V1Job }
  /** In the foreground, so that the Job is gone only when its pods are. */
  | { readonly kind: 'DeleteJob'; readonly name: string; readonly uid: string }
  /** POST /snapshots. Unrepeatable: performed only in the very pass whose status write changed something. */
  | { readonly kind: 'RequestSnapshot'; readonly server: ServerReference }
  | { readonly kind: 'CancelTask'; readonly server: ServerReference; readonly taskUid: number }
  /** Sends what can be sent within some seconds, from where the mover says that it stands. Harmless when it is done twice. */
  | {
      readonly kind: 'StreamSegments'
      readonly source: PinnedFile
      readonly receiver: { readonly pod: string; readonly container: string }
    }
  | { readonly kind: 'RemovePin'; readonly source: PinnedFile }
  /** Server-side apply. `uid`: only to that very object, and our fields win; without it the object is new, or belongs to somebody else and stays as it is. `adopts`: whoever brought it back no longer owns our fields. */
  | { readonly kind: 'Apply'; readonly child: Child; readonly uid?: string | undefined; readonly adopts?: boolean }
  /** A new master key under this name, if there is none: never overwrites one. */
  | { readonly kind: 'CreateMasterKey'; readonly secret: Child; readonly key: string }
  /** Our own key and the applications', as far as the server lacks them. `server` names the master key. */
  | { readonly kind: 'CreateKeys'; readonly server: ServerReference }
  /** Applies the Secret with the applications' url and key. */
  | {
      readonly kind: 'ApplyConnection'
      readonly secret: Child
      readonly masterKey: SecretKeyReference
      readonly url: string
      readonly uid?: string | undefined
    }
  /** Its StatefulSet makes another one, as it is wanted now. */
  | { readonly kind: 'DeletePod'; readonly name: string; readonly uid: string }
  /** Creates, never applies: its name says what it is for. With `schedule` it is the run of a slot, performed as RequestSnapshot is, and only one that carries that value in the label `meili-operator.dev/schedule` is adopted. */
  | { readonly kind: 'CreateSnapshot'; readonly snapshot: NewSnapshot; readonly schedule?: string }
  /** Creates, never applies. One of that name that belongs to this object is the one that was asked for. */
  | { readonly kind: 'CreateRestore'; readonly restore: NewRestore }
  /** Only as it was seen: what becomes of its files. */
  | {
      readonly kind: 'PatchSnapshot'
      readonly name: string
      readonly uid: string
      readonly resourceVersion: string
      readonly deletionPolicy: MeiliSnapshot['spec']['deletionPolicy']
    }
  /** One that the operator took itself, and only as it was seen: its files go with it, as its deletionPolicy says. */
  | { readonly kind: 'DeleteSnapshot'; readonly name: string; readonly uid: string; readonly resourceVersion: string }
  /** The drill of a slot: performed as RequestSnapshot is, and only one that carries that value in the label `meili-operator.dev/schedule` is adopted. */
  | { readonly kind: 'CreateDrill'; readonly drill: NewRestore; readonly schedule: string }
  /** The record of one that has ended, and only as it was seen. */
  | { readonly kind: 'DeleteDrill'; readonly name: string; readonly uid: string; readonly resourceVersion: string }
  /** The exchange of a server's data (decision 0041): from here on this claim is the data. Performed as RequestSnapshot is, and only on the claim as it was seen. What is absent stays as the claim says it. */
  | ({ readonly kind: 'SwitchData' } & DataSwitch)
  /** Data that nobody needs any more, and only as it was seen: a claim that has become the data meanwhile is another one. */
  | { readonly kind: 'DeleteClaim'; readonly claim: ClaimSeen }
  /** About another object, which stays where the one that is reconciled goes. Best effort, as all Events. */
  | { readonly kind: 'RecordEvent'; readonly about: EventSubject; readonly event: EventText }

/** What the world answered to an effect at once; the kind applies it to status in the same pass. */
export type Fact =
  | { readonly kind: 'TaskEnqueued'; readonly taskUid: number }
  | { readonly kind: 'CancelAccepted'; readonly taskUid: number }
  /** Some of it may have come; it goes on where the mover says that it stands. */
  | { readonly kind: 'StreamInterrupted'; readonly message: string }
  | { readonly kind: 'PinRemoved' }
  /** The run of a slot is there, whoever made it. */
  | { readonly kind: 'SnapshotCreated'; readonly name: string }
  | { readonly kind: 'DrillCreated'; readonly name: string }
  /** This claim is the data. */
  | { readonly kind: 'DataSwitched'; readonly claimName: string; readonly generation: number }
  /** The other side refused for good: nothing was done. `message` is its own sentence, which nobody reads to decide; `cause` is why, where that is known. */
  | {
      readonly kind: 'Refused'
      readonly effect: Effect['kind']
      readonly message: string
      readonly cause?: RefusalCause | undefined
    }

export interface Decision<Status> {
  /** What was seen, complete: it replaces the status that was there. */
  readonly status: Status
  readonly effects: readonly Effect[]
  /** Absent where a watch will wake us, or nothing is left to do. */
  readonly requeueAfterMs?: number
}

/** An object that an Event is about. */
export interface EventSubject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string }
}

/** One line of `kubectl describe`. */
export interface EventText {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}
