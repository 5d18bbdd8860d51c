// Managers on a real API server: one of them works, another one is ready to, and none works on without the API server's word.
import { describe, expect, test, vi } from 'vitest'
import { configMaps, leases } from '../../../src/kube/resource.ts'
import type { Lease } from '../../../src/runtime/lease.ts'
import { apiServer } from '../../support/kubernetes/api-server.ts'
import { configMap } from '../../support/kubernetes/kube-api.ts'
import { Replica } from './replica.ts'
import type { Outfit } from './replica.ts'

const api = apiServer('bare')

const second = 1000
/** As leader-election.ts has them. */
const leaseMs = 15 * second
const renewMs = 10 * second
const retryMs = 2 * second
/** For what takes no time but that of a busy machine. */
const promptMs = 2000
/** For what is awaited only: how long it takes is no matter here. */
const patience = { timeout: 20 * second }

async function createConfigMaps(names: readonly string[]): Promise<{ namespace: string; keys: string[] }> {
  const namespace = await api.namespace()
  for (const name of names) await api.kube.create(configMaps, configMap({ namespace, name }))
  return { namespace, keys: names.map((name) => `${namespace}/${name}`) }
}

const holder = async (lease: Outfit['lease']): Promise<string | undefined> =>
  (await api.kube.get<Lease>(leases, lease).catch(() => undefined))?.spec?.holderIdentity
const lastOf = (replica: Replica): number => Math.max(0, ...replica.reconciled.map(({ atMs }) => atMs))

// All side by side: most of their time is the time of leases.
describe.concurrent('two managers with one lease', () => {
  test('one works, the other is ready; asked to stop, the first gives the lease back and the second goes on at once', async () => {
    const { namespace, keys } = await createConfigMaps(['a', 'b'])
    const outfit = { lease: { namespace, name: 'lease' }, namespaces: [namespace], againMs: 50 }
    await using first = (await Replica.of(api, outfit)).start()
    await vi.waitFor(() => expect(first.keys).toEqual(keys), patience)
    expect(await holder(outfit.lease)).toBe(first.identity)

    await using standby = (await Replica.of(api, outfit)).start()
    await vi.waitFor(async () => expect(await standby.probe('/readyz')).toBe(200), patience)
    await api.kube.create(configMaps, configMap({ namespace, name: 'c' }))
    await vi.waitFor(() => expect(first.keys).toEqual([...keys, `${namespace}/c`]), patience)
    expect(standby.reconciled).toEqual([])

    const askedAt = performance.now()
    expect(await first.stop()).toEqual({ how: 'stopped' })
    expect(performance.now() - askedAt).toBeLessThan(promptMs)
    const lastOfFirst = lastOf(first)
    expect(['', standby.identity]).toContain(await holder(outfit.lease))

    await vi.waitFor(() => expect(standby.keys).toEqual([...keys, `${namespace}/c`]), patience)
    expect(standby.reconciled[0]!.atMs - askedAt, 'retryMs at most, and the way there').toBeLessThan(retryMs + promptMs)
    expect(standby.reconciled[0]!.atMs).toBeGreaterThan(lastOfFirst)
    expect(lastOf(first), 'nothing after the end').toBe(lastOfFirst)
    expect((await api.kube.get<Lease>(leases, outfit.lease)).spec).toMatchObject({
      holderIdentity: standby.identity,
      leaseTransitions: 1,
    })
  })

  test('a reconcile that runs when the word to stop comes is finished before the lease is given back', async () => {
    const { namespace } = await createConfigMaps(['a'])
    const lease = { namespace, name: 'lease' }
    const gate = Promise.withResolvers<void>()
    await using replica = (await Replica.of(api, { lease, namespaces: [namespace], takes: () => gate.promise })).start()
    await vi.waitFor(() => expect(replica.reconciled).toHaveLength(1), patience)
    const stopped = replica.stop()
    const again = async (): Promise<string | undefined> => await holder(lease)
    for (let looked = 0; looked < 5; looked++) expect(await again()).toBe(replica.identity)
    gate.resolve()
    await stopped
    expect(await again()).toBe('')
  })
})

