// The routes to the API server: which connections a client takes, and how long each kind of request may be under way. The lease and Events have
// connections of their own, so that neither waits behind what is not answered.
import type { RequestOptions } from 'node:https'
import { Agent, ProxyAgent } from 'undici'
import type { Dispatcher } from 'undici'
import { pause } from '../runtime/timers.ts'

/** In whole milliseconds. */
export interface Deadlines {
  readonly read: number
  readonly list: number
  readonly write: number
  /** Until a stream begins. */
  readonly watch: number
}

export interface Route {
  readonly pool: Exclude<PoolName, 'streams'>
  readonly withinMs: Deadlines
  /** Of plain requests; streams are few and long. */
  readonly limit?: RateLimit
}

/** A read is answered from memory, and a worker waits for it. A long list takes its time, and so may a webhook with a write: up to 30 s. */
export const requestRoute: Route = {
  pool: 'requests',
  withinMs: { read: 10_000, list: 30_000, write: 30_000, watch: 30_000 },
}

/** Short: of the 10 s that a term lasts, one answer that never comes must leave time for another try. */
export const leaseRoute: Route = { pool: 'lease', withinMs: { read: 3000, list: 3000, write: 3000, watch: 10_000 } }

/** What can be done without. */
export const eventRoute: Route = { pool: 'events', withinMs: { read: 5000, list: 5000, write: 5000, watch: 5000 } }

/** A token bucket: so many requests at once, and then so many a second, in the order in which they came. */
export class RateLimit {
  readonly #intervalMs: number
  readonly #burstMs: number
  readonly #waited: (seconds: number) => void
  /** When all that was let through would have been, one in each interval. */
  #dueMs = 0

  /** @param waited is told of each wait */
  constructor(
    { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
    waited: (seconds: number) => void,
  ) {
    this.#intervalMs = 1000 / perSecond
    this.#burstMs = (burst - 1) * this.#intervalMs
    this.#waited = waited
  }

  async take(): Promise<void> {
    const now = performance.now()
    const due = Math.max(now, this.#dueMs)
    this.#dueMs = due + this.#intervalMs
    const waitMs = due - this.#burstMs - now
    if (waitMs <= 0) return
    this.#waited(waitMs / 1000)
    await pause(waitMs)
  }
}

export type PoolName = 'requests' | 'streams' | 'lease' | 'events'
export type Pools = Readonly<Record<PoolName, Dispatcher>>

export type Trust = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>

interface Size {
  /** Of one reply, as text: as objects it takes several times as much. No limit for a stream: it ends with the line that is too long. */
  readonly replyBytes: number
  /** At most so many at once. */
  readonly connections?: number
  /** To connect: whoever is not through by then is given up, and the next request does not wait for him. */
  readonly connectMs: number
}

const mebibyte = 1024 * 1024

const sizes: Readonly<Record<PoolName, Size>> = {
  // A burst shares what there is.
  requests: { connections: 32, connectMs: 5000, replyBytes: 8 * mebibyte },
  // Unbounded: each watch keeps a connection for minutes, and among the others it would starve the requests.
  streams: { connectMs: 10_000, replyBytes: -1 },
  lease: { connections: 2, connectMs: 2000, replyBytes: mebibyte },
  events: { connections: 2, connectMs: 4000, replyBytes: mebibyte },
}

/** Nothing is connected before the first request. A request that is given up takes its connection along: undici sends nothing else on it. */
export function createPools(trust: Trust, proxy?: string): Pools {
  const create = ({ connections, connectMs, replyBytes }: Size): Dispatcher => {
    const options = {
      allowH2: false,
      keepAliveTimeout: 30_000,
      maxResponseSize: replyBytes,
      ...(connections === undefined ? {} : { connections }),
    }
    return proxy === undefined
      ? new Agent({ ...options, connect: { timeout: connectMs, ...trust } })
      : new ProxyAgent({ ...options, uri: proxy, proxyTunnel: true, connectTimeout: connectMs, requestTls: trust })
  }
  return {
    requests: create(sizes.requests),
    streams: create(sizes.streams),
    lease: create(sizes.lease),
    events: create(sizes.events),
  }
}

export async function destroyPools(pools: Pools): Promise<void> {
  await Promise.all(Object.values(pools).map((pool) => pool.destroy()))
}
