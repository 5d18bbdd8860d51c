// The types of everything that one pass over a snapshot knows of the world. observe/ fills them, the rungs read them.
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../api/instance.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotTask } from '../../api/snapshot.ts'
import type { MoverSeen } from '../../reconcile/job/seen.ts'
import type { RestoreHold } from '../../reconcile/names/data-claim.ts'
import type { Database } from '../../reconcile/server-reference.ts'

/** How long a finished snapshot took. Each span lies between two times of one clock. */
export interface EarlierRun {
  readonly taskMs: number
  /** From the start of the mover to the end, checks included. */
  readonly moveMs: number
  readonly sizeBytes: number
}

/** A task as Meilisearch names it: uids start again with a new database, so the time belongs to it. */
export interface TaskName {
  readonly uid: number
  readonly enqueuedAt: string
}

/** What Meilisearch said in this pass, or why it was not asked. */
export type EngineSeen =
  | { readonly state: 'NotAsked' }
  | { readonly state: 'Unreachable'; readonly message: string }
  | { readonly state: 'Unauthorized'; readonly message: string }
  | EngineAnswer

export interface EngineAnswer {
  readonly state: 'Answered'
  readonly version: string
  readonly commit: string
  /** Newest task of any type; undefined on a server without tasks. */
  readonly newest: TaskName | undefined
  /** The baseline's uid as it is now; undefined where it is pruned or there is none. */
  readonly baseline: TaskName | undefined
  /** Snapshot tasks above the baseline, oldest first, whatever their status. */
  readonly candidates: readonly SnapshotTask[]
  /** What the server works on now. */
  readonly running: RunningBatch | undefined
  /** `listed`: as many as fit in a manifest. */
  readonly indexes: {
    readonly count: number
    readonly documents: number
    readonly listed: readonly { readonly uid: string; readonly documents: number }[]
  }
  readonly databaseSizeBytes: number
  /** What is known of the newest snapshot that succeeded; undefined where there is none, or the server did not say. */
  readonly facts: BatchFacts | undefined
}

/** Of the snapshot of one batch, and of no other one. */
export interface BatchFacts {
  readonly batchUid: number
  /** `indexes` are those of the snapshot: no batch that could change a document began in between. */
  readonly countsExact: boolean
  /** How many tasks wait in it; undefined where that is not known. */
  readonly tasksEnqueued: number | undefined
}

export interface RunningBatch {
  readonly uid: number
  /** Task types, for example `documentAdditionOrUpdate`. */
  readonly types: string
  readonly step: string | undefined
  readonly percent: number | undefined
}

/** A place in line. */
export interface Queued {
  /** What there is enough of already: movers, streams or deletions of all namespaces, or movers that this namespace has begun, stuck ones too. */
  readonly enough: 'movers' | 'streams' | 'deletions' | 'ofNamespace'
  readonly limit: number
  /** How many of the same namespace go first. */
  readonly ahead: number
  /** False: nothing else of the world was looked at in this pass. */
  readonly looked: boolean
}

/** A Job of a finished snapshot that is still there, and not going away, as the cache has it. */
export interface JobLeft {
  readonly name: string
  readonly uid: string
  /** Its pods have ended, or it says so of itself: it holds no volume. */
  readonly isOver: boolean
  /** It has a lifetime after its end. */
  readonly removesItself: boolean
  readonly createdAt: string
}

export interface SnapshotObservation {
  readonly snapshot: MeiliSnapshot
  readonly instance: MeiliInstance | undefined
  /** The instance's pod, read directly; undefined while there is none. */
  readonly target: V1Pod | undefined
  /** Has replaced the pod that the instance still speaks of: another server until it says so, but one that may wait for the volume. */
  readonly successor: V1Pod | undefined
  /** The restore that is at work on the instance, and did not ask for this very snapshot. */
  readonly restore: RestoreHold | undefined
  /** Names of the snapshots of the same server that go first: active, or older and held up by nothing but the queue. */
  readonly ahead: readonly string[]
  /** Names of older ones that wait, by their last word, for what this one shares with them: where it passes, so do they. */
  readonly elders: readonly string[]
  /** The first of `ahead` that is Overdue, and why. */
  readonly overdueAhead: { readonly name: string; readonly why: string } | undefined
  /** Names of others of the same server: whose mover runs or is about to, which remove Meilisearch's file or are about to, and which may have removed it since this one was asked for. */
  readonly beside: {
    readonly moving: readonly string[]
    readonly removing: readonly string[]
    readonly mayHaveRemoved: readonly string[]
  }
  /** Tasks of this server that other objects have on record: never cancelled. */
  readonly adoptedByOthers: readonly number[]
  /** The last completed snapshot of this instance. */
  readonly earlier: EarlierRun | undefined
  /** What the next snapshot will need on the destination, and what was free there when a mover looked last; both only as far as known. */
  readonly space: { readonly sizeBytes: number | undefined; readonly known: MeiliSnapshotStatus['destination'] }
  /** Where the servers of the namespace have their databases. */
  readonly databases: readonly Database[]
  /** Names of the MeiliInstances of the namespace of whose databases nothing is known yet. */
  readonly unseen: readonly string[]
  /** The destination. */
  readonly claim: V1PersistentVolumeClaim | undefined
  readonly engine: EngineSeen
  readonly mover: MoverSeen
  /** Why the mover, or the deletion, that comes next has to wait for its turn. Undefined: it need not, or none comes next. */
  readonly queued: Queued | undefined
  /** What the API server's clock says, in ms; undefined where it is not known. */
  readonly apiServerMs: number | undefined
  /** How many snapshots may be streamed at once; 0 where the install does not allow it. */
  readonly maxStreams: number
  /** The mover's image and its pull secrets. */
  readonly moverImage: string
  readonly imagePullSecrets: readonly string[]
}
