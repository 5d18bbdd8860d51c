// A real Meilisearch whose scheduler is off, on a restored database with enqueued tasks and webhooks: `sanitize` takes them out, and a server that starts
// on it afterwards calls nobody, runs none of them, and has the same documents. A listener counts what leaves.
import { cpSync, copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { ChildProcess } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { exitCodes } from '../../../src/mover/contract.ts'
import type { SanitizeConfig } from '../../../src/mover/contract.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'
import type { MeilisearchProcess } from '../../support/meilisearch/process.ts'
import { Workplace } from '../../support/mover/mover.ts'
import type { Ended, How } from '../../support/mover/mover.ts'

/** As the operator starts an engine that is to run nothing. */
const noTasks = ['--experimental-max-number-of-batched-tasks', '0']

const counts = { products: 300 }
const servers = meilisearches()
const source = serverWithDocuments(servers, {
  documents: {
    products: Array.from({ length: 300 }, (_, id) => JSON.stringify({ id, title: `Thing ${id}` })).join('\n'),
  },
})
const still = servers.add({ args: noTasks })
/** What is made of it afterwards. */
const real = servers.add()

const calls: string[] = []
const listener = createServer((asked, answer) => {
  calls.push(`${asked.method ?? ''} ${asked.url ?? ''}`)
  asked.resume().on('end', () => answer.end('{}'))
})
const listenerUrl = (): string => `http://127.0.0.1:${(listener.address() as AddressInfo).port}`

let work: Workplace
/** Filled from a snapshot, with tasks enqueued and webhooks registered in it, as in a snapshot that was taken under load. */
let laden: string
/** When that began. */
let ladenAt: string

beforeAll(async () => {
  await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve))
  work = await Workplace.create()
  const { taskUid } = await source.api.call<{ taskUid: number }>('/snapshots', { method: 'POST' })
  await source.api.waitForTask(taskUid)
  copyFileSync(source.snapshotFile, work.file)
  const { code, result } = await work.perform(work.fillConfig())
  expect(code, result.message).toBe(0)
  lay(still, join(work.destination, 'data.ms'))
  await still.launch()
  ladenAt = new Date().toISOString()
  await lade(still)
  await still.kill()
  laden = join(work.home, 'laden')
  cpSync(join(still.home, 'data.ms'), laden, { recursive: true })
})
afterAll(async () => {
  listener.closeAllConnections()
  listener.close()
  await work.remove()
})

function lay(server: MeilisearchProcess, from: string): void {
  mkdirSync(server.home, { recursive: true })
  rmSync(join(server.home, 'data.ms'), { recursive: true, force: true })
  cpSync(from, join(server.home, 'data.ms'), { recursive: true })
}

const tasksInside = 7
const post = (body: object, method = 'POST'): { method: string; body: string } => ({
  method,
  body: JSON.stringify(body),
})

async function lade({ api }: MeilisearchProcess): Promise<void> {
  for (const path of ['/first', '/second'])
    await api.call(
      '/webhooks',
      post({ url: `${listenerUrl()}${path}`, headers: { authorization: 'Bearer of-production' } }),
    )
  await api.addDocuments('products', JSON.stringify({ id: 1000, title: 'Written after the snapshot' }))
  await api.addDocuments('orders', JSON.stringify({ id: 1 }))
  await api.call('/indexes/products/settings', post({ stopWords: ['thing'] }, 'PATCH'))
  await api.call('/export', post({ url: listenerUrl() }))
  await api.call('/dumps', { method: 'POST' })
  await api.call('/snapshots', { method: 'POST' })
  await api.call('/tasks?statuses=succeeded', { method: 'DELETE' })
}

beforeEach(async () => {
  calls.length = 0
  lay(still, laden)
  await still.launch()
  return async () => {
    await servers.killAll()
    await source.launch()
  }
})

async function sanitize(changes: Partial<SanitizeConfig> = {}, how: How = {}): Promise<Ended> {
  return await work.perform(
    {
      command: 'sanitize',
      object: work.fillConfig().object,
      endpoint: still.endpoint,
      database: { root: still.home, claim: 'movies-data-2', directory: 'data.ms' },
      tasks: 'Discard',
      webhooks: 'Remove',
      deadlineSeconds: 60,
      ...changes,
    },
    how,
  )
}

/** The real start: until nothing waits any more. */
async function startReal(): Promise<void> {
  await still.kill()
  lay(real, join(still.home, 'data.ms'))
  await real.launch()
  await eventually('nothing to wait', async () => ((await unfinished(real)) === 0 ? true : undefined), { everyMs: 50 })
}

const totalOf = async ({ api }: MeilisearchProcess, query: string): Promise<number> =>
  (await api.call<{ total: number }>(`/tasks?limit=1&${query}`)).total
const unfinished = async (server: MeilisearchProcess): Promise<number> =>
  await totalOf(server, 'statuses=enqueued,processing')
const webhooksOf = async ({ api }: MeilisearchProcess): Promise<number> =>
  (await api.call<{ results: unknown[] }>('/webhooks')).results.length

