// Every call of the client on the real Meilisearch.
import { stat } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import type { Task } from '../../../src/meilisearch/replies.ts'
import { send } from '../../../src/meilisearch/transport.ts'
import { filmLines } from '../../support/meilisearch/documents.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { canMount, meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'

const masterKey = 'the-master-key-of-this-test'
const servers = meilisearches()
const server = serverWithDocuments(servers, { masterKey })
let client: MeilisearchClient

beforeAll(() => {
  client = new MeilisearchClient({ endpoint: server.endpoint, key: masterKey })
})

async function waitForEnd(uid: number, asked = client): Promise<Task> {
  return await eventually(
    `task ${uid} to end`,
    async () => {
      const task = await asked.task(uid)
      return task.status === 'enqueued' || task.status === 'processing' ? undefined : task
    },
    { everyMs: 50 },
  )
}

describe('what it says of itself', () => {
  test('health needs no key', async () => {
    expect(await new MeilisearchClient({ endpoint: server.endpoint }).health()).toEqual({ status: 'available' })
  })

  test('version', async () => {
    expect(await client.version()).toEqual({ commitSha: 'unknown', pkgVersion: '1.21.0' })
  })

  test('an empty server: no index, no task, no batch', async () => {
    expect(await client.stats()).toMatchObject({
      databaseSize: expect.any(Number),
      indexes: { count: 0, documents: 0, listed: [] },
    })
    expect(await client.newestTask()).toMatchObject({ results: [], total: 0, next: null })
    expect(await client.runningBatch()).toBeUndefined()
    expect(await client.snapshotTasksFrom(0)).toEqual([])
    expect(await client.hidesTasks()).toBe(false)
  })

  test('documents of each index, and the sizes', async () => {
    await server.api.load('films', filmLines(0, 30))
    const stats = await client.stats()
    expect(stats.indexes).toEqual({ count: 1, documents: 30, listed: [{ uid: 'films', documents: 30 }] })
    expect(stats.usedDatabaseSize).toBeLessThanOrEqual(stats.databaseSize)
    expect(Date.parse(stats.lastUpdate ?? '')).not.toBeNaN()
  })
})

describe('a snapshot', () => {
  test('is a task that ends in a file, written within the times that the task tells', async () => {
    const { taskUid, enqueuedAt } = await client.createSnapshot()
    const task = await waitForEnd(taskUid)
    expect(task).toMatchObject({
      uid: taskUid,
      type: 'snapshotCreation',
      status: 'succeeded',
      enqueuedAt,
      error: null,
      batchUid: expect.any(Number),
      duration: expect.stringMatching(/^PT/),
    })
    const { mtimeMs } = await stat(server.snapshotFile)
    expect(mtimeMs).toBeGreaterThanOrEqual(Date.parse(task.startedAt!) - 1)
    expect(mtimeMs).toBeLessThanOrEqual(Date.parse(task.finishedAt!) + 1)
    expect(await client.newestTask()).toMatchObject({ results: [{ uid: taskUid }] })
    expect(await client.batch(task.batchUid!)).toMatchObject({
      uid: task.batchUid,
      progress: null,
      stats: { types: ['snapshotCreation'] },
    })
  })

  test('each POST makes a task of its own', async () => {
    const one = await client.createSnapshot()
    const other = await client.createSnapshot()
    expect(other.taskUid).toBe(one.taskUid + 1)
    await waitForEnd(other.taskUid)
  })

  test('a task or a batch that is not known is NotFound', async () => {
    await expect(client.task(999_999)).rejects.toMatchObject({ name: 'NotFound', status: 404, code: 'task_not_found' })
    await expect(client.batch(999_999)).rejects.toMatchObject({
      name: 'NotFound',
      status: 404,
      code: 'batch_not_found',
    })
  })
})

describe('behind a running batch', () => {
  let busy: number

  beforeAll(async () => {
    busy = await server.api.addDocuments('busy', filmLines(0, 6000))
    await eventually(
      'the batch to run',
      async () => ((await client.task(busy)).status === 'processing' ? true : undefined),
      { everyMs: 10 },
    )
  })

  test('the batch shows what it works on', async () => {
    expect(await client.runningBatch()).toMatchObject({
      stats: { types: ['documentAdditionOrUpdate'] },
      progress: { percentage: expect.any(Number), steps: expect.any(Array) },
    })
  })

  test('an enqueued snapshot can be cancelled: by a task of its own', async () => {
    const { taskUid } = await client.createSnapshot()
    expect(await client.task(taskUid)).toMatchObject({
      status: 'enqueued',
      startedAt: null,
      finishedAt: null,
      duration: null,
    })
    const cancelling = await client.cancelTask(taskUid)
    expect(cancelling.taskUid).toBe(taskUid + 1)
    expect(await waitForEnd(taskUid)).toMatchObject({ status: 'canceled' })
    expect(await waitForEnd(cancelling.taskUid)).toMatchObject({ type: 'taskCancelation', status: 'succeeded' })
  })

  test('a snapshot that has ended stays as it is, whoever cancels it', async () => {
    const { taskUid } = await client.createSnapshot()
    await waitForEnd(taskUid)
    expect(await waitForEnd((await client.cancelTask(taskUid)).taskUid)).toMatchObject({ status: 'succeeded' })
    expect(await client.task(taskUid)).toMatchObject({ status: 'succeeded' })
  })

  test('a cancel without a filter cancels nothing', async () => {
    const before = await client.newestTask()
    await expect(client.cancelNothing()).rejects.toMatchObject({
      name: 'TerminalError',
      status: 400,
      code: 'missing_task_filters',
    })
    expect(await client.newestTask()).toEqual(before)
  })
})

