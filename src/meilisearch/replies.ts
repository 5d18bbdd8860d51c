// The schemas of what Meilisearch (1.12 and later) answers, as far as we read it. Fields that we do not name are dropped.
// Each bound is that of the place where the answer ends up: whatever else speaks on that port cannot make a status that is refused.
import { z } from 'zod'

const instant = z.string().max(64)
const count = z.int().min(0)
const taskStatus = z.enum(['enqueued', 'processing', 'succeeded', 'failed', 'canceled'])

const cutText = (maxLength: number): z.ZodType<string> => z.string().transform((text) => cut(text, maxLength))

/** A copy of its beginning: V8 would keep the whole text for a slice of it. */
function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? Buffer.from(text.slice(0, maxLength).toWellFormed()).toString() : text.toWellFormed()
}

/** Counted before it is looked into: each of a million wrong items would be an error of its own. */
const listOf = <T>(item: z.ZodType<T>, maxLength: number): z.ZodType<T[]> =>
  z.array(z.unknown()).max(maxLength).pipe(z.array(item))

export const task = z.object({
  uid: z.int(),
  batchUid: z.int().nullish(),
  type: cutText(64),
  status: taskStatus,
  enqueuedAt: instant,
  startedAt: instant.nullish(),
  finishedAt: instant.nullish(),
  duration: z.string().max(64).nullish(),
  error: z.object({ message: cutText(2000), code: cutText(128) }).nullish(),
})
export type Task = z.infer<typeof task>

/** The most that we ask for at once. */
export const tasksPerPage = 100

/** One page of tasks. `next` is the uid to continue from, null on the last page. */
export const taskPage = z.object({ results: listOf(task, tasksPerPage), total: z.int(), next: z.int().nullish() })
export type TaskPage = z.infer<typeof taskPage>

export const summarizedTask = z.object({ taskUid: z.int(), enqueuedAt: instant })
export type SummarizedTask = z.infer<typeof summarizedTask>

/** The last step is the one that it is at; its name is often that of an index, which may be 512 bytes long. */
const steps = z
  .array(z.unknown())
  .transform((all) => all.slice(-8))
  .pipe(z.array(z.object({ currentStep: cutText(128) })))

/** How many tasks of each type; of the types, the names. */
const typeNames = z.looseObject({}).transform((types) =>
  Object.keys(types)
    .slice(0, 16)
    .map((name) => cut(name, 64)),
)

export const batch = z.object({
  uid: z.int(),
  /** Null once the batch is finished. */
  progress: z.object({ steps, percentage: z.number() }).nullish(),
  stats: z.object({ types: typeNames }).nullish(),
})
export type Batch = z.infer<typeof batch>

export const batchPage = z.object({ results: listOf(batch, tasksPerPage) })

export const serverVersion = z.object({ commitSha: z.string().max(64), pkgVersion: z.string().max(64) })
export type ServerVersion = z.infer<typeof serverVersion>

/** What is kept of the indexes: their number, what they hold together, and as many of them as fit in a manifest. */
export interface IndexCounts {
  readonly count: number
  readonly documents: number
  readonly listed: readonly { readonly uid: string; readonly documents: number }[]
}

/** An environment variable, by which the list gets to the mover, holds at most 128 KiB. */
const maxListBytes = 64 * 1024

/** Summed up by hand: a schema takes seconds for a hundred thousand indexes, and its copy of them is as large as the reply. */
const indexCounts = z.looseObject({}).transform((indexes, context): IndexCounts => {
  const listed: { uid: string; documents: number }[] = []
  const all = Object.entries(indexes)
  let documents = 0
  let listBytes = 0
  for (const [uid, index] of all) {
    const held = (index as { numberOfDocuments?: unknown } | null)?.numberOfDocuments
    if (!isCount(held)) {
      context.issues.push({ code: 'custom', input: undefined, message: 'an index without a numberOfDocuments' })
      return z.NEVER
    }
    documents = Math.min(documents + held, Number.MAX_SAFE_INTEGER)
    if (listBytes > maxListBytes) continue
    listBytes += Buffer.byteLength(JSON.stringify({ uid, documents: held }))
    if (listBytes <= maxListBytes) listed.push({ uid, documents: held })
  }
  return { count: all.length, documents, listed }
})

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

export const stats = z.object({
  databaseSize: count,
  usedDatabaseSize: count.nullish(),
  lastUpdate: instant.nullish(),
  indexes: indexCounts,
})
export type Stats = z.infer<typeof stats>

/** Of a key what tells whose it is; its value is dropped here. */
const apiKey = z
  .object({ uid: z.string().max(64), name: cutText(200).nullish(), createdAt: instant })
  .transform(({ uid, name, createdAt }) => ({ name: name ?? uid, createdAt }))

/** Nobody reads the names of more. */
export const keysPerPage = 1000
export const keyPage = z.object({ results: listOf(apiKey, keysPerPage) })
export type KeyPage = z.infer<typeof keyPage>

export const errorReply = z.object({ message: z.string(), code: z.string() })
/** `available`, or since 1.43 with HTTP 500 `mustRestart`. */
export const healthReply = z.object({ status: z.string().max(64) })
