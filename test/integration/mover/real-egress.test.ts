// What leaves a server that is started on a snapshot with webhooks and an enqueued task inside: the real engine, with the Job's own environment and resolver, in a network namespace of its own.
// A listener in it counts. The cases differ in whether there is a way to it, which is what a NetworkPolicy takes away, and in whether a resolver knows its name.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whyNotStarted } from '../../../src/reconcile/job/boot/egress.ts'
import { engineOf } from '../../../src/reconcile/job/boot/engine.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'
import { Workplace } from '../../support/mover/mover.ts'

/** Of a network for documentation only: nobody is there. */
const address = '198.51.100.7'
const name = 'hook.example.com'
const port = 8099
/** As spec.dnsConfig of the Job says it: nothing listens there. */
const jobResolver = 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n'
/** Of the test: it knows the name. */
const goodResolver = 'nameserver 127.0.0.2\noptions timeout:1 attempts:1\n'

const canIsolate = spawnSync('unshare', ['-rmn', 'ip', 'link', 'set', 'lo', 'up']).status === 0

const servers = meilisearches()
const source = serverWithDocuments(servers, { masterKey: 'the-master-key-of-this-test' })
let work: Workplace

interface Task {
  readonly status: string
  readonly startedAt: string
  readonly finishedAt: string
}

async function post(path: string, body = ''): Promise<number> {
  const init = body === '' ? {} : { body, type: 'application/x-ndjson' }
  return (await source.api.call<{ taskUid: number }>(path, { method: 'POST', ...init })).taskUid
}
const task = async (uid: number): Promise<Task> => await source.api.call<Task>(`/tasks/${uid}`)

/** A snapshot goes ahead of what is enqueued, and waits for what is at work: so the last task waits in it. */
async function takeSnapshot(): Promise<void> {
  const lines = Array.from({ length: 5000 }, (_, id) => JSON.stringify({ id, text: (id * 2654435761).toString(36) }))
  const first = await post('/indexes/large/documents?primaryKey=id', lines.join('\n'))
  const isAtWork = async (): Promise<true | undefined> => (await task(first)).status === 'processing' || undefined
  await eventually('the first task to be at work', isAtWork, { everyMs: 5 })
  const snapshot = await post('/snapshots')
  const last = await post('/indexes/small/documents?primaryKey=id', '{"id":1}')
  await source.api.waitForTask(last)
  expect((await task(last)).startedAt >= (await task(snapshot)).finishedAt, 'the last task waited').toBe(true)
}

/** The pod: resolver and listener, the engine, and an end once both webhooks were called, or the engine says that they could not be. */
const pod = `
const http = require('node:http'), dgram = require('node:dgram'), fs = require('node:fs'), { spawn } = require('node:child_process')
const { program, home, env, address, port } = JSON.parse(process.argv[1])
const hosts = []
http.createServer((request, response) => {
  hosts.push(request.headers.host.split(':')[0])
  request.on('end', () => response.end()).resume()
}).listen(port, '0.0.0.0')
const resolver = dgram.createSocket('udp4')
resolver.on('message', (query, from) => {
  let at = 12
  while (query[at] !== 0) at += query[at] + 1
  const question = query.subarray(12, at + 5)
  const isA = query.readUInt16BE(at + 1) === 1
  const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, Number(isA), 0, 0, 0, 0])
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)])
  resolver.send(Buffer.concat(isA ? [head, question, record] : [head, question]), from.port, from.address)
})
resolver.bind(53, '127.0.0.2', () => {
  const log = fs.openSync(home + '/log', 'w')
  const engine = spawn(program, [], { cwd: home, env, stdio: ['ignore', log, log] })
  engine.on('exit', (code) => process.exit(code === null ? 0 : 1))
  setInterval(() => {
    const refused = fs.readFileSync(home + '/log', 'utf8').match(/While sending data to the webhook/g) ?? []
    if (hosts.length + refused.length < 2) return
    console.log(JSON.stringify({ hosts: hosts.sort(), refused: refused.length }))
    engine.kill('SIGKILL')
  }, 50)
})
`

interface Seen {
  /** By which name, or address, the listener was asked. */
  readonly hosts: readonly string[]
  /** How many webhooks the engine could not call. */
  readonly refused: number
}

function boot(at: string, { hasWay, resolver }: { hasWay: boolean; resolver: string }): Seen {
  const home = join(work.home, at)
  mkdirSync(home)
  cpSync(join(work.destination, 'data.ms'), join(home, 'data.ms'), { recursive: true })
  writeFileSync(join(home, 'resolv.conf'), resolver)
  const { env = [] } = engineOf({ engineImage: 'any', upgrade: false })
  const config = {
    program: servers.program,
    home,
    env: Object.fromEntries(env.map((each) => [each.name, each.value?.replace('/data', home)])),
    address,
    port,
  }
  const way = hasWay ? `ip addr add ${address}/32 dev lo; ` : ''
  const script = `set -e; mount --bind ${home}/resolv.conf /etc/resolv.conf; ip link set lo up; ${way}exec "$@"`
  const program = [process.execPath, '-e', pod, JSON.stringify(config)]
  const said = execFileSync('unshare', ['-rmn', 'sh', '-c', script, 'sh', ...program], {
    encoding: 'utf8',
    timeout: 50_000,
  })
  return JSON.parse(said) as Seen
}

describe.runIf(canIsolate)('of a snapshot with two webhooks and a task that waits', () => {
  beforeAll(async () => {
    work = await Workplace.create()
    for (const host of [address, name])
      await source.api.call('/webhooks', {
        method: 'POST',
        body: JSON.stringify({ url: `http://${host}:${port}/hook` }),
      })
    await takeSnapshot()
    copyFileSync(source.snapshotFile, work.file)
    const { code, result } = await work.perform(work.fillConfig())
    expect(code, result.message).toBe(0)
  })
  afterAll(async () => {
    await work.remove()
  })

  test('the one by address is called, whatever the proxies say: so it is not started; that by name is not, for want of a resolver', () => {
    expect(boot('open', { hasWay: true, resolver: jobResolver })).toEqual({ hosts: [address], refused: 1 })
    expect(whyNotStarted({ version: '1.21.0', tasksEnqueued: 1, egress: 'Allowed' })).toContain('obeys no proxy')
  })

  test('with a resolver that knows the name both are called: it is the resolver that holds that one back', () => {
    expect(boot('resolved', { hasWay: true, resolver: goodResolver })).toEqual({ hosts: [address, name], refused: 0 })
  })

  test('none is called where nothing leaves the pod, which is what egress Denied says', () => {
    expect(boot('denied', { hasWay: false, resolver: jobResolver })).toEqual({ hosts: [], refused: 2 })
    expect(whyNotStarted({ version: '1.21.0', tasksEnqueued: 1, egress: 'Denied' })).toBeUndefined()
  })
})
