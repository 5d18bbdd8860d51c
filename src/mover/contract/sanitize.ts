// What the command `sanitize` is asked, and what it answers: tasks and webhooks are taken out of a database before a server starts on it. Pure.
import { z } from 'zod'
import { loopbackEndpoint } from './inspect.ts'
import { owner } from './owner.ts'

/**
 * Asks a Meilisearch in the same pod, without a key, that runs no task: it was started with a scheduler that is off. Mounts: the claim with the database,
 * read-only will do. Webhooks are deleted; the cancelation of all tasks is enqueued, which a server carries out before any other task (a scheduler takes
 * cancelations first). Run again after a kill at any point it comes to the same end.
 */
export const sanitizeConfig = z.object({
  command: z.literal('sanitize'),
  object: owner,
  endpoint: loopbackEndpoint,
  /** `<root>/<directory>`. It must be one that a `fill` of the same object has made: else nothing is asked. */
  database: z.object({ root: z.string(), claim: z.string(), directory: z.string() }),
  tasks: z.enum(['Keep', 'Discard']),
  webhooks: z.enum(['Keep', 'Remove']),
  deadlineSeconds: z.int().min(1),
})
export type SanitizeConfig = z.infer<typeof sanitizeConfig>

export const sanitized = z.object({
  /** How many are canceled when a server starts; absent where they are kept. */
  tasksDiscarded: z.int().optional(),
  /** Of the task that cancels them; absent where there was none to cancel. */
  cancelationUid: z.int().optional(),
  /** By this run. */
  webhooksRemoved: z.int().optional(),
})
export type Sanitized = z.infer<typeof sanitized>
