// Runs a command in a container, through the API server by WebSocket (v5.channel.k8s.io, KEP-4006). Both directions are pulled:
// nothing is read before it is asked for. A connection that ends before the command's status has come was cut, whatever it brought.
import { on } from 'node:events'
import { WebSocket } from 'ws'
import { TransientError } from '../../errors.ts'
import type { Connection } from '../connection.ts'
import { appendUpTo, refusal } from './refusal.ts'
import { exitOf } from './status.ts'
import type { Exit } from './status.ts'
import type { Ref } from '../resource.ts'
import type { Observer } from '../transport.ts'
import { startInterval, startTimer } from '../../runtime/timers.ts'
import type { Timer } from '../../runtime/timers.ts'

export interface ExecCall {
  readonly pod: Ref
  readonly container: string
  readonly command: readonly string[]
  /** False: the command reads nothing. */
  readonly stdin: boolean
  /** For all of it. */
  readonly deadlineMs: number
  /** A connection without a sign of life for this long is cut. Pings are sent meanwhile, so a command may be silent for longer. */
  readonly silenceMs?: number
}

/** What users of an execution see of it. */
export type Running = Pick<Execution, keyof Execution>
export type Exec = (call: ExecCall) => Promise<Running>

/** The first byte of a message. The last one is v5's: its second byte names the channel that ends. */
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const
const protocol = 'v5.channel.k8s.io'
const openMs = 10_000
const usualSilenceMs = 60_000
/** What is kept of stderr; the rest is dropped. */
const maxStderrBytes = 64 * 1024
const maxStatusBytes = 1024 * 1024
/** Messages (of up to 32 KiB each) that wait for a reader before the socket is paused. */
const waiting = { highWaterMark: 16, lowWaterMark: 4 } as const

export class Execution implements AsyncDisposable {
  readonly #what: string
  readonly #socket: WebSocket
  readonly #messages: NodeJS.AsyncIterator<unknown[]>
  readonly #timers: readonly Pick<Timer, 'cancel'>[]
  #stderr = Buffer.alloc(0)
  #status = Buffer.alloc(0)
  /** Why we cut it ourselves, or why it never was there. */
  #cut: Error | undefined
  #seenAt = performance.now()

  /** @throws NotFound, TerminalError where it may not be; TransientError for all that may pass */
  static async open(connection: Connection, call: ExecCall, observe: Observer): Promise<Execution> {
    const what = `exec in Pod ${call.pod.namespace ?? ''}/${call.pod.name}`
    const socket = await beginExec(connection, call).catch((error: unknown) => {
      throw noReply(what, error)
    })
    const execution = new Execution(what, socket, call)
    const code = await waitForOpen(socket, what).catch(async (error: unknown) => {
      await execution[Symbol.asyncDispose]()
      return error as Error & { status?: number }
    })
    observe({
      verb: 'exec',
      resource: 'pods',
      code: code instanceof Error ? String(code.status ?? 'none') : '101',
      seconds: 0,
    })
    if (code instanceof Error) throw code
    return execution
  }

  private constructor(what: string, socket: WebSocket, { deadlineMs, silenceMs = usualSilenceMs }: ExecCall) {
    this.#what = what
    this.#socket = socket
    this.#messages = on(socket, 'message', { close: ['close'], ...waiting })
    socket.on('error', (error) => (this.#cut ??= error))
    for (const sign of ['message', 'pong', 'open']) socket.on(sign, () => (this.#seenAt = performance.now()))
    this.#timers = [
      startTimer(() => this.#end(`it took longer than ${deadlineMs / 1000} s`), deadlineMs),
      startInterval(() => this.#listen(silenceMs), silenceMs / 4),
    ]
  }

  /** Settles when the bytes have gone out; a command that does not read holds it up. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#send(Buffer.concat([Buffer.of(channels.stdin), bytes]))
  }

  /** The command reads the end of its stdin. */
  async endInput(): Promise<void> {
    await this.#send(Buffer.of(channels.close, channels.stdin))
  }

  /** stdout in pieces, each asked for; ends with the command. To be read once. @throws TransientError where the connection was cut */
  async *output(): AsyncGenerator<Buffer> {
    try {
      for await (const [message] of this.#messages) {
        const bytes = message as Buffer
        const content = bytes.subarray(1)
        if (bytes[0] === channels.stdout && content.length > 0) yield content
        else if (bytes[0] === channels.stderr) this.#stderr = appendUpTo(this.#stderr, content, maxStderrBytes)
        else if (bytes[0] === channels.status) this.#status = appendUpTo(this.#status, content, maxStatusBytes)
      }
    } catch (error) {
      throw this.#connectionLost(error)
    }
    if (this.#status.length === 0) throw this.#connectionLost(this.#cut)
  }

  /** How the command ended, once all of its output has been read. @throws TransientError where the cluster could not run it */
  exit(): Exit {
    return exitOf(this.#what, { status: this.#status.toString(), stderr: this.#stderr.toString() })
  }

  /** A command that still runs reads the end of its stdin, and writes to nobody. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) timer.cancel()
    await this.#messages.return?.()
    this.#socket.terminate()
  }

  async #send(message: Buffer): Promise<void> {
    const sent = Promise.withResolvers<void>()
    this.#socket.send(message, (error) =>
      error instanceof Error ? sent.reject(this.#connectionLost(error)) : sent.resolve(),
    )
    await sent.promise
  }

  /** A peer that is gone without a word answers no ping. While nobody reads here, nothing can be heard; opening has a limit of its own. */
  #listen(silenceMs: number): void {
    if (this.#socket.isPaused || this.#socket.readyState === WebSocket.CONNECTING) this.#seenAt = performance.now()
    else if (performance.now() - this.#seenAt > silenceMs) this.#end(`no sign of life for ${silenceMs / 1000} s`)
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping()
  }

  #end(why: string): void {
    this.#cut ??= new Error(why)
    this.#socket.terminate()
  }

  #connectionLost(cause: unknown): TransientError {
    const { message = 'it ended without a status' } = (this.#cut ?? cause ?? {}) as { message?: string }
    return new TransientError(`${this.#what} was cut: ${message}`, { cause })
  }
}

function urlOf(server: string, { pod, container, command, stdin }: ExecCall): URL {
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace ?? '')}/pods/${encodeURIComponent(pod.name)}/exec`
  const url = new URL(`${server.replace(/\/$/, '').replace(/^http/, 'ws')}${path}`)
  const query = { container, stdin: String(stdin), stdout: 'true', stderr: 'true' }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  for (const word of command) url.searchParams.append('command', word)
  return url
}

/** Nothing is awaited between the socket and its listeners. */
async function beginExec(connection: Connection, call: ExecCall): Promise<WebSocket> {
  const { headers, tls, agent } = await connection.credentials()
  return new WebSocket(urlOf(connection.server, call), protocol, {
    ...tls,
    ...(agent === undefined ? {} : { agent }),
    headers: { ...headers, 'user-agent': 'meili-operator' },
    handshakeTimeout: openMs,
    perMessageDeflate: false,
  })
}

function noReply(what: string, cause: unknown): TransientError {
  return new TransientError(`${what} got no reply: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  })
}

async function waitForOpen(socket: WebSocket, what: string): Promise<void> {
  const answer = Promise.withResolvers<void>()
  socket.once('open', answer.resolve)
  socket.once('error', (error) => answer.reject(noReply(what, error)))
  socket.once('unexpected-response', (request, response) => {
    void refusal(what, response).then((error) => {
      answer.reject(error)
      request.destroy()
    })
  })
  await answer.promise
}
