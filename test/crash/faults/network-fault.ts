// A network fault between an operator and a server: every kind of call meets it once or twice, watches included, and then all is well again.
import { setTimeout as pause } from 'node:timers/promises'
import type { Call, Forward, Guard, Reply } from '../fixture/http-proxy.ts'

/** `410` is about watches alone: the API server has forgotten where the watcher stood. */
export const networkFaultKinds = ['delay', 'reset', 'half-open', '429', '500', 'cut body', '410'] as const
export type Kind = (typeof networkFaultKinds)[number]

const delayMs = 2000

/** What meets it where calls hang: each costs its whole deadline. */
const worthHanging: ReadonlySet<string> = new Set([
  'PUT meilisnapshots NAME/status',
  'POST jobs',
  'WATCH meilisnapshots',
  'POST /snapshots',
  'GET /tasks',
])

/** An operator gives up its lease, and ends, when it was not renewed for 10 s: that is right, and tried elsewhere. After a POST /snapshots without a reply its task is looked for during 30 s. */
const seldom = /leases|POST \/snapshots/

/** How often a kind of call meets it. */
const timesOf = (kind: Kind, call: string): number => (kind === 'half-open' || seldom.test(call) ? 1 : 2)

function refusal(code: number, reason: string, headers: Record<string, string> = {}): Reply {
  const message = 'made up by the test'
  const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message })
  return { status: code, headers: { 'content-type': 'application/json', ...headers }, body }
}

const answers: Readonly<Partial<Record<Kind, Reply>>> = {
  429: refusal(429, 'TooManyRequests', { 'retry-after': '1' }),
  500: refusal(500, 'InternalError'),
}

const expiredEvent = JSON.stringify({
  type: 'ERROR',
  object: {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'Expired',
    code: 410,
    message: 'too old resource version',
  },
})

/** Method and path without names and query: `PUT meilisnapshots/status`, `GET /tasks`. */
export function kindOf({
  method,
  path,
  isWatch,
}: Pick<Call, 'method' | 'path'> & { readonly isWatch: boolean }): string {
  const { pathname } = new URL(path, 'http://any')
  const [, resource, named, subresource] =
    /^\/(?:api|apis\/[^/]+)\/v\w+\/(?:namespaces\/[^/]+\/)?([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(pathname) ?? []
  const what =
    resource === undefined
      ? pathname.replace(/\/\d+$/, '/N')
      : `${resource}${named === undefined ? '' : ' NAME'}${subresource === undefined ? '' : `/${subresource}`}`
  return `${isWatch ? 'WATCH' : method} ${what}`
}

export class NetworkFault {
  readonly #kind: Kind
  readonly #hits = new Map<string, number>()
  #swallowedPosts = 0

  constructor(kind: Kind) {
    this.#kind = kind
  }

  /** What was hit, and how often. */
  get hits(): ReadonlyMap<string, number> {
    return this.#hits
  }

  /** POST /snapshots that never came to the server: each is counted on record, and another one follows. */
  get swallowedPosts(): number {
    return this.#swallowedPosts
  }

  readonly around =
    (guard: Guard): Guard =>
    async (call, forward) => {
      const through: Forward = async () =>
        (await guard(call, forward)) ?? Promise.reject(new Error('the connection broke'))
      if (!this.#applies(call)) return await guard(call, forward)
      if (this.#kind === 'cut body') return cutInHalf(await through())
      if (this.#kind === 'delay') {
        await pause(delayMs)
        return await through()
      }
      if (call.method === 'POST' && call.path === '/snapshots') this.#swallowedPosts += 1
      return this.#kind === 'half-open' ? await silence() : answers[this.#kind]
    }

  /** What a watch gets instead of its stream; undefined: the stream. */
  readonly watch = async (call: Pick<Call, 'method' | 'path'>): Promise<Reply | 'break' | undefined> => {
    if (!this.#applies({ ...call, isWatch: true })) return undefined
    if (this.#kind === 'half-open') return await silence()
    if (this.#kind === '410')
      return { status: 200, headers: { 'content-type': 'application/json' }, body: `${expiredEvent}\n` }
    if (this.#kind === 'delay') await pause(delayMs)
    if (this.#kind === 'cut body')
      return cutInHalf({ status: 200, headers: { 'content-type': 'application/json' }, body: `${expiredEvent}\n` })
    return this.#kind === 'delay' ? undefined : (answers[this.#kind] ?? 'break')
  }

  #applies(call: Pick<Call, 'method' | 'path'> & { readonly isWatch?: boolean }): boolean {
    const kind = kindOf({ isWatch: false, ...call })
    if (this.#kind === '410' && call.isWatch !== true) return false
    if (this.#kind === 'half-open' && !worthHanging.has(kind)) return false
    const hits = this.#hits.get(kind) ?? 0
    if (hits >= timesOf(this.#kind, kind)) return false
    this.#hits.set(kind, hits + 1)
    return true
  }
}

const cutInHalf = (reply: Reply): Reply => ({ ...reply, cutAt: Math.floor(reply.body.length / 2) })

/** Taken, and never answered. */
async function silence(): Promise<never> {
  return await new Promise(() => undefined)
}