describe.concurrent('without the API server', () => {
  test.for<[string, (replica: Replica) => Promise<void>]>([
    ['refuses', (replica) => replica.proxy.refuse()],
    ['does not answer', (replica) => Promise.resolve(replica.proxy.freeze())],
  ])(
    'that %s, a leader works no longer than its lease allows and ends with LeaseLost, and only then another one goes on',
    { timeout: 60 * second },
    async ([, lose]) => {
      const { namespace } = await createConfigMaps(['a'])
      const outfit = { lease: { namespace, name: 'lease' }, namespaces: [namespace], againMs: 50 }
      await using first = (await Replica.of(api, outfit)).start()
      await vi.waitFor(() => expect(first.reconciled.length).toBeGreaterThan(2), patience)
      await using standby = (await Replica.of(api, outfit)).start()
      await vi.waitFor(async () => expect(await standby.probe('/readyz')).toBe(200), patience)

      await lose(first)
      const lost = performance.now()
      expect(await first.ended).toMatchObject({ how: 'failed', error: { name: 'LeaseLost' } })
      expect(lastOf(first) - lost).toBeLessThan(renewMs + promptMs)
      expect(lastOf(first) - lost, 'a short failure is sat out').toBeGreaterThan(renewMs - retryMs - promptMs)
      expect(await first.probe('/healthz'), 'it has ended').toBe(0)

      await vi.waitFor(() => expect(standby.reconciled.length).toBeGreaterThan(0), { timeout: leaseMs })
      expect(standby.reconciled[0]!.atMs).toBeGreaterThan(lastOf(first))
      expect(standby.reconciled[0]!.atMs - lost).toBeLessThan(leaseMs + 2 * retryMs + promptMs)
    },
  )

  test('for a moment, a leader goes on leading', async () => {
    const { namespace } = await createConfigMaps(['a'])
    const lease = { namespace, name: 'lease' }
    await using replica = (await Replica.of(api, { lease, namespaces: [namespace] })).start()
    await vi.waitFor(() => expect(replica.reconciled).toHaveLength(1), patience)
    const readRenewTime = async (): Promise<string | undefined> =>
      (await api.kube.get<Lease>(leases, lease)).spec?.renewTime
    const before = await readRenewTime()
    await replica.proxy.refuse()
    await vi.waitFor(() => expect(replica.warnings).toContain('the lease could not be read or written'), patience)
    await replica.proxy.accept()
    await vi.waitFor(async () => expect(await readRenewTime()).not.toBe(before), patience)
    await api.kube.create(configMaps, configMap({ namespace, name: 'later' }))
    await vi.waitFor(() => expect(replica.keys).toContain(`${namespace}/later`), patience)
    expect(await holder(lease)).toBe(replica.identity)
  })

  test('that is silent, a leader that is asked to stop ends in less than the 30 s of its pod', async () => {
    const { namespace } = await createConfigMaps(['a'])
    await using replica = (
      await Replica.of(api, { lease: { namespace, name: 'lease' }, namespaces: [namespace] })
    ).start()
    await vi.waitFor(() => expect(replica.reconciled).toHaveLength(1), patience)
    replica.proxy.freeze()
    const askedAt = performance.now()
    expect(await replica.stop()).toEqual({ how: 'stopped' })
    expect(performance.now() - askedAt).toBeLessThan(10 * second)
  })

  test('that was silent from the start, a replica that is asked to stop ends soon, and is not ready in the meantime', async () => {
    const { namespace } = await createConfigMaps([])
    await using replica = await Replica.of(api, { lease: { namespace, name: 'lease' }, namespaces: [namespace] })
    replica.proxy.freeze()
    replica.start()
    await vi.waitFor(async () => expect(await replica.probe('/healthz')).toBe(200), patience)
    const askedAt = performance.now()
    const stopped = replica.stop()
    expect(await replica.probe('/readyz')).not.toBe(200)
    expect(await stopped).toEqual({ how: 'stopped' })
    expect(performance.now() - askedAt).toBeLessThan(10 * second)
  })
})

