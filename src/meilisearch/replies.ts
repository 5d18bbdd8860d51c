// What Meilisearch (1.12 and later) answers, as far as we read it. Fields that we do not name are dropped.
// The bounds are those of what the answers become part of: whatever else speaks on that port cannot make a status that is refused.
import { z } from 'zod'

const instant = z.string().max(64)
const count = z.int().min(0)

const taskStatus = z.enum(['enqueued', 'processing', 'succeeded', 'failed', 'canceled'])

export const task = z.object({
  uid: z.int(),
  batchUid: z.int().nullish(),
  type: z.string(),
  status: taskStatus,
  enqueuedAt: instant,
  startedAt: instant.nullish(),
  finishedAt: instant.nullish(),
  duration: z.string().max(64).nullish(),
  error: z.object({ message: z.string(), code: z.string() }).nullish(),
})
export type Task = z.infer<typeof task>

/** One page of tasks. `next` is the uid to continue from, null on the last page. */
export const taskPage = z.object({ results: z.array(task), total: z.int(), next: z.int().nullish() })
export type TaskPage = z.infer<typeof taskPage>

export const summarizedTask = z.object({ taskUid: z.int(), enqueuedAt: instant })
export type SummarizedTask = z.infer<typeof summarizedTask>

/** Often the name of an index, which may be 512 bytes long. */
const stepName = z.string().transform((name) => name.slice(0, 128))

export const batch = z.object({
  uid: z.int(),
  /** Null once the batch is finished. */
  progress: z.object({ steps: z.array(z.object({ currentStep: stepName })), percentage: z.number() }).nullish(),
  stats: z.object({ types: z.record(z.string(), z.int()) }).nullish(),
})
export type Batch = z.infer<typeof batch>
export const batchPage = z.object({ results: z.array(batch) })

export const serverVersion = z.object({ commitSha: z.string().max(64), pkgVersion: z.string().max(64) })
export type ServerVersion = z.infer<typeof serverVersion>

export const stats = z.object({
  databaseSize: count,
  usedDatabaseSize: count.nullish(),
  lastUpdate: instant.nullish(),
  indexes: z.record(z.string(), z.object({ numberOfDocuments: count })),
})
export type Stats = z.infer<typeof stats>

export const errorReply = z.object({ message: z.string(), code: z.string() })

/** `available`, or since 1.43 with HTTP 500 `mustRestart`. */
export const healthReply = z.object({ status: z.string().max(64) })