async function expectClean(): Promise<void> {
  await startReal()
  expect(await webhooksOf(real)).toBe(0)
  expect(await totalOf(real, 'statuses=canceled')).toBeGreaterThanOrEqual(tasksInside)
  const types = 'types=documentAdditionOrUpdate,settingsUpdate,export,dumpCreation,snapshotCreation'
  expect(await totalOf(real, `${types}&statuses=succeeded,failed&afterEnqueuedAt=${encodeURIComponent(ladenAt)}`)).toBe(
    0,
  )
  expect(await real.api.counts()).toEqual(counts)
  expect(calls).toEqual([])
}

test('without it, a server that starts on the data runs what waited, and calls what was registered', async () => {
  await startReal()
  expect(await real.api.counts()).toEqual({ products: 301, orders: 1 })
  await eventually('the webhooks to be called', async () =>
    Promise.resolve(calls.some((call) => call.includes('/first')) || undefined),
  )
})

test('nothing of it is left, and the server that starts on it calls nobody and has the same documents', async () => {
  const ended = await sanitize()
  expect(ended.result, ended.stderr).toMatchObject({
    exitCode: exitCodes.done,
    sanitized: { tasksDiscarded: tasksInside, webhooksRemoved: 2 },
  })
  expect(Buffer.byteLength(ended.terminationMessage)).toBeLessThan(1024)
  await expectClean()
  expect(await totalOf(real, `uids=${ended.result.sanitized?.cancelationUid}&statuses=succeeded`)).toBe(1)
})

test('of the two only that which is asked for is taken out', async () => {
  const webhooks = await sanitize({ tasks: 'Keep' })
  expect(webhooks.result.sanitized).toEqual({ webhooksRemoved: 2 })
  expect(await unfinished(still)).toBe(tasksInside)
  const tasks = await sanitize({ webhooks: 'Keep' })
  expect(tasks.result.sanitized).toMatchObject({ tasksDiscarded: tasksInside })
  await startReal()
  expect(await real.api.counts()).toEqual(counts)
})

test('where there is nothing to take out, nothing is made', async () => {
  await still.kill()
  lay(still, join(work.destination, 'data.ms'))
  await still.launch()
  expect((await sanitize()).result.sanitized).toEqual({ tasksDiscarded: 0, webhooksRemoved: 0 })
  expect(await unfinished(still)).toBe(0)
})

describe('killed', () => {
  /** Between the mover and the engine: it ends the mover at the nth request, before it or after its answer. */
  async function killedAt(nth: number, when: 'before' | 'after'): Promise<{ requests: number; ended: Ended }> {
    let child: ChildProcess | undefined
    let requests = 0
    const between = createServer((asked, answer) => {
      const isIt = ++requests === nth
      if (isIt && when === 'before') {
        child?.kill('SIGKILL')
        return
      }
      const { method, url, headers } = asked
      const on = request(`${still.endpoint}${url ?? ''}`, { method, headers }, (said) => {
        if (isIt) {
          said.resume().on('end', () => child?.kill('SIGKILL'))
          return
        }
        answer.writeHead(said.statusCode ?? 500, said.headers)
        said.pipe(answer)
      })
      asked.pipe(on)
    })
    await new Promise<void>((resolve) => void between.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(between.address() as AddressInfo).port}`
    const ended = await sanitize({ endpoint }, { meanwhile: (started) => (child = started) })
    between.closeAllConnections()
    between.close()
    return { requests, ended }
  }

  test('at whatever request, the mover and then the engine, it comes to the same end when it is run again', async () => {
    const { requests } = await killedAt(Number.POSITIVE_INFINITY, 'after')
    expect(requests).toBeGreaterThan(8)
    for (let nth = 1; nth <= requests; nth++)
      for (const when of ['before', 'after'] as const) {
        await still.kill()
        lay(still, laden)
        await still.launch()
        const { ended } = await killedAt(nth, when)
        expect(ended.signal, `request ${nth}`).toBe('SIGKILL')
        await still.kill()
        await still.launch()
        const again = await sanitize()
        expect(again.result, `${when} request ${nth}`).toMatchObject({
          exitCode: 0,
          sanitized: { tasksDiscarded: tasksInside },
        })
        expect([await webhooksOf(still), await unfinished(still)]).toEqual([0, tasksInside + 1])
        if (nth === requests - 1) await expectClean()
      }
    expect(calls).toEqual([])
  })
})

test('an engine that runs its tasks all the same is found out: it fails, and says so', async () => {
  await still.kill()
  lay(real, laden)
  await real.launch()
  const { result } = await sanitize({
    endpoint: real.endpoint,
    database: { root: real.home, claim: 'movies-data-2', directory: 'data.ms' },
  })
  expect(result).toMatchObject({ exitCode: exitCodes.sanitizeFailed })
  expect(result.message).toContain('have run in the engine that was to run none')
})

test('a database that is not of this restore is left alone, and no server is asked', async () => {
  const object = { ...work.fillConfig().object, uid: 'another-uid' }
  expect((await sanitize({ object })).result).toMatchObject({ exitCode: exitCodes.mismatch })
  expect(await webhooksOf(still)).toBe(2)
  expect(await unfinished(still)).toBe(tasksInside)
})
