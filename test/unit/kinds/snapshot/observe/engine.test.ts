// What is read of Meilisearch, from a server that speaks HTTP: which tasks are asked for, and how each answer is taken.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { MeilisearchClient } from '../../../../../src/meilisearch/client.ts'
import type { Connection, Connections } from '../../../../../src/perform/meilisearch-connections.ts'
import { askEngine } from '../../../../../src/kinds/snapshot/observe/engine.ts'
import type { EngineAnswer, EngineSeen } from '../../../../../src/kinds/snapshot/observation.ts'
import { aSnapshot, baseline, requestedStatus } from '../../../../support/builders/observations.ts'

type Reply = { readonly status?: number; readonly body: unknown }

/** A task as Meilisearch 1.21 writes it: what it does not know is null. */
const rawTask = (uid: number, changes: object = {}): object => ({
  uid,
  batchUid: null,
  indexUid: null,
  status: 'enqueued',
  type: 'snapshotCreation',
  canceledBy: null,
  details: null,
  error: null,
  duration: null,
  enqueuedAt: `2026-03-01T11:00:${uid}.123456789Z`,
  startedAt: null,
  finishedAt: null,
  ...changes,
})
const page = (results: object[], total = results.length, next: number | null = null): Reply => ({
  body: { results, total, limit: 100, from: 0, next },
})

const newest = '/tasks?limit=1'
const above = (uid: number): string => `/tasks?types=snapshotCreation&reverse=true&from=${uid}&limit=100`
const running = '/batches?statuses=processing&limit=1'

