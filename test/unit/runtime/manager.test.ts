import { Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Cache, watchOf } from '../../../src/runtime/cache/cache.ts'
import { Manager } from '../../../src/runtime/manager.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import type { Thing } from '../../support/runtime/fake-api-server.ts'
import { FakeCluster } from '../../support/runtime/fake-cluster.ts'
import { request } from '../../support/runtime/http.ts'
import { recordingLogger } from '../../support/runtime/log.ts'
import { VirtualTime } from '../../support/runtime/virtual-time.ts'

vi.setConfig({ testTimeout: 240_000 })

const second = 1000
const minute = 60 * second
const lease = { namespace: 'system', name: 'operator' }
const things = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' }

interface Situation {
  readonly before?: (cluster: FakeCluster) => void
  readonly reconcileMs?: number
  readonly namespaces?: readonly string[]
}

/** A manager with one controller of things, in a cluster in which two things are there. */
class Operator implements AsyncDisposable {
  readonly time = new VirtualTime()
  /** Before all else: metrics that begin on one clock and are read on another turn through all the years between. */
  readonly #rule = this.time.rule()
  readonly cluster = new FakeCluster(this.time)
  readonly metrics = new Metrics('test')
  readonly manager: Manager
  readonly begun: string[] = []
  readonly done: string[] = []
  /** How often keys were looked for. */
  asked = 0
  readonly port: () => number
  /** What `run` ended with. */
  ended: 'well' | Error | undefined
  readonly #stop = new AbortController()
  readonly #addresses = vi.spyOn(Server.prototype, 'address')