describe.concurrent('a lease', () => {
  test('that somebody else has taken by force ends the leader, and stays with whoever took it', async () => {
    const { namespace } = await createConfigMaps(['a'])
    const lease = { namespace, name: 'lease' }
    await using replica = (await Replica.of(api, { lease, namespaces: [namespace] })).start()
    await vi.waitFor(() => expect(replica.reconciled).toHaveLength(1), patience)
    await api.kube.patch(leases, lease, { type: 'merge', body: { spec: { holderIdentity: 'somebody else' } } })
    expect(await replica.ended).toMatchObject({ how: 'failed', error: { name: 'LeaseLost' } })
    expect(await holder(lease)).toBe('somebody else')
  })

  test('that is won in the moment of the word to stop is given back', async () => {
    const { namespace } = await createConfigMaps([])
    const lease = { namespace, name: 'lease' }
    let stopped: Promise<unknown> | undefined
    await using replica = await Replica.of(api, {
      lease,
      namespaces: [namespace],
      made: (resource) => void (stopped = resource.plural === leases.plural ? replica.stop() : stopped),
    })
    replica.start()
    await vi.waitFor(() => expect(stopped).toBeDefined(), patience)
    expect(await stopped).toEqual({ how: 'stopped' })
    expect(await holder(lease)).toBe('')
  })
})

describe.concurrent('WATCH_NAMESPACES', () => {
  test('bounds what is seen and what is worked on', async () => {
    const [one, two, foreign] = [
      await createConfigMaps(['a']),
      await createConfigMaps(['b']),
      await createConfigMaps(['c']),
    ]
    await using replica = (
      await Replica.of(api, {
        lease: { namespace: one.namespace, name: 'lease' },
        namespaces: [one.namespace, two.namespace],
      })
    ).start()
    await vi.waitFor(() => expect(replica.keys).toEqual([...one.keys, ...two.keys].toSorted()), patience)
    for (const { namespace } of [foreign, one, two])
      await api.kube.create(configMaps, configMap({ namespace, name: 'later' }))
    await vi.waitFor(
      () =>
        expect(replica.keys).toEqual(
          [...one.keys, ...two.keys, `${one.namespace}/later`, `${two.namespace}/later`].toSorted(),
        ),
      patience,
    )
  })

  test('empty, everything with the label is worked on, wherever it lives', async () => {
    const label = api.name('mine')
    const [one, two] = [await createConfigMaps(['not-mine']), await createConfigMaps([])]
    await using replica = (
      await Replica.of(api, { lease: { namespace: one.namespace, name: 'lease' }, labelSelector: label })
    ).start()
    for (const { namespace } of [one, two])
      await api.kube.create(configMaps, configMap({ namespace, name: 'mine', labels: { [label]: '' } }))
    await vi.waitFor(
      () => expect(replica.keys).toEqual([`${one.namespace}/mine`, `${two.namespace}/mine`].toSorted()),
      patience,
    )
  })
})

describe.concurrent('a manager that starts', () => {
  test('before the API server lives, is not ready, and begins when it comes', async () => {
    const { namespace, keys } = await createConfigMaps(['a'])
    await using replica = await Replica.of(api, { lease: { namespace, name: 'lease' }, namespaces: [namespace] })
    await replica.proxy.refuse()
    replica.start()
    await vi.waitFor(async () => expect(await replica.probe('/healthz')).toBe(200), patience)
    expect(await replica.probe('/readyz')).toBe(503)
    await replica.proxy.accept()
    await vi.waitFor(() => expect(replica.keys).toEqual(keys), patience)
    expect(await replica.probe('/readyz')).toBe(200)
  })

  test('and is asked to stop before the API server came, stops at once and never was ready', async () => {
    const { namespace } = await createConfigMaps([])
    await using replica = await Replica.of(api, { lease: { namespace, name: 'lease' }, namespaces: [namespace] })
    await replica.proxy.refuse()
    replica.start()
    await vi.waitFor(async () => expect(await replica.probe('/healthz')).toBe(200), patience)
    const askedAt = performance.now()
    expect(await replica.stop()).toEqual({ how: 'stopped' })
    expect(performance.now() - askedAt).toBeLessThan(promptMs)
    expect(await holder({ namespace, name: 'lease' })).toBeUndefined()
  })
})
