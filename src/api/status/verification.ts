// What a server said that was started on a copy of what is stored (spec.verification.mode Boot), and how long it took to come back.
import { z } from 'zod'
import { int64, timestamp } from '../meta.ts'
import { inspectionResult, restoreDuration } from './inspection.ts'

export const verification = z
  .object({
    mode: z.enum(['Boot']),
    result: z
      .enum(['Passed', 'Failed', 'Skipped', 'Inconclusive'])
      .describe(
        'Absent while it is at work. Skipped: no server was started, and `skipped` says why. Inconclusive: memory, disk, time or the cluster ended it, as `message` says. Of both the archive alone was checked.',
      )
      .optional(),
    message: z.string().max(2048).optional(),
    skipped: z
      .string()
      .max(2048)
      .describe('Why no server may be started on it: what was checked is the archive alone.')
      .optional(),
    ...inspectionResult,
    restoreDuration: restoreDuration.optional(),
    image: z.string().max(1024).describe('Of the server that is started: that of the source.').optional(),
    volumeBytes: int64.describe('Of the volume that it is unpacked on.').optional(),
    attempt: z.int().min(1),
    failures: z.int().min(0).describe('How many attempts failed for a cause that counts.').optional(),
    jobName: z.string().max(253),
    startedAt: timestamp.describe('The clock of boot.deadline.').optional(),
    retryAt: timestamp.describe('When the next attempt may begin.').optional(),
    failure: z.string().max(2048).describe('Why the attempt before this one failed.').optional(),
    at: timestamp.describe('When it ended.').optional(),
  })
  .describe('The server that is started on a copy of what is stored, with verification.mode Boot.')