  constructor({ before = (): void => undefined, reconcileMs = 0, namespaces = [] }: Situation = {}) {
    const { cluster, metrics, time } = this
    for (const name of ['one', 'two']) cluster.write('a', name)
    before(cluster)
    this.port = (): number => (this.#addresses.mock.results.at(-1)!.value as AddressInfo).port
    this.manager = new Manager({
      clients: { caches: cluster, lease: cluster, events: cluster },
      namespaces,
      identity: 'we',
      lease,
      address: { host: '127.0.0.1', port: 0 },
      logger: recordingLogger().logger,
      metrics,
    })
    const cache = this.manager.cache<Thing>(things)
    const reconcile = async (key: string): Promise<object> => {
      this.begun.push(key)
      if (reconcileMs > 0) await time.pause(reconcileMs)
      this.done.push(key)
      return {}
    }
    const keysOf = ({ metadata }: Thing): string[] => {
      this.asked++
      return [`${metadata.namespace}/${metadata.name}`]
    }
    this.manager.addController({
      name: 'things',
      kind: 'Thing',
      reconcile,
      watches: [watchOf(cache, keysOf)],
      all: () => cache.store.keys(),
      workers: 2,
    })
  }

  /** Until it serves its probes; no time goes by. */
  async start(): Promise<this> {
    void this.manager.run(this.#stop.signal).then(
      () => (this.ended = 'well'),
      (error: unknown) => (this.ended = error as Error),
    )
    await this.time.turnUntil('the caches are being filled', () => this.cluster.requests > 0)
    return this
  }

  static async startLeading(situation?: Situation): Promise<Operator> {
    const operator = await new Operator(situation).start()
    await operator.time.advance(second)
    expect(operator.manager.elector.isHeld()).toBe(true)
    return operator
  }

  stop(): void {
    this.#stop.abort()
  }

  /** Until the lease is, or is not, held for sure. */
  async until(isHeld: boolean): Promise<void> {
    for (let times = 0; times < 1000 && this.manager.elector.isHeld() !== isHeld; times++) await this.time.advance(50)
    expect(this.manager.elector.isHeld()).toBe(isHeld)
  }

  /** Resolves when `run` has ended; the time stands still. */
  async end(): Promise<void> {
    await this.time.turnUntil('run has ended', () => this.ended !== undefined)
  }

  async readiness(): Promise<number> {
    return (await request(this.port(), '/readyz')).status
  }

  get holder(): string | undefined {
    return this.cluster.keeper.lease?.spec?.holderIdentity
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    await this.time.advance(10 * minute)
    await this.end()
    this.#addresses.mockRestore()
    this.#rule[Symbol.dispose]()
  }
}

/** Another operator, which is gone already. */
function foreignLease({ keeper }: FakeCluster): void {
  keeper.create({
    metadata: lease,
    spec: { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '2030-01-01T00:00:00.000000Z' },
  })
}

describe('watching', () => {
  const aThing = (group: string): KubeObject => ({ metadata: { name: 'thing', labels: { group } } })
  const groupOf = ({ metadata }: KubeObject): string[] =>
    metadata.labels === undefined ? [] : Object.values(metadata.labels)

  test.each([
    { what: 'came', previous: undefined, current: aThing('new'), keys: ['new'] },
    { what: 'went', previous: aThing('old'), current: undefined, keys: ['old'] },
    { what: 'moved from one group to another', previous: aThing('old'), current: aThing('new'), keys: ['old', 'new'] },
    { what: 'changed in its group', previous: aThing('old'), current: aThing('old'), keys: ['old'] },
  ])('an object that $what concerns the groups it was in and is in, each once', ({ previous, current, keys }) => {
    const cache = new Cache()
    const added: string[] = []
    watchOf(cache, groupOf)((key) => added.push(key))
    cache.announce({ previous, current })
    expect(added).toEqual(keys)
  })
})

describe('an operator that begins', () => {
  test('is alive before its caches are filled, and ready after', async () => {
    await using operator = await new Operator().start()
    expect((await request(operator.port(), '/healthz')).status).toBe(200)
    expect(await operator.readiness()).toBe(503)
    await operator.time.advance(minute)
    expect(await operator.readiness()).toBe(200)
  })

  test('reconciles all that is there once it leads', async () => {
    await using operator = await Operator.startLeading()
    expect(operator.done).toEqual(['a/one', 'a/two'])
    expect(operator.holder).toBe('we')
    expect(await operator.metrics.registry.metrics()).toContain('meili_operator_leader 1')
  })

  test('in some namespaces sees nothing of the others', async () => {
    await using operator = await Operator.startLeading({
      namespaces: ['b', 'c'],
      before: (cluster) => void cluster.write('b', 'three'),
    })
    operator.cluster.write('a', 'one')
    operator.cluster.write('c', 'four')
    await operator.time.advance(minute)
    expect(operator.done).toEqual(['b/three', 'c/four'])
  })

  test('is asked to stop before its caches are filled, ends, and was never ready', async () => {
    await using operator = await new Operator().start()
    operator.stop()
    expect(await operator.readiness()).toBe(503)
    await operator.time.advance(second)
    await operator.end()
    expect(operator.ended).toBe('well')
    expect(operator.holder).toBeUndefined()
  })
})

describe('a standby', () => {
  test('is ready and reconciles nothing; all that is there when it leads, once', async () => {
    await using operator = await new Operator({ before: foreignLease }).start()
    await operator.time.advance(10 * second)
    operator.cluster.write('a', 'three')
    operator.cluster.write('a', 'one')
    operator.cluster.remove('a', 'two')
    await operator.time.advance(second)
    expect(await operator.readiness()).toBe(200)
    expect(operator.begun).toEqual([])
    expect(operator.asked).toBe(0)
    await operator.time.advance(10 * second)
    expect(operator.done.toSorted()).toEqual(['a/one', 'a/three'])
  })

  test('that is asked to stop ends and leaves the lease alone', async () => {
    await using operator = await new Operator({ before: foreignLease }).start()
    await operator.time.advance(5 * second)
    operator.stop()
    await operator.time.advance(second)
    await operator.end()
    expect(operator.ended).toBe('well')
    expect(operator.holder).toBe('other')
  })

  test('that is asked to stop in the moment in which it gets the lease gives it back', async () => {
    await using operator = await new Operator().start()
    operator.cluster.leaseMs = second
    await operator.time.advance(1500)
    operator.stop()
    await operator.time.advance(5 * second)
    await operator.end()
    expect(operator.holder).toBe('')
    expect(operator.begun).toEqual([])
  })
})

describe('a leader', () => {
  test('reconciles what comes, changes and goes', async () => {
    await using operator = await Operator.startLeading()
    operator.done.length = 0
    operator.cluster.write('a', 'three')
    await operator.time.advance(second)
    operator.cluster.write('a', 'one')
    await operator.time.advance(second)
    operator.cluster.remove('a', 'two')
    await operator.time.advance(second)
    expect(operator.done).toEqual(['a/three', 'a/one', 'a/two'])
  })

  test('ends when its renewal is late, at the time from which on another one may lead, whatever is still under way', async () => {
    await using operator = await Operator.startLeading()
    operator.cluster.leaseMs = 600
    await operator.time.advance(20 * second)
    operator.done.length = 0
    operator.cluster.leaseMs = 3900
    await operator.until(false)
    operator.cluster.write('a', 'late')
    await operator.time.advance(second)
    expect(operator.ended).toMatchObject({ name: 'LeaseLost' })
    expect(operator.done).toEqual([])
  })

  test('that is asked to stop ends what it does, begins nothing, gives the lease back and closes its port', async () => {
    await using operator = await Operator.startLeading({ reconcileMs: 5 * second })
    operator.cluster.write('a', 'three')
    await operator.time.advance(second)
    operator.stop()
    await operator.time.advance(2 * second)
    expect(operator.holder).toBe('we')
    await operator.time.advance(3 * second)
    await operator.end()
    expect(operator.ended).toBe('well')
    expect(operator.begun).toEqual(['a/one', 'a/two'])
    expect(operator.done).toEqual(['a/one', 'a/two'])
    expect(operator.holder).toBe('')
    expect(await operator.metrics.registry.metrics()).toContain('meili_operator_leader 0')
    await expect(operator.readiness()).rejects.toThrow('ECONNREFUSED')
  })

  test('that is asked to stop sends the Events that are on their way', async () => {
    await using operator = await Operator.startLeading()
    operator.cluster.leaseMs = 3 * second
    operator.manager.events.record(
      { metadata: { namespace: 'a', name: 'one' } },
      { type: 'Normal', reason: 'Stored', message: 'It is stored.' },
    )
    operator.cluster.leaseMs = 10
    operator.stop()
    await operator.time.advance(2 * second)
    expect(operator.ended).toBeUndefined()
    await operator.time.advance(second)
    await operator.end()
    expect(operator.cluster.events).toMatchObject([{ reason: 'Stored' }])
  })

  test('whose reconcile never ends is gone after 20 s all the same', async () => {
    await using operator = await Operator.startLeading({ reconcileMs: 10 * minute })
    operator.stop()
    await operator.time.advance(19 * second)
    expect(operator.ended).toBeUndefined()
    await operator.time.advance(2 * second)
    await operator.end()
    expect(operator.ended).toBe('well')
  })

  test('that loses the lease ends with an error, reconciles no more, and leaves the lease to the other', async () => {
    await using operator = await Operator.startLeading()
    const { keeper } = operator.cluster
    keeper.update({ ...keeper.get(), spec: { holderIdentity: 'other', leaseDurationSeconds: 15 } })
    await operator.time.advance(3 * second)
    await operator.end()
    expect(operator.ended).toMatchObject({ name: 'LeaseLost' })
    operator.cluster.write('a', 'three')
    await operator.time.advance(minute)
    expect(operator.done).toEqual(['a/one', 'a/two'])
    expect(operator.holder).toBe('other')
  })
})

test('a port that is taken ends the operator before it does anything', async () => {
  await using first = await Operator.startLeading()
  const other = new Manager({
    clients: { caches: first.cluster, lease: first.cluster, events: first.cluster },
    namespaces: [],
    identity: 'second',
    lease,
    address: { host: '127.0.0.1', port: first.port() },
    logger: recordingLogger().logger,
    metrics: new Metrics('test'),
  })
  await expect(other.run(new AbortController().signal)).rejects.toThrow('EADDRINUSE')
})
