// The status of a MeiliSnapshot: how far it is, what Meilisearch said, what is stored.
import { z } from 'zod'
import { conditions, int64, progressFields, timestamp } from '../meta.ts'
import { removals } from './removals.ts'
import { verification } from './verification.ts'

const phases = ['Pending', 'Snapshotting', 'Moving', 'Verifying', 'Completed', 'Failed', 'Expired'] as const

const taskUid = z.int().min(0).meta({ format: 'int64' })

export const snapshotStatus = z.object({
  observedGeneration: z.int().meta({ format: 'int64' }).optional(),
  phase: z.enum(phases).optional(),
  conditions: conditions.optional(),
  request: z
    .object({
      attempt: z.int().min(1),
      baseline: z
        .object({ uid: taskUid, enqueuedAt: timestamp })
        .optional()
        .describe('Newest task of the server when the request was made; absent when it had none.'),
      posts: z.int().min(0).describe('How many times POST /snapshots may have been sent in this attempt.'),
      postedAt: timestamp.optional(),
      startedAt: timestamp
        .optional()
        .describe('When an attempt after the first began; the clock of its deadlines.start.'),
      failure: z.string().max(2048).optional().describe('Why the attempt before this one brought no file.'),
      missingSince: timestamp
        .optional()
        .describe('Since when the server answers without naming a task for a request whose reply was lost.'),
      silentSince: timestamp.optional().describe('Since when the server has not answered; absent while it does.'),
      refused: z
        .string()
        .max(2048)
        .optional()
        .describe('Why the server refused the last request; it made no task then.'),
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
      ...progressFields,
      estimatedCompletion: timestamp
        .optional()
        .describe(
          'From how long the last snapshot of this server took; absent where there was none, or where it took longer than that.',
        ),
    })
    .describe('How far it is; written at most every 15 s.')
    .optional(),
  move: z
    .object({
      attempt: z.int().min(1),
      failures: z
        .int()
        .min(0)
        .optional()
        .describe('How many attempts failed for a cause that counts: lack of space, drains and a newer file do not.'),
      jobName: z.string().max(253),
      node: z.string().max(253).optional(),
      begun: z
        .boolean()
        .optional()
        .describe(
          'True once a mover was seen at work. If none stores the file, what one of them may have left is removed at the end.',
        ),
      runAs: z
        .object({ user: z.int().min(0), group: z.int().min(0), fsGroup: z.int().min(0).optional() })
        .describe('Who owns what is stored.')
        .optional(),
      stream: z
        .object({
          pod: z.string().max(253),
          container: z.string().max(63),
          directory: z.string().max(4096),
          fileName: z.string().max(255),
          pinned: z
            .boolean()
            .describe(
              'True while a hard link of the operator may be beside the file, so that no newer one replaces it midway.',
            ),
          unpinningSince: timestamp
            .optional()
            .describe('When the removal of that link was first tried, since the end or the deletion of the object.'),
        })
        .describe('Where the file is sent from, where no mover can mount it.')
        .optional(),
      queuedAt: timestamp
        .optional()
        .describe('Since when it waits for its turn to be moved; deadlines.move does not run meanwhile.'),
      startedAt: timestamp
        .optional()
        .describe(
          'When its turn came for the first time, put off by what later attempts waited for theirs; the clock of deadlines.move.',
        ),
      retryAt: timestamp.optional().describe('When the next attempt may begin.'),
      failure: z.string().max(2048).optional().describe('Why the attempt before this one failed.'),
      supersededAt: z
        .string()
        .max(64)
        .optional()
        .describe('When the newer file was written that an attempt found in place of the one it was to move.'),
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
      countsExact: z
        .boolean()
        .describe(
          'True: indexes and documents are those of the snapshot itself, as no batch that could change them began in between. False: one did, and they are those of the server shortly after.',
        )
        .optional(),
      tasksEnqueued: int64
        .describe(
          'How many tasks wait in the snapshot, and would run when a server starts on it. Absent where that is not known.',
        )
        .optional(),
      uncompressedBytes: int64
        .describe('The room that its database takes, unpacked. Absent without verification of the archive.')
        .optional(),
    })
    .describe('What is stored, and where.')
    .optional(),
  space: z
    .object({
      attempt: z.int().min(1),
      jobName: z.string().max(253),
      sizeBytes: int64.describe('Of the snapshot to come, judged by the last one.'),
      neededBytes: int64.describe('With the reserve that a file system wants.').optional(),
      freeBytes: int64.optional(),
      checkedAt: timestamp.optional(),
      retryAt: timestamp.optional(),
    })
    .describe(
      'What was asked of the destination before a snapshot was asked for; only where the last figure was small.',
    )
    .optional(),
  destination: z
    .object({ freeBytes: int64, observedAt: timestamp })
    .describe('Free space on the claim, as a mover saw it last.')
    .optional(),
  verification: verification.optional(),
  ...removals,
  startedAt: timestamp.optional(),
  completedAt: timestamp.optional(),
  duration: z.string().max(32).optional(),
})

export type MeiliSnapshotStatus = z.output<typeof snapshotStatus>
export type SnapshotPhase = (typeof phases)[number]
export type SnapshotRequest = NonNullable<MeiliSnapshotStatus['request']>
export type SnapshotTask = NonNullable<MeiliSnapshotStatus['task']>
