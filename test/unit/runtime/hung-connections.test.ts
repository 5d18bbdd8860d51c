// One answer that never comes, for each kind of call that a running operator makes, with the real client on real connections: the lease is
// kept, and the work goes on.
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { KubeClient } from '../../../src/kube/client.ts'
import { eventRoute, leaseRoute, requestRoute } from '../../../src/kube/route.ts'
import type { Route } from '../../../src/kube/route.ts'
import { jobs, pods, secrets } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { NotFound } from '../../../src/errors.ts'
import { watchOf } from '../../../src/runtime/cache/cache.ts'
import type { Lease } from '../../../src/runtime/lease.ts'
import { Manager } from '../../../src/runtime/manager.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { HttpCluster } from '../../support/runtime/http-cluster.ts'
import type { Asked } from '../../support/runtime/http-cluster.ts'
import { recordingLogger } from '../../support/runtime/log.ts'

vi.setConfig({ testTimeout: 240_000, maxConcurrency: 20 })

/** A fifth of the usual times. */
const timing = { leaseMs: 3000, renewMs: 2000, retryMs: 400 }
const shorter = ({ pool, withinMs: { read, list, write, watch } }: Route, by: number): Route => ({
  pool,
  withinMs: { read: read / by, list: list / by, write: write / by, watch: watch / by },
})

const things: Resource = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' }
interface Thing extends KubeObject {
  readonly wanted: number
  readonly status?: { readonly done: number }
}
const ref = { namespace: 'shop', name: 'one' }

/** An operator whose passes make each call that ours make. */
class Operator implements AsyncDisposable {
  readonly cluster: HttpCluster
  readonly manager: Manager
  readonly #clients: ReturnType<typeof clientsOf>
  readonly #stop = new AbortController()
  readonly #running: Promise<unknown>
  #ended: unknown = 'it runs'

