// MeiliSnapshot: one snapshot, taken once, moved to a claim, checked, kept.
import { z } from 'zod'
import { group, version } from './group.ts'
import type { apiVersion, Kind } from './group.ts'
import { conditions, duration, int64, localReference, quantity, timestamp } from './meta.ts'
import type { ObjectMeta } from './meta.ts'
import { mover } from './mover.ts'

export { snapshotConditions, snapshotReasons } from './snapshot-reasons.ts'
export type { SnapshotReason } from './snapshot-reasons.ts'

const immutable = (field: string): { 'x-kubernetes-validations': { rule: string; message: string }[] } => ({
  'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: `${field} is immutable: a MeiliSnapshot is taken once; create another one instead` }],
})

const claim = z.object({
  name: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'name is that of a PersistentVolumeClaim in this namespace: lower-case letters, digits, - and .')
    .describe('PersistentVolumeClaim in the same namespace.'),
  path: z
    .string()
    .min(1)
    .max(512)
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
      'path is a directory on the claim: relative, of letters, digits, ., _ and -, no part of it starting with a dot: write for example movies/daily',
    )
    .describe("Directory on the claim: relative, no part of it starts with a dot. Without it: the instance's name.")
    .optional(),
  template: z
    .object({
      storageClassName: z.string().max(253).describe("Without it: the cluster's default class.").optional(),
      accessModes: z
        .array(z.enum(['ReadWriteOnce', 'ReadWriteMany']))
        .min(1)
        .max(2)
        .meta({ 'x-kubernetes-list-type': 'atomic' })
        .default(['ReadWriteOnce']),
      resources: z.object({ requests: z.object({ storage: quantity }) }),
    })
    .describe('How to create the claim if it is absent. It is kept, and belongs to nobody.')
    .optional(),
})

const spec = z.object({
  source: z.object({ instanceRef: localReference.describe('The MeiliInstance to take the snapshot of.') }).meta(immutable('source')),
  destination: z.object({ claim }).meta(immutable('destination')),
  sourcePolicy: z.enum(['Keep']).default('Keep').describe("What becomes of Meilisearch's own file once it is moved.").meta(immutable('sourcePolicy')),
  deletionPolicy: z.enum(['Retain']).default('Retain').describe('What becomes of the stored files when this object is deleted.'),
  verification: z
    .object({
      mode: z.enum(['None', 'Archive']).default('Archive').describe('Archive reads the moved file back: gzip with its CRC, tar, version. None only checks size and sha256.'),
    })
    .prefault({})
    .meta(immutable('verification')),
  deadlines: z
    .object({
      start: duration.default('1h').describe('For everything to be in place: server, key, claim.'),
      task: duration.default('6h').describe('For Meilisearch to make the snapshot.'),
      move: duration.default('6h').describe('For the mover to store it.'),
    })
    .prefault({})
    .meta(immutable('deadlines')),
  mover: mover.prefault({}).meta(immutable('mover')),
})

export const phases = ['Pending', 'Snapshotting', 'Moving', 'Verifying', 'Completed', 'Failed'] as const

const taskUid = z.int().min(0).meta({ format: 'int64' })

