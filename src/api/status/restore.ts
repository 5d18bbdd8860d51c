// The status of a MeiliRestore: what is restored, what that changes, how far it is, and what there is to go back to.
import { z } from 'zod'
import { conditions, int64, progressFields, timestamp } from '../meta.ts'
import { inspectionResult, restoreDuration } from './inspection.ts'

/** In the order in which it can go through them. */
export const restorePhases = [
  'Pending',
  'Planned',
  'Filling',
  'Verifying',
  'Stopping',
  'Switching',
  'Starting',
  'Completed',
  'RolledBack',
  'Failed',
] as const

const name = z.string().max(253)
const versionText = z.string().max(64)
const words = z.string().max(2048)
const jobs = {
  attempt: z.int().min(1),
  failures: z.int().min(0).describe('How many attempts failed for a cause that counts.').optional(),
  jobName: name,
  node: name.optional(),
  startedAt: timestamp.optional(),
  retryAt: timestamp.describe('When the next attempt may begin.').optional(),
  failure: words.describe('Why the attempt before this one failed.').optional(),
}

const generation = z.int().min(1).meta({ format: 'int64' })

/** A claim with data of a managed server. */
const dataClaim = z.object({ claimName: name, generation })

export const restoreStatus = z.object({
  observedGeneration: z.int().meta({ format: 'int64' }).optional(),
  phase: z.enum(restorePhases).optional(),
  conditions: conditions.optional(),
  waitingFor: z.string().max(512).describe('What blocks it now.').optional(),
  targetText: z.string().max(300).describe('The target in a word, for people.').optional(),
  resolved: z
    .object({
      name: z.string().max(1024).describe('Of the MeiliSnapshot, else the path.'),
      snapshot: z.object({ name, uid: z.string().max(64) }).optional(),
      claimName: name,
      path: z.string().max(1024).describe('The directory of the artifact, or the bare file.'),
      isFile: z.boolean().describe('A bare snapshot file, without a manifest.').optional(),
      fileName: z.string().max(255),
      sizeBytes: int64,
      size: z.string().max(32),
      sha256: z.string().max(64),
      meilisearchVersion: versionText.optional(),
      uncompressedBytes: int64.describe('The room that its database takes.').optional(),
      indexes: int64.optional(),
      documents: int64.optional(),
      countsExact: z
        .boolean()
        .describe('The counts are those of the snapshot itself: no batch ended in between.')
        .optional(),
      tasksEnqueued: int64
        .describe('Tasks that waited when it was taken, and run when a server starts on it.')
        .optional(),
      takenAt: timestamp.optional(),
      resolvedAt: timestamp,
    })
    .describe('What the source means, looked up once: it stays the same whatever becomes newer meanwhile.')
    .optional(),
  resolve: z.object(jobs).describe('The Job that looks at the source, where no object says what it is.').optional(),
  plan: z
    .object({
      from: z.object({
        version: versionText.optional(),
        indexes: int64.optional(),
        documents: int64.optional(),
        takenAt: timestamp.optional(),
        age: z.string().max(32).optional(),
      }),
      to: z
        .object({
          version: versionText.optional(),
          indexes: int64.optional(),
          documents: int64.optional(),
          claimName: name.optional(),
          generation: generation.optional(),
        })
        .describe('What is there now, and is replaced.'),
      keysLost: z
        .array(z.string().max(256))
        .max(20)
        .meta({ 'x-kubernetes-list-type': 'atomic' })
        .describe('Names of API keys that were created since.')
        .optional(),
      keysLostCount: int64.optional(),
      tasksEnqueued: int64.optional(),
      neededBytes: int64.optional(),
      freeBytes: int64.optional(),
      newClaim: dataClaim.describe('Where the data is unpacked.').optional(),
      upgrade: z.object({ from: versionText, to: versionText }).optional(),
      safetySnapshot: z.boolean().optional(),
      summary: z.string().max(2048).describe('In sentences.').optional(),
      madeAt: timestamp,
    })
    .describe('What is done, with what is lost. Of a DryRun it is all.')
    .optional(),
  fill: z
    .object({
      ...jobs,
      claimName: name,
      claimUid: z.string().max(64).optional(),
      completedAt: timestamp.optional(),
      version: versionText.describe('As the file VERSION in the snapshot says.').optional(),
      uncompressedBytes: int64.optional(),
      fetchMs: int64.optional(),
      extractMs: int64.optional(),
    })
    .describe('The unpacking of the snapshot.')
    .optional(),
  sanitize: z
    .object({
      ...jobs,
      completedAt: timestamp.optional(),
      tasksDiscarded: int64
        .describe('Enqueued tasks that the server cancels before it does anything else; absent where they are kept.')
        .optional(),
      cancelationUid: int64.describe('The task by which it does so.').optional(),
      webhooksRemoved: int64
        .describe('By the Job that completed; one before it that was ended may have removed others.')
        .optional(),
    })
    .describe('The Job that takes tasks and webhooks out of what was unpacked, as spec.sanitize asks.')
    .optional(),
  progress: z.object(progressFields).describe('How far it is; written at most every 15 s.').optional(),
  safety: z
    .object({
      snapshot: name.describe('MeiliSnapshot of the data that was there before.').optional(),
      skipped: words.describe('Why none was taken.').optional(),
      completedAt: timestamp.optional(),
    })
    .optional(),
  switched: z
    .object({
      from: dataClaim.optional(),
      to: dataClaim,
      stoppingAt: timestamp.describe('When the server was to stop.').optional(),
      triedAt: timestamp.describe('When the exchange was begun last: written directly before it.').optional(),
      at: timestamp.describe('When the claim was exchanged.').optional(),
      servingAt: timestamp.describe('When a server on the new data answered.').optional(),
      downtime: z.string().max(32).optional(),
      downtimeMs: int64.optional(),
    })
    .describe('The exchange of the data.')
    .optional(),
  restored: z
    .object({ ...inspectionResult, at: timestamp })
    .describe('What the server has now.')
    .optional(),
  inspection: z
    .object({
      ...jobs,
      result: z
        .enum(['Passed', 'Failed', 'Inconclusive'])
        .describe('Inconclusive: memory, disk, time or the cluster ended it. Nothing is known of the snapshot.')
        .optional(),
      message: words.optional(),
      restoreDuration: restoreDuration.optional(),
      at: timestamp.optional(),
    })
    .describe('The Job in which a drill starts a server on a copy.')
    .optional(),
  oldData: z
    .object({
      ...dataClaim.shape,
      capacityBytes: int64.optional(),
      keptSince: timestamp,
      removable: z.boolean().optional(),
    })
    .describe('The claim with the data from before. It stays until it is cleaned up by name.')
    .optional(),
  rollback: z
    .object({
      cause: z.enum(['Asked', 'StartFailed', 'Mismatch', 'DeadlineExceeded', 'Deleted']),
      message: words,
      to: dataClaim.optional(),
      startedAt: timestamp,
      triedAt: timestamp.describe('When the exchange was begun last: written directly before it.').optional(),
      at: timestamp.describe('When the claim was exchanged.').optional(),
      completedAt: timestamp.optional(),
    })
    .describe('The way back to the data from before, by hand or by itself.')
    .optional(),
  startedAt: timestamp.optional(),
  completedAt: timestamp.optional(),
  duration: z.string().max(32).optional(),
})

export type MeiliRestoreStatus = z.output<typeof restoreStatus>
export type RestorePhase = (typeof restorePhases)[number]
