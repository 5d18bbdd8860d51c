// Takes the place of undici in a simulation: every request of the operator comes by here, is under way for some virtual time, is counted,
// and ends at a modelled host. Use: vi.mock('undici', async () => (await import('…/network/undici.ts')).undici)
import { AsyncLocalStorage } from 'node:async_hooks'
import type { VirtualTime } from '../../runtime/virtual-time.ts'
import { forgetDeadline } from './clock.ts'

export interface Request {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly signal: AbortSignal | undefined
}

export interface Reply {
  readonly status: number
  /** A stream goes on until it is over. */
  readonly body: string | AsyncIterable<string>
  readonly headers?: Readonly<Record<string, string>>
}

/** Swallowed: the connection is not even opened, or it is and no reply comes. */
export type Answer = Reply | 'NoConnection' | 'NoReply'

/** What answers for a part of the addresses. */
export interface Host {
  /** Of the address, the port left out. */
  readonly serves: (hostname: string) => boolean
  readonly answer: (request: Request) => Answer
  readonly latencyMs: { readonly least: number; readonly most: number }
  readonly traffic: { count(nowMs: number): void }
}

/** A process: what runs in it has no network any more once it is killed, and hears of nothing. */
export interface Process {
  isAlive: boolean
}
export const processes = new AsyncLocalStorage<Process>()

interface Network {
  readonly time: VirtualTime
  readonly hosts: readonly Host[]
}
let network: Network | undefined

/** Until disposed. One at a time: the module that is mocked is one. */
export function openNetwork(opened: Network): Disposable {
  network = opened
  return { [Symbol.dispose]: () => (network = undefined) }
}

class Body {
  readonly #content: Reply['body']

  constructor(content: Reply['body']) {
    this.#content = content
  }

  async text(): Promise<string> {
    if (typeof this.#content === 'string') return this.#content
    let text = ''
    for await (const piece of this.#content) text += piece
    return text
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    if (typeof this.#content === 'string') yield Buffer.from(this.#content)
    else for await (const piece of this.#content) yield Buffer.from(piece)
  }

  destroy(): this {
    return this
  }
}

class Agent {
  readonly connectMs: number

  constructor({ connect }: { connect?: { timeout?: number } } = {}) {
    this.connectMs = connect?.timeout ?? 10_000
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  destroy(): Promise<void> {
    return Promise.resolve()
  }
}

interface Options {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  readonly dispatcher?: Partial<Agent>
}

/** Asked anew: it may be killed at any time. */
const isAlive = (process: Process): boolean => process.isAlive
const never = new Promise<never>(() => undefined)

async function request(target: URL | string, options: Options = {}): Promise<unknown> {
  if (network === undefined) throw new Error('no simulated network is open')
  const { time, hosts } = network
  const process = processes.getStore()
  const url = typeof target === 'string' ? new URL(target) : target
  const host = hosts.find(({ serves }) => serves(url.hostname))
  if (host === undefined) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${url.hostname}`), { code: 'ENOTFOUND' })
  if (process !== undefined && !isAlive(process)) return await never
  const { method = 'GET', headers = {}, body, signal } = options
  signal?.throwIfAborted()
  host.traffic.count(time.now())
  const { least, most } = host.latencyMs
  await travel(time, least + Math.floor(time.random() * (most - least + 1)), signal)
  const answer = host.answer({ method, url, headers, body, signal })
  if (typeof answer === 'string')
    return await swallow(
      time,
      signal,
      answer === 'NoConnection' ? (options.dispatcher?.connectMs ?? 10_000) : undefined,
    )
  forgetDeadline(signal)
  // It arrived, and its reply finds nobody.
  if (process !== undefined && !isAlive(process)) return await never
  return { statusCode: answer.status, headers: answer.headers ?? {}, body: new Body(answer.body) }
}

async function travel(time: VirtualTime, latencyMs: number, signal: AbortSignal | undefined): Promise<void> {
  await time.pause(latencyMs, signal)
  signal?.throwIfAborted()
}

async function swallow(
  time: VirtualTime,
  signal: AbortSignal | undefined,
  connectMs: number | undefined,
): Promise<never> {
  await time.pause(connectMs ?? 300_000, signal)
  forgetDeadline(signal)
  signal?.throwIfAborted()
  throw Object.assign(new Error('Connect Timeout Error'), {
    name: 'ConnectTimeoutError',
    code: 'UND_ERR_CONNECT_TIMEOUT',
  })
}

/** In place of the module. */
export const undici = { Agent, Pool: Agent, ProxyAgent: Agent, EnvHttpProxyAgent: Agent, request }
