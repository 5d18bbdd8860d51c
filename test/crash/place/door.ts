// An HTTP door between the operator and a server: every call goes through a guard, which may forward it, hold it, answer it or let it vanish.
// Streams (watches) pass untouched, unless their own guard has something for them. The caller's headers go along as they are, so that the server sees the caller's own rights.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { Agent, request } from 'undici'

export interface Call {
  readonly method: string
  readonly path: string
  readonly body: string
  /** The header `authorization`. */
  readonly authorization: string
}

export interface Upstream {
  readonly origin: string
  readonly ca?: string
  /** What the server is shown instead of the caller's own `authorization`. */
  readonly passport?: (authorization: string) => string
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The connection breaks after so many bytes of the body. */
  readonly cutAt?: number
}

/** Sends the call on and gives the whole reply. */
export type Forward = () => Promise<Reply>

/** Gives the reply that the caller gets; undefined: the connection breaks without one. */
export type Guard = (call: Call, forward: Forward) => Promise<Reply | undefined>

/** What a watch gets in place of its stream; undefined: the stream. */
export type StreamGuard = (call: Pick<Call, 'method' | 'path'>) => Promise<Reply | 'break' | undefined>

/** Headers that are about one connection, or that are written anew. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
  'expect',
  'upgrade',
])

function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      ownHeaders.has(name) || value === undefined ? [] : [[name, String(value)]],
    ),
  )
}

export class Door {
  readonly #upstream: Upstream
  readonly #guard: Guard
  readonly #agent: Agent
  readonly #server: Server
  readonly #streams = new Set<ServerResponse>()
  /** Whatever a test sets here meets the watches that begin from then on. */
  streamGuard: StreamGuard | undefined

  private constructor(upstream: Upstream, guard: Guard) {
    this.#upstream = upstream
    this.#guard = guard
    this.#agent = new Agent({
      connect: upstream.ca === undefined ? {} : { ca: upstream.ca },
      bodyTimeout: 0,
      headersTimeout: 0,
    })
    this.#server = createServer((incoming, outgoing) => {
      this.#answer(incoming, outgoing).catch(() => outgoing.destroy())
    })
  }

  /** On a free port. */
  static async open(upstream: Upstream, guard: Guard, address = '127.0.0.1'): Promise<Door> {
    const door = new Door(upstream, guard)
    door.#server.listen(0, address)
    await once(door.#server, 'listening')
    return door
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming
    if (new URL(url, 'http://door').searchParams.get('watch') === 'true') return await this.#stream(incoming, outgoing)
    const call = { method, path: url, body: await text(incoming), authorization: headers.authorization ?? '' }
    const reply = await this.#guard(call, async () => await this.#forward(call, headers))
    give(outgoing, reply)
  }

  /** Ends the watches that are open: each caller begins another. */
  dropStreams(): void {
    for (const stream of this.#streams) stream.destroy()
  }

  async #forward({ method, path, body, authorization }: Call, headers: IncomingHttpHeaders): Promise<Reply> {
    const { origin, passport } = this.#upstream
    const shown = {
      ...passedOn(headers),
      ...(passport === undefined ? {} : { authorization: passport(authorization) }),
    }
    const response = await request(`${origin}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: shown,
      ...(body === '' ? {} : { body }),
    })
    return { status: response.statusCode, headers: passedOn(response.headers), body: await response.body.text() }
  }

  async #stream(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const instead = await this.streamGuard?.({ method: 'GET', path: incoming.url ?? '' })
    if (instead !== undefined) return give(outgoing, instead === 'break' ? undefined : instead)
    const gone = new AbortController()
    this.#streams.add(outgoing)
    outgoing.once('close', () => {
      this.#streams.delete(outgoing)
      gone.abort()
    })
    const response = await request(`${this.#upstream.origin}${incoming.url ?? ''}`, {
      dispatcher: this.#agent,
      headers: passedOn(incoming.headers),
      signal: gone.signal,
    })
    outgoing.writeHead(response.statusCode, passedOn(response.headers))
    outgoing.flushHeaders()
    await pipeline(response.body, outgoing)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.#agent.destroy()
  }
}

function give(outgoing: ServerResponse, reply: Reply | undefined): void {
  if (reply === undefined) return void outgoing.destroy()
  outgoing.writeHead(reply.status, { ...reply.headers, 'content-length': String(Buffer.byteLength(reply.body)) })
  if (reply.cutAt === undefined) return void outgoing.end(reply.body)
  outgoing.write(Buffer.from(reply.body).subarray(0, reply.cutAt), () => outgoing.destroy())
}
