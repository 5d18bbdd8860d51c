// What is said of a snapshot's content, and what is left out as nobody can know it any more.
import { describe, expect, test } from 'vitest'
import type { MeilisearchClient, TaskFilter } from '../../../../../src/meilisearch/client.ts'
import type { Batch, Task } from '../../../../../src/meilisearch/replies.ts'
import { readContents } from '../../../../../src/kinds/snapshot/observe/contents.ts'
import type { BatchFacts } from '../../../../../src/kinds/snapshot/observation.ts'
import { TransientError } from '../../../../../src/errors.ts'

const snapshot: Task = {
  uid: 12,
  batchUid: 9,
  type: 'snapshotCreation',
  status: 'succeeded',
  enqueuedAt: '2026-11-30T03:00:00Z',
  startedAt: '2026-11-30T03:00:10Z',
  finishedAt: '2026-11-30T03:00:40Z',
}
const batch = (uid: number, ...types: string[]): Batch => ({ uid, progress: null, stats: { types } })
const ours = batch(9, 'snapshotCreation')

interface World {
  /** The newest first. */
  readonly batches?: readonly Batch[]
  /** On a second look. */
  readonly batchesLater?: readonly Batch[]
  /** Of all that are there. */
  readonly waiting?: number
  /** Of those that were there at the end of the snapshot. */
  readonly still?: number
  readonly ended?: number
  readonly cameDuring?: number
}

function countOf(world: World, { statuses, beforeEnqueuedAt, afterFinishedAt, afterEnqueuedAt }: TaskFilter): number {
  if (beforeEnqueuedAt === undefined) return world.waiting ?? 0
  expect(beforeEnqueuedAt).toBe(snapshot.finishedAt)
  if (afterFinishedAt !== undefined) return world.ended ?? 0
  if (afterEnqueuedAt !== undefined) return world.cameDuring ?? 0
  return statuses === undefined ? NaN : (world.still ?? 0)
}

async function factsIn(world: World, task: Task = snapshot): Promise<BatchFacts | undefined> {
  let looks = 0
  const client = {
    stats: () => Promise.resolve({ databaseSize: 900, indexes: { count: 1, documents: 3, listed: [] } }),
    countTasks: (filter: TaskFilter) => Promise.resolve(countOf(world, filter)),
    newestBatches: () => {
      const { batches = [ours], batchesLater = batches } = world
      return Promise.resolve(looks++ === 0 ? batches : batchesLater)
    },
  } as unknown as MeilisearchClient
  return (await readContents(client, [task])).facts
}

describe('counts', () => {
  test('are exact where nothing has begun since', async () => {
    expect(await factsIn({})).toEqual({ batchUid: 9, countsExact: true, tasksEnqueued: 0 })
  })

  test('are none where a batch that may change documents has begun, finished or not', async () => {
    const batches = [batch(10, 'documentAdditionOrUpdate'), ours]
    expect(await factsIn({ batches })).toMatchObject({ countsExact: false })
  })

  test.each(['snapshotCreation', 'taskCancelation', 'taskDeletion', 'dumpCreation'])(
    'are exact where only a %s has run since, which leaves documents as they are',
    async (type) => {
      expect(await factsIn({ batches: [batch(10, type), ours] })).toMatchObject({ countsExact: true })
    },
  )

  test('are none where one batch of several, or one type of a batch, may change documents', async () => {
    const several = [batch(11, 'taskDeletion'), batch(10, 'settingsUpdate'), ours]
    expect(await factsIn({ batches: several })).toMatchObject({ countsExact: false })
    const mixed = [batch(10, 'taskDeletion', 'indexSwap'), ours]
    expect(await factsIn({ batches: mixed })).toMatchObject({ countsExact: false })
  })

  test('are none where a batch says nothing of itself, or the page does not reach back', async () => {
    expect(await factsIn({ batches: [batch(10), ours] })).toMatchObject({ countsExact: false })
    expect(await factsIn({ batches: [batch(30, 'snapshotCreation')] })).toMatchObject({ countsExact: false })
  })

  test('are spoken of for the newest snapshot alone', async () => {
    const client = {
      stats: () => Promise.resolve({ databaseSize: 900, indexes: { count: 1, documents: 3, listed: [] } }),
      countTasks: () => Promise.resolve(0),
      newestBatches: () => Promise.resolve([batch(11, 'snapshotCreation'), ours]),
    } as unknown as MeilisearchClient
    const newer = { ...snapshot, uid: 14, batchUid: 11 }
    const failed = { ...snapshot, uid: 15, status: 'failed' as const, batchUid: 12 }
    expect((await readContents(client, [snapshot, newer, failed])).facts?.batchUid).toBe(11)
  })
})

describe('tasks that wait in it', () => {
  const batches = [batch(10, 'documentAdditionOrUpdate'), ours]

  test('are those that have run since', async () => {
    expect(await factsIn({ batches, ended: 2 })).toMatchObject({ tasksEnqueued: 2 })
  })

  test('are those that wait still', async () => {
    expect(await factsIn({ waiting: 3, still: 3 })).toMatchObject({ tasksEnqueued: 3 })
  })

  test('are none where all that waits or ran has come later', async () => {
    expect(await factsIn({ batches, waiting: 5 })).toMatchObject({ tasksEnqueued: 0 })
  })

  test('are not known where one came while the snapshot was made: it is in it or not', async () => {
    expect((await factsIn({ batches, ended: 2, cameDuring: 1 }))?.tasksEnqueued).toBeUndefined()
  })

  test('are not known where one may have been counted twice, as it ended in between', async () => {
    expect((await factsIn({ batches, still: 1, ended: 1 }))?.tasksEnqueued).toBeUndefined()
  })

  test('are not known where records of tasks were deleted since, or more has run than is looked back on', async () => {
    const deletion = [batch(11, 'taskDeletion'), ...batches]
    expect((await factsIn({ batches: deletion }))?.tasksEnqueued).toBeUndefined()
    expect((await factsIn({ batches, batchesLater: deletion }))?.tasksEnqueued).toBeUndefined()
    expect((await factsIn({ batches: [batch(30, 'indexCreation')] }))?.tasksEnqueued).toBeUndefined()
  })
})

describe('nothing waits for any of it', () => {
  test('a server that does not say leaves it out, and the counts stay', async () => {
    const client = {
      stats: () => Promise.resolve({ databaseSize: 900, indexes: { count: 1, documents: 3, listed: [] } }),
      countTasks: () => Promise.reject(new TransientError('GET /tasks got no reply')),
    } as unknown as MeilisearchClient
    expect(await readContents(client, [snapshot])).toEqual({
      databaseSizeBytes: 900,
      indexes: { count: 1, documents: 3, listed: [] },
      facts: undefined,
    })
  })

  test('of a task without a batch or without times nothing is asked', async () => {
    expect(await factsIn({}, { ...snapshot, batchUid: null })).toBeUndefined()
    expect(await factsIn({}, { ...snapshot, startedAt: null })).toBeUndefined()
  })
})
