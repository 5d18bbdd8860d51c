// What a snapshot holds, which no archive says: its documents, and the tasks that wait in it and would run when a server starts on it.
// It is asked once the snapshot is there. The server goes on meanwhile, so what cannot be known exactly any more is not said.
import { NotFound, TerminalError, TransientError } from '../../../errors.ts'
import type { MeilisearchClient } from '../../../meilisearch/client.ts'
import type { Batch, Task } from '../../../meilisearch/replies.ts'
import type { BatchFacts, EngineAnswer } from '../observation.ts'

export async function readContents(
  client: MeilisearchClient,
  candidates: readonly Task[],
): Promise<Pick<EngineAnswer, 'indexes' | 'databaseSizeBytes' | 'facts'>> {
  const newest = candidates.findLast(({ status }) => status === 'succeeded')
  if (newest === undefined)
    return { indexes: { count: 0, documents: 0, listed: [] }, databaseSizeBytes: 0, facts: undefined }
  const { indexes, databaseSize } = await client.stats()
  return { databaseSizeBytes: databaseSize, indexes, facts: await findFacts(client, newest) }
}

/** Nothing waits for these: where the server does not say, they are not known. */
async function findFacts(client: MeilisearchClient, task: Task): Promise<BatchFacts | undefined> {
  const { batchUid, startedAt, finishedAt } = task
  if (typeof batchUid !== 'number' || typeof startedAt !== 'string' || typeof finishedAt !== 'string') return undefined
  try {
    return await factsOf(client, { batchUid, startedAt, finishedAt })
  } catch (error) {
    if (error instanceof TransientError || error instanceof TerminalError || error instanceof NotFound) return undefined
    throw error
  }
}

interface Finished {
  readonly batchUid: number
  readonly startedAt: string
  readonly finishedAt: string
}

/** Batches that are looked back on. Where more have begun since, nothing is known. */
const batchesBack = 10
/** Batches of these alone leave all documents as they are. */
const leavesDocuments: readonly string[] = ['snapshotCreation', 'taskCancelation', 'taskDeletion', 'dumpCreation']

/** The batches are read last: what began after a look at anything else is among them. A batch is there from its begin on. */
async function factsOf(client: MeilisearchClient, batch: Finished): Promise<BatchFacts> {
  const waiting = await client.countTasks({ statuses: 'enqueued,processing' })
  const since = batchesSince(await client.newestBatches(batchesBack), batch)
  return {
    batchUid: batch.batchUid,
    countsExact: since?.every((later) => consistsOf(later, leavesDocuments)) ?? false,
    tasksEnqueued: since?.length === 0 && waiting === 0 ? 0 : await countWaiting(client, batch),
  }
}

/** Undefined where the page does not reach back to it. */
function batchesSince(page: readonly Batch[], { batchUid }: Finished): readonly Batch[] | undefined {
  return page.some(({ uid }) => uid === batchUid) ? page.filter(({ uid }) => uid > batchUid) : undefined
}

function consistsOf({ stats }: Batch, known: readonly string[]): boolean {
  const types = stats?.types ?? []
  return types.length > 0 && types.every((type) => known.includes(type))
}

/**
 * Of the tasks that were there at its end, those that wait still and those that have ended since: no other batch ran during it. A task that came while
 * it ran is in the snapshot or not, depending on when the queue was copied. One that ended and was deleted since is not seen, so nothing may have been.
 */
async function countWaiting(
  client: MeilisearchClient,
  { batchUid, startedAt, finishedAt }: Finished,
): Promise<number | undefined> {
  const thereAtItsEnd = { beforeEnqueuedAt: finishedAt }
  const still = await client.countTasks({ ...thereAtItsEnd, statuses: 'enqueued,processing' })
  const ended = await client.countTasks({ ...thereAtItsEnd, afterFinishedAt: finishedAt })
  const cameDuring = still + ended === 0 ? 0 : await client.countTasks({ ...thereAtItsEnd, afterEnqueuedAt: startedAt })
  const since = batchesSince(await client.newestBatches(batchesBack), { batchUid, startedAt, finishedAt })
  const isDeleted = since?.some(({ stats }) => stats?.types.includes('taskDeletion') ?? true) ?? true
  // One that ended between the two looks is in both.
  return isDeleted || cameDuring > 0 || (still > 0 && ended > 0) ? undefined : still + ended
}
