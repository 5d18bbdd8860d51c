// What status says of files that are removed after a snapshot was stored: Meilisearch's own one, and the stored ones.
import { z } from 'zod'
import { int64, timestamp } from '../meta.ts'

export const removals = {
  removeSource: z
    .object({
      attempt: z.int().min(1),
      jobName: z.string().max(253),
      file: z
        .object({ inode: z.string().max(32), modifiedAt: z.string().max(64), sizeBytes: int64 })
        .describe('The file that was stored, and no other.'),
      outcome: z.enum(['Removed', 'Replaced', 'Absent', 'Failed']).optional(),
      retryAt: timestamp.optional(),
    })
    .describe("What became of Meilisearch's own file, with sourcePolicy Remove.")
    .optional(),
  deleteArtifact: z
    .object({
      attempt: z.int().min(1),
      jobName: z.string().max(253),
      queuedAt: timestamp
        .optional()
        .describe('Since when it waits for its turn to be deleted; this attempt has not begun then.'),
      failure: z.string().max(2048).optional(),
      startedAt: timestamp
        .optional()
        .describe(
          'When the Job of this attempt was to be made. An attempt has ten minutes from then, or a day where no deletion waits for it.',
        ),
      abandoned: z.string().max(2048).optional().describe('Why the stored files stay though they were to be deleted.'),
      retryAt: timestamp.optional(),
    })
    .describe('The deletion of the stored files: with deletionPolicy Delete, or past spec.expiresAfter.')
    .optional(),
  expiry: z
    .object({
      announcedAt: timestamp.describe(
        'When the time was first seen to be over; nothing is removed in the minute after.',
      ),
      endedAt: timestamp.optional(),
      outcome: z
        .enum(['Removed', 'Abandoned'])
        .describe('Abandoned: the files could not be removed, and some or all of them may still be there.')
        .optional(),
    })
    .describe('The removal of the stored files past spec.expiresAfter.')
    .optional(),
} as const
