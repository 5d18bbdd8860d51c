// What one look at a server may cost: connections, time, and memory for what its user gave as its authority.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { TransientError } from '../../../src/errors.ts'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import { certificateRejected } from '../../../src/meilisearch/transport.ts'
import { MeilisearchDouble } from '../../support/meilisearch/double.ts'

const kibibyte = 1024
const failure = async (call: Promise<unknown>): Promise<TransientError> =>
  await call.then(
    () => expect.unreachable(),
    (error: unknown) => error as TransientError,
  )
/** Nobody listens there. */
const nowhere = 'https://127.0.0.1:1'
const authority = (bytes: number, name = ''): string =>
  `-----BEGIN CERTIFICATE-----\n${name}`.padEnd(bytes - 27, 'A').concat('\n-----END CERTIFICATE-----\n')

test('a certificate authority of more than 64 KiB is refused before it is read', async () => {
  const error = await failure(new MeilisearchClient({ endpoint: nowhere, ca: authority(65 * kibibyte) }).version())
  expect(error.code).toBe(certificateRejected)
  expect(error.message).toBe(
    'The certificate authority for https://127.0.0.1:1 has more than 64 KiB, and was not read. One certificate has about 2 KiB',
  )
  expect(
    (await failure(new MeilisearchClient({ endpoint: nowhere, ca: authority(60 * kibibyte) }).version())).message,
  ).toContain('GET https://127.0.0.1:1/version got no reply')
})

test('nothing stays of three hundred authorities that were each used once', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heldBytes = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const use = async (from: number, until: number): Promise<void> => {
    for (let index = from; index < until; index++)
      await failure(
        new MeilisearchClient({ endpoint: nowhere, ca: authority(60 * kibibyte, String(index)) }).ask(
          { news: '' },
          async (client) => await client.version(),
        ),
      )
  }
  await use(0, 20)
  const before = await heldBytes()
  await use(20, 320)
  expect((await heldBytes()) - before).toBeLessThan(4 * 1024 * kibibyte)
})

test('however much is asked at once, it is over two connections', async () => {
  const sockets = new Set<unknown>()
  await using double = await MeilisearchDouble.start((response) => {
    sockets.add(response.socket)
    return false
  })
  const client = new MeilisearchClient({ endpoint: double.endpoint })
  await Promise.all(Array.from({ length: 20 }, async () => await client.version()))
  expect(double.times('GET', '/version')).toBe(20)
  expect(sockets.size).toBe(2)
})

test('the time of a look ends the question that is under way, and says so', async () => {
  await using double = await MeilisearchDouble.start(() => true)
  const client = new MeilisearchClient({ endpoint: double.endpoint, signal: AbortSignal.timeout(50) })
  const { message } = await failure(client.version())
  expect(message).toBe(
    `GET ${double.endpoint}/version got no whole reply in the time that all calls of one look may take`,
  )
})