describe('askEngine', () => {
  let server: Server
  let endpoint: string
  let replies: Record<string, Reply> = {}
  const asked: string[] = []

  beforeAll(async () => {
    server = createServer((call, response) => {
      asked.push(`${call.method} ${call.url}`)
      const { status = 200, body } = replies[call.url ?? ''] ?? {
        status: 404,
        body: { message: 'Task `11` not found.', code: 'task_not_found', type: 'invalid_request', link: '' },
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => {
    asked.length = 0
    replies = {
      [newest]: page([rawTask(12)], 13),
      '/version': { body: { commitSha: 'unknown', commitDate: 'unknown', pkgVersion: '1.21.0' } },
      '/stats': {
        body: {
          databaseSize: 900,
          usedDatabaseSize: 700,
          lastUpdate: null,
          indexes: { products: { numberOfDocuments: 3, isIndexing: false } },
        },
      },
      '/tasks/11': { body: rawTask(11, { enqueuedAt: baseline.enqueuedAt }) },
      [above(12)]: page([]),
      [above(0)]: page([]),
      [running]: { body: { results: [] } },
    }
  })

  const ask = async (status: MeiliSnapshotStatus = requestedStatus(), connection?: Connection): Promise<EngineSeen> => {
    const connections = {
      open: () =>
        Promise.resolve(
          connection ?? { state: 'Open', client: new MeilisearchClient({ endpoint, key: 'a-key-that-stays-here' }) },
        ),
    } as unknown as Connections
    return await askEngine(connections, { server: { namespace: 'shop', endpoint }, news: '' }, aSnapshot({ status }))
  }
  const answer = async (status?: MeiliSnapshotStatus): Promise<EngineAnswer> => {
    const seen = await ask(status)
    if (seen.state !== 'Answered') throw new Error(JSON.stringify(seen))
    return seen
  }

  test('before the request only the newest task counts: nothing else is asked', async () => {
    expect(await answer({})).toEqual({
      state: 'Answered',
      version: '1.21.0',
      commit: 'unknown',
      newest: { uid: 12, enqueuedAt: '2026-03-01T11:00:12.123456789Z' },
      baseline: undefined,
      candidates: [],
      running: undefined,
      indexes: { count: 0, documents: 0, listed: [] },
      databaseSizeBytes: 0,
      facts: undefined,
    })
    expect(asked).toEqual([`GET ${newest}`, 'GET /version'])
  })

  test('a server without tasks has no newest one', async () => {
    replies[newest] = page([], 0)
    expect((await answer({})).newest).toBeUndefined()
  })

  test.each([{}, requestedStatus()])(
    'tasks that are there and cannot be seen: the key is limited to some indexes',
    async (status) => {
      replies[newest] = page([], 4)
      expect(await ask(status)).toEqual({
        state: 'Unauthorized',
        message:
          'The key is limited to some indexes: it sees none of the server\'s 4 tasks. It needs tasks.get for indexes ["*"].',
      })
      expect(asked).toEqual([`GET ${newest}`])
    },
  )

  test('candidates begin right above the baseline', async () => {
    replies[above(12)] = page([rawTask(12), rawTask(13, { status: 'failed' })])
    expect((await answer()).candidates.map(({ uid, status }) => [uid, status])).toEqual([
      [12, 'enqueued'],
      [13, 'failed'],
    ])
    expect(asked).not.toContain(`GET ${above(11)}`)
  })

  test('without a baseline they begin with the first task of all', async () => {
    replies[above(0)] = page([rawTask(0)])
    expect((await answer(requestedStatus({ baseline: undefined as never }))).candidates.map(({ uid }) => uid)).toEqual([
      0,
    ])
  })

  test('all pages are read', async () => {
    replies[above(12)] = page([rawTask(12)], 2, 40)
    replies[above(40)] = page([rawTask(40)], 2)
    expect((await answer()).candidates.map(({ uid }) => uid)).toEqual([12, 40])
  })

  test('the baseline is looked at again; one that was pruned is absent', async () => {
    expect((await answer()).baseline).toEqual(baseline)
    delete replies['/tasks/11']
    expect((await answer()).baseline).toBeUndefined()
  })

  test('what Meilisearch gives as null is absent', async () => {
    replies[above(12)] = page([rawTask(12)])
    expect((await answer()).candidates).toEqual([
      { uid: 12, status: 'enqueued', enqueuedAt: '2026-03-01T11:00:12.123456789Z' },
    ])
  })

  test('a task is in its own words, without what we do not keep', async () => {
    replies[above(12)] = page([
      rawTask(12, {
        status: 'failed',
        batchUid: 9,
        startedAt: '2026-03-01T11:00:13Z',
        finishedAt: '2026-03-01T11:00:14Z',
        duration: 'PT1S',
        error: { message: 'm'.repeat(5000), code: 'internal', type: 'internal', link: '' },
      }),
    ])
    expect((await answer()).candidates).toEqual([
      {
        uid: 12,
        status: 'failed',
        enqueuedAt: '2026-03-01T11:00:12.123456789Z',
        batchUid: 9,
        startedAt: '2026-03-01T11:00:13Z',
        finishedAt: '2026-03-01T11:00:14Z',
        duration: 'PT1S',
        error: { code: 'internal', message: 'm'.repeat(2000) },
      },
    ])
  })

  test('while a candidate is unfinished, the batch that runs is read with its innermost step', async () => {
    replies[above(12)] = page([rawTask(12)])
    replies[running] = {
      body: {
        results: [
          {
            uid: 8,
            progress: {
              steps: [
                { currentStep: 'processing tasks', finished: 0, total: 2 },
                { currentStep: 'indexing', finished: 1, total: 3 },
              ],
              percentage: 41.67,
            },
            stats: { types: { documentAdditionOrUpdate: 2, settingsUpdate: 1 } },
          },
        ],
      },
    }
    expect((await answer()).running).toEqual({
      uid: 8,
      types: 'documentAdditionOrUpdate, settingsUpdate',
      step: 'indexing',
      percent: 41.67,
    })
  })

  test('a batch that tells nothing of itself is still a batch', async () => {
    replies[above(12)] = page([rawTask(12)])
    replies[running] = { body: { results: [{ uid: 8, progress: null, stats: null }] } }
    expect((await answer()).running).toEqual({ uid: 8, types: 'unknown', step: undefined, percent: undefined })
  })

  test('without an unfinished candidate nobody asks for it', async () => {
    replies[above(12)] = page([rawTask(12, { status: 'succeeded' })])
    expect((await answer()).running).toBeUndefined()
    expect(asked).not.toContain(`GET ${running}`)
  })

  test('once a snapshot is there to be described, the contents are read', async () => {
    replies[above(12)] = page([rawTask(12, { status: 'succeeded' })])
    expect(await answer()).toMatchObject({
      databaseSizeBytes: 900,
      indexes: { count: 1, documents: 3, listed: [{ uid: 'products', documents: 3 }] },
    })
  })

  test('nothing but GET is ever sent', async () => {
    replies[above(12)] = page([rawTask(12), rawTask(13, { status: 'succeeded' })])
    await answer()
    expect(asked.filter((call) => !call.startsWith('GET '))).toEqual([])
  })

  test.each([401, 403])('%d is Unauthorized, in the words of the server', async (status) => {
    replies[newest] = { status, body: { message: 'The provided API key is invalid', code: 'invalid_api_key' } }
    expect(await ask()).toEqual({
      state: 'Unauthorized',
      message: `GET /tasks?limit=1 answered ${status} invalid_api_key: The provided API key is invalid.`,
    })
  })

  test.each([
    [500, 'internal'],
    [429, 'too_many'],
    [400, 'bad_request'],
    [404, 'not_found'],
  ])('%d is a server that cannot be used now, reported with one full stop', async (status, code) => {
    replies[newest] = { status, body: { message: 'Something is wrong.', code } }
    expect(await ask()).toEqual({
      state: 'Unreachable',
      message: `GET /tasks?limit=1 answered ${status} ${code}: Something is wrong.`,
    })
  })

  test('an answer that no Meilisearch would give is one of them', async () => {
    replies['/version'] = { body: { name: 'something else' } }
    expect(await ask()).toMatchObject({
      state: 'Unreachable',
      message: expect.stringContaining('GET /version answered something that Meilisearch 1.12 or later would not'),
    })
  })

  test('a Secret that is missing is Unauthorized, and the server is not asked', async () => {
    expect(await ask(requestedStatus(), { state: 'SecretMissing', message: 'Secret keys does not exist.' })).toEqual({
      state: 'Unauthorized',
      message: 'Secret keys does not exist.',
    })
    expect(asked).toEqual([])
  })

  test('no reply at all is Unreachable, and the key is in no message', async () => {
    const client = new MeilisearchClient({ endpoint: 'http://127.0.0.1:9', key: 'a-key-that-stays-here' })
    const seen = await ask(requestedStatus(), { state: 'Open', client })
    expect(seen).toMatchObject({ state: 'Unreachable', message: expect.stringContaining('got no reply') })
    expect(JSON.stringify(seen)).not.toContain('a-key-that-stays-here')
  })
})
