// What a key may do, found out on the real Meilisearch without leaving a trace on it.
import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import { neededActions } from '../../../src/meilisearch/keys.ts'
import { rightsOf } from '../../../src/meilisearch/rights.ts'
import type { Rights } from '../../../src/meilisearch/rights.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'

const masterKey = 'the-master-key-of-this-test'
const servers = meilisearches()
const server = serverWithDocuments(servers, { masterKey, documents: { movies: '{"id":1}', books: '{"id":1}' } })
const open = serverWithDocuments(servers)

interface Key {
  readonly key: string
}

async function aKey(
  options: { actions?: readonly string[]; indexes?: readonly string[]; expiresAt?: string | null; uid?: string },
  at = server,
): Promise<string> {
  const body = JSON.stringify({ actions: neededActions, indexes: ['*'], expiresAt: null, ...options })
  return (await at.api.call<Key>('/keys', { method: 'POST', body })).key
}

const rights = async (key: string | undefined, at = server): Promise<Rights> =>
  await rightsOf(new MeilisearchClient({ endpoint: at.endpoint, ...(key === undefined ? {} : { key }) }))

describe('a key with every action', () => {
  test('the master key', async () => {
    expect(await rights(masterKey)).toEqual({ state: 'Granted' })
  })

  test('the least key that will do; its value follows from its uid and the master key', async () => {
    const uid = randomUUID()
    await aKey({ uid })
    expect(await rights(createHmac('sha256', masterKey).update(uid).digest('hex'))).toEqual({ state: 'Granted' })
  })

  test.each([[['*']], [['snapshots.*', 'tasks.*', 'version', 'stats.*']]])('%j', async (actions) => {
    expect(await rights(await aKey({ actions }))).toEqual({ state: 'Granted' })
  })

  test("the server's own admin key", async () => {
    const { results } = await server.api.call<{ results: { name: string; key: string }[] }>('/keys')
    expect(await rights(results.find(({ name }) => name === 'Default Admin API Key')?.key)).toEqual({
      state: 'Granted',
    })
  })

  test.each([undefined, 'any-key-at-all'])('a server without a master key takes %s', async (key) => {
    expect(await rights(key, open)).toEqual({ state: 'Granted' })
  })
})

test('large settings in the newest tasks, more than is read of a reply, do not take the server away', async () => {
  const large = await servers.start({ masterKey })
  const synonyms = Object.fromEntries(
    Array.from({ length: 40 }, (_, word) => [
      `word${word}`,
      Array.from({ length: 50 }, (__, other) => `${'synonym'.repeat(20)}${word}-${other}`),
    ]),
  )
  let last = 0
  for (let round = 0; round < 20; round++) {
    const { taskUid } = await large.api.call<{ taskUid: number }>('/indexes/movies/settings', {
      method: 'PATCH',
      body: JSON.stringify({ synonyms: { ...synonyms, round: [`${round}`] } }),
    })
    last = taskUid
  }
  const page = await fetch(`${large.endpoint}/tasks?limit=20`, { headers: { authorization: `Bearer ${masterKey}` } })
  expect((await page.text()).length).toBeGreaterThan(4 * 1024 * 1024)
  expect(await rights(masterKey, large)).toEqual({ state: 'Granted' })
  expect(
    (await new MeilisearchClient({ endpoint: large.endpoint, key: masterKey }).newestTask()).results,
  ).toMatchObject([{ uid: last }])
})

describe('a key that lacks actions', () => {
  test.each(neededActions.filter((action) => action !== 'snapshots.create'))('%s', async (absent) => {
    expect(await rights(await aKey({ actions: neededActions.filter((action) => action !== absent) }))).toEqual({
      state: 'TooWeak',
      missing: [absent],
    })
  })

  test('all but one', async () => {
    expect(await rights(await aKey({ actions: ['version'] }))).toEqual({
      state: 'TooWeak',
      missing: ['tasks.get', 'tasks.cancel', 'stats.get'],
    })
  })

  test('snapshots.create cannot be tried without making a snapshot: the first POST tells', async () => {
    const key = await aKey({ actions: ['tasks.get', 'tasks.cancel', 'version', 'stats.get'] })
    expect(await rights(key)).toEqual({ state: 'Granted' })
    await expect(new MeilisearchClient({ endpoint: server.endpoint, key }).createSnapshot()).rejects.toMatchObject({
      name: 'TerminalError',
      status: 403,
      code: 'invalid_api_key',
    })
  })
})

describe('a key that is refused', () => {
  const refusedRights = (words: RegExp): Rights => ({
    state: 'Refused',
    message: expect.stringMatching(words) as string,
  })

  test('a key for searching only', async () => {
    expect(await rights(await aKey({ actions: ['search', 'documents.add'] }))).toEqual(
      refusedRights(/answered 403 invalid_api_key/),
    )
  })

  test('no key at all', async () => {
    expect(await rights(undefined)).toEqual(refusedRights(/answered 401 missing_authorization_header/))
  })

  test.each(['wrong-key-entirely', '', masterKey.toUpperCase()])(
    'a wrong one (%j), which is not repeated',
    async (key) => {
      const seen = await rights(key)
      expect(seen).toEqual(refusedRights(/answered 40[13]/))
      if (key !== '') expect(JSON.stringify(seen)).not.toContain(key)
    },
  )

  test('one that has expired', async () => {
    const expiresMs = Date.now() + 2000
    const key = await aKey({ expiresAt: new Date(expiresMs).toISOString() })
    await pause(expiresMs - Date.now() + 100)
    expect(await rights(key)).toEqual(refusedRights(/answered 403 invalid_api_key/))
  })

  test('one that was deleted', async () => {
    const uid = randomUUID()
    const key = await aKey({ uid })
    const deleted = await fetch(`${server.endpoint}/keys/${uid}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${masterKey}` },
    })
    expect(deleted.status).toBe(204)
    expect(await rights(key)).toEqual(refusedRights(/answered 403/))
  })
})

describe('a key for some indexes', () => {
  test.each([
    ['the index of the newest task', ['books']],
    ['the index of an older task', ['movies']],
    ['a pattern', ['boo*']],
    ['an index that is not there', ['comics']],
  ])('%s: it does not see the tasks of others', async (_, indexes) => {
    expect(await rights(await aKey({ indexes }))).toEqual({ state: 'Scoped' })
  })

  test('of a server that holds nothing else, it shows with the first snapshot', async () => {
    const alone = await servers.start({ masterKey })
    await alone.api.load('books', '{"id":1}')
    const key = await aKey({ indexes: ['books'] }, alone)
    expect(await rights(key, alone)).toEqual({ state: 'Granted' })
    const { taskUid } = await new MeilisearchClient({ endpoint: alone.endpoint, key }).createSnapshot()
    await alone.api.waitForTask(taskUid)
    for (let more = 0; more < 21; more++) await alone.api.addDocuments('books', '{"id":2}')
    expect(await rights(key, alone)).toEqual({ state: 'Scoped' })
  })
})

test('to find out leaves no trace: no task, no snapshot', async () => {
  const before = await server.api.call<{ total: number }>('/tasks?limit=1')
  await rights(masterKey)
  expect(await server.api.call<{ total: number }>('/tasks?limit=1')).toEqual(before)
})
