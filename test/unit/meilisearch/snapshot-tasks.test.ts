// What one look at a server's snapshot tasks keeps in memory: as many looks as there are workers hold it at once.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test, vi } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'

vi.setConfig({ testTimeout: 240_000 })

const mebibyte = 2 ** 20
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heapUsed = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

let server: Server | undefined
afterEach(() => server?.close())

/** Nearly as long as a page may be, for ever. */
async function failing(messageLength: number): Promise<{ client: MeilisearchClient; pages: () => number }> {
  let pages = 0
  const message = 'x'.repeat(messageLength)
  server = createServer((request, response) => {
    pages++
    const from = Number(new URL(request.url ?? '', 'http://here').searchParams.get('from'))
    const results = Array.from({ length: 100 }, (_, index) => ({
      uid: from + index,
      status: 'failed',
      type: 'snapshotCreation',
      enqueuedAt: '2026-03-01T11:59:30Z',
      error: { message, code: 'internal' },
    }))
    response.end(JSON.stringify({ results, total: 1_000_000, next: from + 100 }))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { client: new MeilisearchClient({ endpoint: `http://127.0.0.1:${port}` }), pages: () => pages }
}

test('with long errors are fewer, the oldest of them, and keep nothing of what was cut off', async () => {
  const { client, pages } = await failing(10_000)
  await client.snapshotTasksFrom(1)
  expect(pages()).toBe(2)
  const before = heapUsed()
  const kept = []
  for (let look = 0; look < 10; look++) kept.push(await client.snapshotTasksFrom(1))
  expect((heapUsed() - before) / mebibyte / kept.length).toBeLessThan(1)
  expect(kept[0]?.[0]).toMatchObject({ uid: 1, error: { message: 'x'.repeat(2000) } })
})

test('with the errors that a server has are as many as ever', async () => {
  const { client } = await failing(100)
  expect(await client.snapshotTasksFrom(1)).toHaveLength(2000)
})