const status = z.object({
  observedGeneration: z.int().meta({ format: 'int64' }).optional(),
  phase: z.enum(phases).optional(),
  conditions: conditions.optional(),
  request: z
    .object({
      attempt: z.int().min(1),
      baseline: z.object({ uid: taskUid, enqueuedAt: timestamp }).optional().describe('Newest task of the server when the request was made; absent when it had none.'),
      posts: z.int().min(0).describe('How many times POST /snapshots may have been sent in this attempt.'),
      postedAt: timestamp.optional(),
      startedAt: timestamp.optional().describe('When an attempt after the first began; the clock of its deadlines.start.'),
      failure: z.string().max(2048).optional().describe('Why the attempt before this one brought no file.'),
      missingSince: timestamp.optional().describe('Since when the server answers without naming a task for a request whose reply was lost.'),
      refused: z.string().max(2048).optional().describe('Why the server refused the last request; it made no task then.'),
      taskUid: taskUid.optional().describe('The task that the server named in its reply.'),
      adoptedAt: timestamp.optional().describe('When the task was taken over; the clock of deadlines.task.'),
      cancelTaskUid: taskUid.optional(),
    })
    .describe('What was asked of Meilisearch.')
    .optional(),
  task: z
    .object({
      uid: taskUid,
      batchUid: taskUid.optional(),
      status: z.enum(['enqueued', 'processing', 'succeeded', 'failed', 'canceled']),
      enqueuedAt: timestamp,
      startedAt: timestamp.optional(),
      finishedAt: timestamp.optional(),
      duration: z.string().max(64).optional(),
      error: z.object({ code: z.string().max(128), message: z.string().max(2048) }).optional(),
    })
    .describe("The snapshot task in Meilisearch's own words.")
    .optional(),
  waitingFor: z.string().max(512).describe('What blocks it now.').optional(),
  progress: z
    .object({
      step: z.string().max(128),
      percent: z.int().min(0).max(100).optional(),
      percentText: z.string().max(16).optional(),
      bytesDone: int64.optional(),
      bytesTotal: int64.optional(),
      updatedAt: timestamp.optional(),
      estimatedCompletion: timestamp.optional().describe('From how long the last snapshot of this server took; absent where there was none, or where it took longer than that.'),
    })
    .describe('How far it is; written at most every 15 s.')
    .optional(),
  move: z
    .object({
      attempt: z.int().min(1),
      failures: z.int().min(0).optional().describe('How many attempts failed for a cause that counts: lack of room, drains and a newer file do not.'),
      jobName: z.string().max(253),
      node: z.string().max(253).optional(),
      startedAt: timestamp.describe('When the first mover was started; the clock of deadlines.move.'),
      retryAt: timestamp.optional().describe('When the next attempt may begin.'),
      failure: z.string().max(2048).optional().describe('Why the attempt before this one failed.'),
      supersededAt: z.string().max(64).optional().describe('When the newer file was written that an attempt found in place of the one it was to move.'),
    })
    .optional(),
  artifact: z
    .object({
      claimName: z.string().max(253),
      path: z.string().max(1024),
      fileName: z.string().max(255),
      sizeBytes: int64,
      size: z.string().max(32),
      sha256: z.string().max(64),
      meilisearchVersion: z.string().max(64),
      verification: z.enum(['None', 'Archive']).describe('What was checked before the file got its name.'),
      indexes: int64.optional(),
      documents: int64.optional(),
    })
    .describe('What is stored, and where.')
    .optional(),
  startedAt: timestamp.optional(),
  completedAt: timestamp.optional(),
  duration: z.string().max(32).optional(),
})

export type MeiliSnapshotSpec = z.output<typeof spec>
export type MeiliSnapshotStatus = z.output<typeof status>
export type SnapshotPhase = (typeof phases)[number]
export type SnapshotRequest = NonNullable<MeiliSnapshotStatus['request']>
export type SnapshotTask = NonNullable<MeiliSnapshotStatus['task']>

export interface MeiliSnapshot {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'MeiliSnapshot'
  readonly metadata: ObjectMeta
  readonly spec: MeiliSnapshotSpec
  readonly status?: MeiliSnapshotStatus
}

export const meiliSnapshots = {
  group,
  version,
  kind: 'MeiliSnapshot',
  plural: 'meilisnapshots',
  singular: 'meilisnapshot',
  shortNames: ['msnap'],
  description: 'One snapshot of a Meilisearch server: taken once, moved to a claim, checked, kept.',
  spec,
  status,
  columns: [
    { name: 'Instance', type: 'string', jsonPath: '.spec.source.instanceRef.name' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Task', type: 'string', jsonPath: '.status.task.status' },
    { name: 'Progress', type: 'string', jsonPath: '.status.progress.percentText' },
    { name: 'Size', type: 'string', jsonPath: '.status.artifact.size' },
    { name: 'Duration', type: 'string', jsonPath: '.status.duration' },
    { name: 'Claim', type: 'string', jsonPath: '.status.artifact.claimName', priority: 1 },
    { name: 'Path', type: 'string', jsonPath: '.status.artifact.path', priority: 1 },
    { name: 'Version', type: 'string', jsonPath: '.status.artifact.meilisearchVersion', priority: 1 },
    { name: 'SHA256', type: 'string', jsonPath: '.status.artifact.sha256', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason", priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies Kind

/** Kept on the object from the request to the end, so that a deletion ends what runs. */
export const snapshotFinalizer = 'meili-operator.dev/snapshot'