  private constructor(cluster: HttpCluster) {
    this.cluster = cluster
    const clients = clientsOf(cluster)
    this.#clients = clients
    this.manager = new Manager({
      clients,
      namespaces: [],
      identity: 'we',
      lease: { namespace: 'system', name: 'operator' },
      timing,
      address: { host: '127.0.0.1', port: 0 },
      logger: recordingLogger().logger,
      metrics: new Metrics('test'),
    })
    const cache = this.manager.cache<Thing>(things)
    this.manager.addController({
      name: 'thing',
      kind: 'Thing',
      reconcile: async (key) => {
        const thing = cache.store.get(key)
        if (thing !== undefined && thing.status?.done !== thing.wanted) await this.#pass(thing)
        return {}
      },
      watches: [watchOf(cache, ({ metadata }) => [`${metadata.namespace}/${metadata.name}`])],
      all: () => cache.store.keys(),
      workers: 2,
    })
    this.#running = this.manager.run(this.#stop.signal).then(
      () => (this.#ended = 'well'),
      (error: unknown) => (this.#ended = error),
    )
  }

  static async start(before: (cluster: HttpCluster) => void = () => undefined): Promise<Operator> {
    const cluster = await HttpCluster.start()
    cluster.put('pods', { metadata: ref })
    cluster.put('secrets', { metadata: ref })
    before(cluster)
    const operator = new Operator(cluster)
    operator.want(1)
    return operator
  }

  want(wanted: number): void {
    this.cluster.put('things', { ...this.thing, metadata: ref, wanted } as Thing)
  }

  get thing(): Thing | undefined {
    return this.cluster.all<Thing>('things')[0]
  }

  get lease(): Lease | undefined {
    return this.cluster.all<Lease>('leases')[0]
  }

  /** Until what is wanted is done, and this Event has come. */
  async done(wanted: number): Promise<void> {
    await eventually(
      `pass ${wanted}`,
      () => {
        if (this.#ended !== 'it runs') throw this.#ended
        const isTold = this.cluster
          .all<KubeObject & { message: string }>('events')
          .some((event) => event.message === `${wanted}`)
        return Promise.resolve(this.thing?.status?.done === wanted && isTold ? true : undefined)
      },
      { timeoutMs: 20_000 },
    )
  }

  async #pass(thing: Thing): Promise<void> {
    const { requests } = this.#clients
    await requests.get(pods, ref)
    await requests.get(secrets, ref)
    const made = await requests.listAll(jobs, { namespace: ref.namespace })
    if (made.length === 0) await requests.create(jobs, { metadata: ref })
    await requests.patch(things, ref, { type: 'merge', body: { metadata: { finalizers: [String(thing.wanted)] } } })
    await requests.delete(jobs, ref).catch((error: unknown) => {
      if (!(error instanceof NotFound)) throw error
    })
    const current = await requests.get<Thing>(things, ref)
    await requests.updateStatus<Thing>(things, { ...current, status: { done: thing.wanted } })
    this.manager.events.record(thing, { type: 'Normal', reason: 'Done', message: String(thing.wanted) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#clients.requests.close()
    await this.cluster[Symbol.asyncDispose]()
  }
}

function clientsOf(cluster: HttpCluster): Record<'caches' | 'requests' | 'lease' | 'events', KubeClient> {
  const requests = shorter(requestRoute, 20)
  return cluster.clients({ caches: requests, requests, lease: shorter(leaseRoute, 5), events: shorter(eventRoute, 5) })
}

const is =
  (verb: Asked['verb'], resource: string) =>
  (asked: Asked): boolean =>
    asked.verb === verb && asked.resource === resource

interface Fault {
  readonly call: string
  readonly matches: (asked: Asked) => boolean
  /** What makes the operator call. */
  readonly cause?: (cluster: HttpCluster) => void
}

const faults: readonly Fault[] = [
  { call: 'get of the Lease', matches: is('get', 'leases') },
  { call: 'update of the Lease', matches: is('update', 'leases') },
  {
    call: 'list of a cache',
    matches: is('list', 'things'),
    cause: (cluster) => cluster.endWatches('things', { gone: true }),
  },
  { call: 'watch of a cache', matches: is('watch', 'things'), cause: (cluster) => cluster.endWatches('things') },
  { call: 'get of a Pod', matches: is('get', 'pods') },
  { call: 'get of a Secret', matches: is('get', 'secrets') },
  { call: 'list of Jobs', matches: is('list', 'jobs') },
  { call: 'create of a Job', matches: is('create', 'jobs') },
  { call: 'delete of a Job', matches: is('delete', 'jobs') },
  { call: 'patch', matches: is('patch', 'things') },
  { call: 'update of a status', matches: is('update', 'things') },
  { call: 'create of an Event', matches: is('create', 'events') },
]

describe.concurrent('one call of a leader that is never answered', () => {
  test.each(faults)(
    '$call: it leads on, its work is done, and that connection is given up',
    async ({ matches, cause }) => {
      await using operator = await Operator.start()
      await operator.done(1)
      const { hung } = operator.cluster
      operator.cluster.swallow(matches)
      cause?.(operator.cluster)
      operator.want(2)
      await eventually('the call', () => Promise.resolve(hung[0]), { timeoutMs: 10_000 })
      operator.want(3)
      await operator.done(3)
      // A whole term after the last renewal before it.
      await pause(timing.renewMs)
      operator.want(4)
      await operator.done(4)
      expect(operator.lease?.spec).toMatchObject({ holderIdentity: 'we', leaseTransitions: 0 })
      expect(hung.map(({ destroyed }) => destroyed)).toEqual([true])
    },
  )
})

describe.concurrent('a standby', () => {
  const foreign = { leaseDurationSeconds: 1, holderIdentity: 'other', renewTime: '2030-01-01T00:00:00.000000Z' }
  const held = (cluster: HttpCluster): void =>
    void cluster.put('leases', { metadata: { namespace: 'system', name: 'operator' }, spec: foreign } as Lease)

  test.each<[Asked['verb']]>([['get'], ['watch'], ['update']])(
    'whose %s of the Lease is never answered leads all the same',
    async (verb) => {
      await using operator = await Operator.start((cluster) => {
        held(cluster)
        cluster.swallow(is(verb, 'leases'))
      })
      await operator.done(1)
      expect(operator.cluster.hung.length).toBe(1)
      expect(operator.lease?.spec).toMatchObject({ holderIdentity: 'we' })
    },
  )
})

describe.concurrent('a leader that is asked to stop', () => {
  test.each<[Asked['verb']]>([['get'], ['update']])(
    'gives the lease back, although its first %s for that is never answered',
    async (verb) => {
      const operator = await Operator.start()
      await operator.done(1)
      operator.cluster.swallow(is(verb, 'leases'))
      await operator[Symbol.asyncDispose]()
      expect(operator.cluster.hung.length).toBe(1)
      expect(operator.lease?.spec?.holderIdentity).toBe('')
    },
  )
})

test('Events that are never answered hold up neither the lease nor the work', async () => {
  await using operator = await Operator.start()
  await operator.done(1)
  operator.cluster.swallow(is('create', 'events'), { always: true })
  for (let nth = 0; nth < 40; nth++)
    operator.manager.events.record(
      { metadata: { ...ref, uid: String(nth) } },
      { type: 'Normal', reason: 'R', message: 'm' },
    )
  await pause(timing.renewMs)
  operator.want(2)
  await eventually('the pass', () => Promise.resolve(operator.thing?.status?.done === 2 ? true : undefined), {
    timeoutMs: 5000,
  })
  expect(operator.lease?.spec).toMatchObject({ holderIdentity: 'we', leaseTransitions: 0 })
})
