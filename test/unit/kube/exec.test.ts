// What becomes of a command whose connection is cut, silent, slow or refused. The API server is played by one that speaks v5.channel.k8s.io.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { Execution } from '../../../src/kube/exec/exec.ts'
import type { ExecCall } from '../../../src/kube/exec/exec.ts'
import { createPools, destroyPools } from '../../../src/kube/route.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'

interface ExecServer extends AsyncDisposable {
  start(more?: Partial<ExecCall>): Promise<Execution>
  /** Paths that were asked for, and the codes that were counted. */
  readonly asked: string[]
  readonly counted: string[]
}

const call: ExecCall = {
  pod: { namespace: 'shop', name: 'search-0' },
  container: 'box',
  command: ['sh', '-c', 'a b&c'],
  stdin: true,
  deadlineMs: 5000,
}
const out = (text: string | Buffer): Buffer => Buffer.concat([Buffer.of(1), Buffer.from(text)])
const err = (text: string | Buffer): Buffer => Buffer.concat([Buffer.of(2), Buffer.from(text)])
const status = (value: object | string): Buffer =>
  Buffer.concat([Buffer.of(3), Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))])
const success = status({ metadata: {}, status: 'Success' })
const failure = (code: number): Buffer =>
  status({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `exit code ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  })

/** `speak` has the open connection, unless it is refused. */
async function openServer(
  speak: (socket: WebSocket) => unknown,
  how: { refuse?: boolean; protocol?: string; words?: string } = {},
): Promise<ExecServer> {
  const asked: string[] = []
  const counted: string[] = []
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => how.protocol ?? 'v5.channel.k8s.io' })
  server.on('upgrade', (request, socket, head) => {
    asked.push(request.url ?? '')
    if (how.refuse !== true) return sockets.handleUpgrade(request, socket, head, (open) => void speak(open))
    // Whoever has read enough hangs up.
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n')
    return socket.end(
      JSON.stringify({
        kind: 'Status',
        reason: 'Forbidden',
        message: how.words ?? 'pods "search-0" is forbidden: cannot create resource "pods/exec"',
        code: 403,
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pools = createPools({})
  const connection = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: () => Promise.resolve({ headers: { authorization: 'Bearer top-secret' }, pools }),
    close: () => Promise.resolve(),
  }
  return {
    asked,
    counted,
    start: async (more = {}) =>
      await Execution.open(connection, { ...call, ...more }, ({ verb, resource, code }) =>
        counted.push(`${verb} ${resource} ${code}`),
      ),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate()
      await destroyPools(pools)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function whole(execution: Execution): Promise<{ stdout: string; exitCode: number; stderr: string }> {
  let stdout = ''
  for await (const piece of execution.output()) stdout += piece.toString()
  return { stdout, ...execution.exit() }
}

const sendThenClose =
  (...messages: readonly Buffer[]) =>
  (socket: WebSocket): void => {
    for (const message of messages) socket.send(message)
    socket.close(1000)
  }

describe('a command that ended', () => {
  test('gives its output, what it complained of, and its exit code', async () => {
    await using there = await openServer(sendThenClose(out('one '), err('oh'), out('two'), err(' no'), failure(7)))
    await using execution = await there.start()
    expect(await whole(execution)).toEqual({ stdout: 'one two', stderr: 'oh no', exitCode: 7 })
    expect(there.asked).toEqual([
      '/api/v1/namespaces/shop/pods/search-0/exec?container=box&stdin=true&stdout=true&stderr=true&command=sh&command=-c&command=a+b%26c',
    ])
    expect(there.counted).toEqual(['exec pods 101'])
  })

  test('is 127 where the container has no such program', async () => {
    await using there = await openServer(
      sendThenClose(
        status({
          status: 'Failure',
          reason: 'InternalError',
          message: 'OCI runtime exec failed: exec: "sh": executable file not found in $PATH: unknown',
        }),
      ),
    )
    await using execution = await there.start()
    expect(await whole(execution)).toMatchObject({ exitCode: 127, stderr: expect.stringContaining('"sh"') as string })
  })

  test('keeps no more than 64 KiB of its complaints', async () => {
    await using there = await openServer(
      sendThenClose(...Array.from({ length: 100 }, () => err(Buffer.alloc(10_000, 'x'))), success),
    )
    await using execution = await there.start()
    expect((await whole(execution)).stderr).toHaveLength(64 * 1024)
  })

  test.each([
    [
      'another failure',
      status({ status: 'Failure', reason: 'InternalError', message: 'the container is gone' }),
      'InternalError the container is gone',
    ],
    ['no JSON', status('what?'), 'its status is no JSON: what?'],
    ['JSON that is no status', status('null'), 'its status is no JSON: null'],
  ])('says so where its status is %s', async (_, message, words) => {
    await using there = await openServer(sendThenClose(message))
    await using execution = await there.start()
    await expect(whole(execution)).rejects.toMatchObject({
      name: 'TransientError',
      message: expect.stringContaining(words) as string,
    })
  })
})

describe('a connection that', () => {
  test.each([
    ['ends cleanly without a status', (socket: WebSocket) => sendThenClose(out('half'))(socket)],
    ['breaks off', (socket: WebSocket) => socket.send(out('half'), () => socket.terminate())],
    ['ends at once', (socket: WebSocket) => socket.terminate()],
  ])('%s was cut: that is never an end', async (_, speak) => {
    await using there = await openServer(speak)
    await using execution = await there.start()
    await expect(whole(execution)).rejects.toMatchObject({
      name: 'TransientError',
      message: expect.stringMatching(/^exec in Pod shop\/search-0 was cut: /) as string,
    })
  })

  test('is half open is cut after the silence', async () => {
    await using there = await openServer((socket) => socket.pause())
    await using execution = await there.start({ silenceMs: 200 })
    const began = performance.now()
    await expect(whole(execution)).rejects.toThrow('exec in Pod shop/search-0 was cut: no sign of life for 0.2 s')
    // It would have had five seconds.
    expect(performance.now() - began).toBeLessThan(4500)
  })

  test('only answers pings is alive', async () => {
    await using there = await openServer(async (socket) => {
      await pause(1500)
      sendThenClose(success)(socket)
    })
    // Twice over; a busy machine may hold up a ping for long.
    await using execution = await there.start({ silenceMs: 700 })
    expect((await whole(execution)).exitCode).toBe(0)
  })

  test('takes longer than its deadline is cut', async () => {
    await using there = await openServer((socket) => socket.send(out('tick')))
    await using execution = await there.start({ deadlineMs: 300 })
    await expect(whole(execution)).rejects.toThrow('was cut: it took longer than 0.3 s')
  })

  test('is cut while we write says so to the writer', async () => {
    await using there = await openServer((socket) => socket.terminate())
    await using execution = await there.start()
    const writeForever = async (): Promise<void> => {
      for (;;) await execution.write(Buffer.alloc(65_536))
    }
    await expect(writeForever()).rejects.toMatchObject({ name: 'TransientError' })
  })
})

describe('who is slow', () => {
  const mebibyte = 1024 * 1024

  test('at the other end holds the writer up, and what waits is not ours to keep', async () => {
    let peer: WebSocket | undefined
    await using there = await openServer((socket) => {
      peer = socket
      socket.pause()
    })
    await using execution = await there.start({ deadlineMs: 60_000 })
    let sent = 0
    const writing = (async () => {
      for (; sent < 64 * mebibyte; sent += 65_536) await execution.write(Buffer.alloc(65_536))
    })()
    const held = await eventually('the writer to be held up', async () => {
      const before = sent
      await pause(300)
      return sent > 0 && sent === before ? { sent } : undefined
    })
    expect(held.sent).toBeLessThan(32 * mebibyte)
    peer?.resume()
    await writing
    expect(sent).toBe(64 * mebibyte)
  })

  test('at this end holds the command up', async () => {
    let peer: WebSocket | undefined
    await using there = await openServer((socket) => {
      peer = socket
      for (let sent = 0; sent < 64 * mebibyte; sent += mebibyte) socket.send(out(Buffer.alloc(mebibyte)))
      sendThenClose(success)(socket)
    })
    await using execution = await there.start({ deadlineMs: 60_000, silenceMs: 1000 })
    const output = execution.output()
    await output.next()
    await pause(2500)
    expect(peer?.bufferedAmount).toBeGreaterThan(16 * mebibyte)
    let read = mebibyte
    for await (const piece of output) read += piece.length
    expect(read).toBe(64 * mebibyte)
    expect(execution.exit().exitCode).toBe(0)
  })
})

describe('what is refused', () => {
  test('is reported in the words of the API server, without the token, and counted', async () => {
    await using there = await openServer(() => undefined, { refuse: true })
    const error = await there.start().catch((reason: unknown) => reason as Error)
    expect(error).toMatchObject({
      name: 'TerminalError',
      status: 403,
      message:
        'exec in Pod shop/search-0 answered 403 Forbidden: pods "search-0" is forbidden: cannot create resource "pods/exec"',
    })
    expect(JSON.stringify(error)).not.toContain('top-secret')
    expect(there.counted).toEqual(['exec pods 403'])
  })

  test('is reported with a few of many words', async () => {
    await using there = await openServer(() => undefined, { refuse: true, words: 'x'.repeat(20 * 1024 * 1024) })
    const error = await there.start().catch((reason: unknown) => reason as Error)
    expect(error).toMatchObject({ name: 'TerminalError', status: 403 })
    expect((error as Error).message.length).toBeLessThan(1000)
  })

  test('an API server that knows no v5 is one that cannot be spoken with', async () => {
    await using there = await openServer(() => undefined, { protocol: 'v4.channel.k8s.io' })
    await expect(there.start()).rejects.toMatchObject({
      name: 'TransientError',
      message: expect.stringContaining('subprotocol') as string,
    })
  })

  test('nobody there is TransientError, with the address', async () => {
    const there = await openServer(() => undefined)
    await there[Symbol.asyncDispose]()
    await expect(there.start()).rejects.toMatchObject({
      name: 'TransientError',
      message: expect.stringContaining('ECONNREFUSED') as string,
    })
  })
})
