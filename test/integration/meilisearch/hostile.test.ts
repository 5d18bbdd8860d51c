// No server's answer ends the operator: the client in the memory that a container of 256Mi leaves it, against servers that mean harm.
import { execFile, fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import { workers } from '../../../src/operator/controller-parts.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { MeilisearchDouble, jsonAnswer } from '../../support/meilisearch/double.ts'

const support = join(import.meta.dirname, '../../support/meilisearch')
const servers: ChildProcess[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.kill()
})

async function hostile(kind: string): Promise<string> {
  const server = fork(join(support, 'hostile-server.ts'), [kind])
  servers.push(server)
  const [port] = (await once(server, 'message')) as [number]
  return `http://127.0.0.1:${port}`
}

/** The Dockerfile's, with 60 % of 256Mi written out: the machine has more. */
function flags(): string[] {
  const dockerfile = readFileSync(join(import.meta.dirname, '../../../Dockerfile'), 'utf8')
  const words = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[]
  return words
    .filter((word) => word.startsWith('--'))
    .map((flag) =>
      flag.replace(
        /^--max-old-space-size-percentage=(\d+)$/,
        (_, percent) => `--max-old-space-size=${Math.floor((256 * Number(percent)) / 100)}`,
      ),
    )
}

/** What the client says of each; it throws where the process ended otherwise than by itself. */
async function askEndpoints(...endpoints: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags(),
    join(support, 'hostile-client.ts'),
    ...endpoints,
  ])
  return stdout.trim().split('\n')
}

describe('the client lives in the heap of its container, and says why', () => {
  test.each([
    ['endless', 'GET /stats answered more than 4 MiB | well'],
    ['large', 'GET /stats answered more than 4 MiB | well'],
    ['deep', 'GET /stats answered values nested more than 64 deep | well'],
    ['nested', 'GET /stats answered values nested more than 64 deep | well'],
    ['dense', 'well | well'],
    ['largeDrip', 'GET /stats answered more than 128 KiB, and the rest did not come within 2 s | well'],
    [
      'tasks',
      expect.stringMatching(
        /^well \| GET \/tasks\?limit=1 answered something that Meilisearch 1\.12 or later would not: Too big/,
      ),
    ],
    [
      'bomb',
      expect.stringMatching(/^GET \/stats answered something that Meilisearch 1\.12 or later would not: .* \| well$/),
    ],
    ['redirect', 'GET /stats answered 307: no message | GET /tasks?limit=1 answered 307: no message'],
    ['header', expect.stringContaining('got no reply: UND_ERR_HEADERS_OVERFLOW')],
  ])('%s', async (kind, said) => {
    const endpoint = await hostile(kind)
    expect(await askEndpoints(endpoint)).toEqual([said])
  })

  test('as many as are asked at once by all workers', async () => {
    const endpoints = [await hostile('large'), await hostile('dense')]
    const said = await askEndpoints(...Array.from({ length: workers }).flatMap(() => endpoints))
    expect(said).toHaveLength(2 * workers)
    // Large replies are read one after the other: for some, the time of their call is over before.
    for (const line of said)
      expect(line).toMatch(
        /^(GET \/stats answered more than |well \| |GET \S+\/stats got no whole reply within 10 s \| )/,
      )
  })
})

test('what drips and is large takes no long turn: another large reply comes while three of them drip', async () => {
  const endpoint = await hostile('largeDrip')
  const drips = Array.from(
    { length: 3 },
    async () => await new MeilisearchClient({ endpoint }).stats().catch((error: unknown) => error),
  )
  const indexes = Object.fromEntries(
    Array.from({ length: 8000 }, (_, index) => [`index-${index}`.padEnd(30, 'x'), { numberOfDocuments: 2 }]),
  )
  await using double = await MeilisearchDouble.start(jsonAnswer({ databaseSize: 1, indexes }))
  const { count, documents, listed } = (await new MeilisearchClient({ endpoint: double.endpoint }).stats()).indexes
  expect({ count, documents }).toEqual({ count: 8000, documents: 16_000 })
  // As many as fit in a manifest.
  expect(JSON.stringify(listed).length).toBeLessThan(66 * 1024)
  await Promise.all(drips)
})

test('a connection is closed where a reply is not read to its end', async () => {
  let open = 0
  await using double = await MeilisearchDouble.start((response) => {
    open++
    response.on('close', () => open--)
    const more = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536, ' '), more))
    more()
    return true
  })
  await expect(new MeilisearchClient({ endpoint: double.endpoint }).version()).rejects.toThrow(
    'GET /version answered more than 1 MiB',
  )
  await eventually('the connection to close', async () => await Promise.resolve(open === 0 ? true : undefined), {
    everyMs: 10,
  })
})

test('idle connections end by themselves, whatever the server asks for', async () => {
  let sockets = 0
  await using double = await MeilisearchDouble.start((response) => {
    if (
      response.socket?.listenerCount('close') !== undefined &&
      !response.socket.listeners('close').includes(countDown)
    ) {
      sockets++
      response.socket.on('close', countDown)
    }
    response.setHeader('keep-alive', 'timeout=600')
    return false
  })
  function countDown(): void {
    sockets--
  }
  for (let pass = 0; pass < 5; pass++)
    await new MeilisearchClient({ endpoint: double.endpoint, serverName: `name-${pass}.test` }).version()
  expect(sockets).toBe(5)
  await eventually('them to end', async () => await Promise.resolve(sockets === 0 ? true : undefined), {
    everyMs: 50,
    timeoutMs: 4000,
  })
})