describe('the list of snapshot tasks', () => {
  test('from a uid on, oldest first, over all pages, and of no other type', async () => {
    await server.api.addDocuments('films', filmLines(100, 3))
    const made = await Promise.all(Array.from({ length: 105 }, async () => (await client.createSnapshot()).taskUid))
    const uids = made.toSorted((a, b) => a - b)
    await waitForEnd(uids.at(-1)!)
    const listed = await client.snapshotTasksFrom(uids[0]!)
    expect(listed.map(({ uid }) => uid)).toEqual(uids)
    expect(new Set(listed.map(({ type }) => type))).toEqual(new Set(['snapshotCreation']))
    expect((await client.snapshotTasksFrom(uids[90]!)).map(({ uid }) => uid)).toEqual(uids.slice(90))
    expect(await client.snapshotTasksFrom(uids.at(-1)! + 1)).toEqual([])
    const all = await client.snapshotTasksFrom(0)
    expect(all.length).toBeGreaterThan(105)
    expect(all.some(({ status }) => status === 'canceled')).toBe(true)
  })

  test('those that were enqueued together share one batch', async () => {
    const listed = await client.snapshotTasksFrom(0)
    expect(new Set(listed.map(({ batchUid }) => batchUid)).size).toBeLessThan(listed.length)
  })
})

describe.skipIf(!canMount())('a snapshot that fails says why', () => {
  test.each([
    ['a full snapshot directory', { mounts: { snapshots: 'nr_inodes=1' } }, /os error 28/],
    ['a read-only snapshot directory', { mounts: { snapshots: 'ro' } }, /os error 30/],
    ['a full TMPDIR', { mounts: { temporary: 'nr_inodes=1' }, temporary: 'temporary' }, /os error 28/],
    ['a TMPDIR that is not there', { temporary: 'nowhere' }, /os error 2\b/],
  ])('%s', async (_, options, words) => {
    const broken = await servers.start(options)
    const asked = new MeilisearchClient({ endpoint: broken.endpoint })
    const task = await waitForEnd((await asked.createSnapshot()).taskUid, asked)
    expect(task).toMatchObject({ status: 'failed', error: { code: 'internal', message: expect.stringMatching(words) } })
    await broken.kill()
  })
})

describe('a server that goes away', () => {
  test('stands still: the call ends in time, and a POST was made once at most', async () => {
    const before = (await client.snapshotTasksFrom(0)).length
    await server.freeze()
    try {
      const calls = [
        send({ endpoint: server.endpoint, key: masterKey }, { method: 'GET', path: '/version', deadlineMs: 300 }),
        send({ endpoint: server.endpoint, key: masterKey }, { method: 'POST', path: '/snapshots', deadlineMs: 300 }),
      ]
      for (const call of await Promise.allSettled(calls))
        expect(call).toMatchObject({ status: 'rejected', reason: { name: 'TransientError', status: undefined } })
    } finally {
      server.thaw()
    }
    await waitForEnd((await client.createSnapshot()).taskUid)
    expect((await client.snapshotTasksFrom(0)).length - before).toBeLessThanOrEqual(2)
  })

  test('is killed: no reply, then again as before when it is back, with the same tasks', async () => {
    await waitForEnd((await client.newestTask()).results[0]!.uid)
    const tasks = await client.snapshotTasksFrom(0)
    await server.kill()
    await expect(client.version()).rejects.toMatchObject({
      name: 'TransientError',
      code: 'ECONNREFUSED',
      message: expect.stringMatching(/^GET http:\/\/127\.0\.0\.1:\d+\/version got no reply: ECONNREFUSED$/),
    })
    await expect(client.createSnapshot()).rejects.toMatchObject({ name: 'TransientError', code: 'ECONNREFUSED' })
    await server.launch()
    expect(await client.snapshotTasksFrom(0)).toEqual(tasks)
  })
})

test('a newest task of 10 MiB is named and dated as any other, by each call that meets it', async () => {
  const stopWords = Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(2 ** 20, 'x'))
  const asked = await server.api.call<{ taskUid: number; enqueuedAt: string }>('/indexes/large/settings', {
    method: 'PATCH',
    body: JSON.stringify({ stopWords }),
  })
  const name = { uid: asked.taskUid, enqueuedAt: asked.enqueuedAt }
  expect((await client.newestTask()).results).toMatchObject([name])
  expect(await client.task(asked.taskUid)).toMatchObject(name)
})
