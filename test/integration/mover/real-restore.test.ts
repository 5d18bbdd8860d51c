// The whole way back with the real Meilisearch: index, snapshot, fill, and a server on what came out of it; also after a filler that was killed.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FillConfig } from '../../../src/mover/contract.ts'
import { maxBytesWithoutManifest } from '../../../src/mover/database/entry.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'
import type { MeilisearchProcess } from '../../support/meilisearch/process.ts'
import { Workplace } from '../../support/mover/mover.ts'

const masterKey = 'the-master-key-of-this-test'
const documentCount = 8000
const servers = meilisearches()
const filled = serverWithDocuments(servers, {
  masterKey,
  documents: Object.fromEntries(
    ['products', 'shops'].map((index) => [
      index,
      Array.from({ length: documentCount }, (_, id) =>
        JSON.stringify({ id, title: `Thing ${id}`, text: `Words about ${(id * 2654435761).toString(36)}` }),
      ).join('\n'),
    ]),
  ),
})
const counts = { products: documentCount, shops: documentCount }

let work: Workplace
beforeAll(async () => {
  work = await Workplace.create()
  const { taskUid } = await filled.api.call<{ taskUid: number }>('/snapshots', { method: 'POST' })
  await filled.api.waitForTask(taskUid)
  copyFileSync(filled.snapshotFile, work.file)
})
afterAll(async () => {
  await work.remove()
})

/** A server that has never run, with its home where the database comes to lie. */
function newServer(): { server: MeilisearchProcess; config: FillConfig; database: string } {
  const server = servers.add({ masterKey })
  const destination = { root: server.home, claim: 'search-data', directory: 'data.ms' }
  return { server, config: work.fillConfig({ destination }), database: join(server.home, 'data.ms') }
}

async function documents({ api }: MeilisearchProcess, index: string): Promise<unknown[]> {
  const path = `/indexes/${index}/documents?limit=${documentCount * 2}`
  const { results } = await api.call<{ results: { id: number }[] }>(path)
  return results.toSorted((one, other) => one.id - other.id)
}

test('a server on what the filler made serves the same documents, and finds them', async () => {
  const { server, config, database } = newServer()
  mkdirSync(server.home, { recursive: true })
  const { code, result } = await work.perform(config)
  expect(code, result.message).toBe(0)
  expect(result.filled?.version).toBe('1.21.0')
  await server.launch()
  for (const index of Object.keys(counts))
    expect(await documents(server, index)).toEqual(await documents(filled, index))
  const body = JSON.stringify({ q: 'Thing 4711' })
  const { hits } = await server.api.call<{ hits: { id: number }[] }>('/indexes/products/search', {
    method: 'POST',
    body,
  })
  expect(hits[0]?.id).toBe(4711)
  await server.kill()
  expect(readdirSync(database), 'the server leaves the note of where its data came from').toContain(
    'restored-from.json',
  )
  await server.launch()
  expect(await server.api.counts()).toEqual(counts)
  const { taskUid } = await server.api.call<{ taskUid: number }>('/snapshots', { method: 'POST' })
  await server.api.waitForTask(taskUid)
  await server.kill()

  rmSync(database, { recursive: true })
  copyFileSync(server.snapshotFile, work.file)
  const again = await work.perform(work.fillConfig({ destination: config.destination }))
  expect(again.code, again.result.message).toBe(0)
  await server.launch()
  expect(await server.api.counts(), 'and a snapshot of the restored server is as good').toEqual(counts)
  await server.kill()
})

test('a filler that is killed at any moment leaves no database, or all of it: no server ever starts on a part', async () => {
  const { server, config, database } = newServer()
  mkdirSync(server.home, { recursive: true })
  const begin = performance.now()
  await work.perform(config)
  const wholeRunMs = performance.now() - begin
  const ends = { none: 0, whole: 0 }
  for (let round = 0; round < 12; round++) {
    rmSync(database, { recursive: true, force: true })
    const afterMs = wholeRunMs * (0.3 + 0.7 * Math.random())
    await work.perform(config, { meanwhile: (child) => void setTimeout(() => child.kill('SIGKILL'), afterMs) })
    if (!existsSync(database)) {
      ends.none++
      continue
    }
    ends.whole++
    await server.launch()
    expect(await server.api.counts()).toEqual(counts)
    await server.kill()
  }
  console.log(`killed 12 times: ${ends.none} times no database, ${ends.whole} times all of it`)
  expect(ends.none).toBeGreaterThan(0)
  rmSync(database, { recursive: true, force: true })
  expect((await work.perform({ ...config, attempt: '2' })).code).toBe(0)
  expect(readdirSync(server.home).filter((name) => name.includes('partial'))).toEqual([])
  await server.launch()
  expect(await server.api.counts()).toEqual(counts)
  await server.kill()
})

test('what a real snapshot unpacks to is far below what one may hold without a manifest', async () => {
  const { result } = await work.perform(work.resolveConfig())
  const { sizeBytes = 0, uncompressedBytes = 0 } = result.resolved ?? {}
  console.log(`a real snapshot of ${sizeBytes} bytes unpacks to ${uncompressedBytes}`)
  expect(uncompressedBytes).toBeGreaterThan(sizeBytes)
  expect(uncompressedBytes * 4).toBeLessThan(maxBytesWithoutManifest(sizeBytes))
})
