// A server that says it is Meilisearch and means harm: `node hostile-server.ts KIND [PORT]`. Imports nothing of ours: it runs in a pod, too.
// To what it does not abuse it answers as Meilisearch would.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

const mebibyte = 2 ** 20

/** Valid, of about this size; in pieces, so that the server itself needs little more. */
function manyIndexes(bytes: number): Buffer {
  const piece = (from: number): Buffer =>
    Buffer.from(Array.from({ length: 1000 }, (_, index) => `"i${from + index}":{"numberOfDocuments":1},`).join(''))
  const pieces = Array.from({ length: Math.floor(bytes / 34_000) }, (_, index) => piece(index * 1000))
  return Buffer.concat([
    Buffer.from('{"databaseSize":1,"indexes":{'),
    ...pieces,
    Buffer.from('"last":{"numberOfDocuments":1}}}'),
  ])
}

function withoutEnd(response: ServerResponse): void {
  const piece = Buffer.from('"index":{"numberOfDocuments":1},'.repeat(2000))
  const more = (): void => void (response.destroyed || response.write(piece, more))
  response.write('{"databaseSize":1,"indexes":{', more)
}

function drip(response: ServerResponse, bytes: number): void {
  response.write('{"databaseSize":1,"indexes":{"a":{"numberOfDocuments":'.padEnd(bytes))
  const timer = setInterval(() => response.write('1'), 50)
  response.on('close', () => clearInterval(timer))
}

type Answer = (response: ServerResponse) => void

function always(body: Buffer, headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(200, headers).end(body)
}

/** Where each kind differs from Meilisearch, and how; made once, before it is asked. */
const kinds: Readonly<Record<string, { readonly at: string; readonly make: () => Answer }>> = {
  endless: { at: '/stats', make: () => withoutEnd },
  large: { at: '/stats', make: () => always(manyIndexes(60 * mebibyte)) },
  /** As many as go into what is read. */
  dense: { at: '/stats', make: () => always(manyIndexes(3 * mebibyte)) },
  drip: { at: '/stats', make: () => (response) => drip(response, 60) },
  /** Takes a turn, and lets the others wait. */
  largeDrip: { at: '/stats', make: () => (response) => drip(response, 200 * 1024) },
  deep: { at: '/stats', make: () => always(Buffer.from('['.repeat(mebibyte))) },
  nested: { at: '/stats', make: () => always(Buffer.from(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)) },
  bomb: {
    at: '/stats',
    make: () => always(gzipSync(Buffer.alloc(60 * mebibyte, ' ')), { 'content-encoding': 'gzip' }),
  },
  tasks: { at: '/tasks', make: () => always(Buffer.from(`{"results":[${'0,'.repeat(150_000)}0],"total":1}`)) },
  redirect: {
    at: '',
    make: () => (response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/elsewhere' }).end(),
  },
  header: {
    at: '',
    make: () => (response) => void response.writeHead(200, { 'x-long': 'x'.repeat(mebibyte) }).end('{}'),
  },
}

const honest: readonly (readonly [string, string])[] = [
  ['/health', '{"status":"available"}'],
  ['/version', '{"commitSha":"a","pkgVersion":"1.21.0"}'],
  ['/stats', '{"databaseSize":1,"indexes":{}}'],
  ['/tasks/cancel', '{"message":"No.","code":"missing_task_filters"}'],
  ['/tasks', '{"results":[],"total":0}'],
]

function honestly(path: string, response: ServerResponse): void {
  response.writeHead(path === '/tasks/cancel' ? 400 : 200, { 'content-type': 'application/json' })
  response.end(honest.find(([known]) => known === path)?.[1] ?? '{}')
}

const [name = '', port = '0'] = process.argv.slice(2)
const kind = kinds[name]
if (kind === undefined) throw new Error(`There is no kind ${name}.`)
const hostile = kind.make()
const server = createServer((request, response) => {
  const path = request.url?.split('?')[0] ?? ''
  if (kind.at === '' || kind.at === path) hostile(response)
  else honestly(path, response)
})
server.listen(Number(port), () => process.send?.((server.address() as AddressInfo).port))
