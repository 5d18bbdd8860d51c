// A reflector on a real API server behind a bad network: whatever happens in between, in the end its store is what the server has,
// and whoever listened heard of every difference.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { KubeClient } from '../../../src/kube/client.ts'
import { configMaps } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Reflector } from '../../../src/runtime/cache/reflector.ts'
import type { Change, Source } from '../../../src/runtime/cache/reflector.ts'
import { keyOf, Store } from '../../../src/runtime/cache/store.ts'
import { compactEtcd } from '../../support/kubernetes/etcd.ts'
import { apiServer } from '../../support/kubernetes/api-server.ts'
import { configMap } from '../../support/kubernetes/kube-api.ts'
import type { ConfigMap } from '../../support/kubernetes/kube-api.ts'
import { TcpProxy } from '../../support/kubernetes/tcp-proxy.ts'

const api = apiServer('bare')
let proxy: TcpProxy
/** Speaks through the proxy. */
let kube: KubeClient
beforeAll(async () => {
  proxy = await TcpProxy.to(api.plane.server)
  kube = api.client(api.kubeconfig({ cluster: { server: proxy.url } }))
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
})

/** A running reflector, and a listener that knows only what was announced. */
class Reflection {
  readonly store: Store<ConfigMap>
  readonly announced = new Map<string, ConfigMap>()
  readonly interruptions: string[] = []
  /** Keys whose change did not begin where the one before it had ended. */
  readonly gaps: string[] = []
  /** Versions of objects that came more than once: what was read already is not read again. */
  readonly repeats: string[] = []
  readonly #versions = new Set<string>()
  readonly #reflector: Reflector<ConfigMap>
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>

  constructor(scope: Partial<Source<ConfigMap>>) {
    this.store = scope.store ?? new Store<ConfigMap>()
    this.#reflector = new Reflector<ConfigMap>({
      kube,
      resource: configMaps,
      backoff: { firstMs: 20, maxMs: 200 },
      announce: (change) => this.#hear(change),
      interrupted: (error) => this.interruptions.push(error instanceof Error ? error.constructor.name : String(error)),
      ...scope,
      store: this.store,
    })
    this.#ended = this.#reflector.run(this.#stop.signal)
  }

  get synced(): Promise<void> {
    return this.#reflector.synced
  }

  get names(): string[] {
    return this.store
      .list()
      .map(({ metadata }) => metadata.name)
      .toSorted()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }

  #hear({ previous, current }: Change<ConfigMap>): void {
    const object = (current ?? previous)!
    const key = keyOf(object)
    if (this.announced.get(key) !== previous) this.gaps.push(key)
    if (current === undefined) this.announced.delete(key)
    else this.announced.set(key, current)
    const version = current?.metadata.resourceVersion
    if (version === undefined) return
    if (this.#versions.has(version)) this.repeats.push(key)
    this.#versions.add(version)
  }
}

const running: Reflection[] = []
function startReflection(scope: Partial<Source<ConfigMap>>): Reflection {
  const reflection = new Reflection(scope)
  running.push(reflection)
  return reflection
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((reflection) => reflection.stop()))
})

/** What the server has, as a store keeps it. */
async function there(scope: { namespace: string; labelSelector?: string }): Promise<Record<string, unknown>> {
  const items = await api.kube.listAll<KubeObject & { metadata: { managedFields?: unknown } }>(configMaps, scope)
  return byKey(items.map(({ metadata: { managedFields: _, ...metadata }, ...rest }) => ({ ...rest, metadata })))
}

const byKey = (items: readonly KubeObject[]): Record<string, unknown> =>
  Object.fromEntries(items.map((item) => [keyOf(item), item]))

/** Waits until store and listener know exactly what is there. */
async function agrees(reflection: Reflection, scope: { namespace: string; labelSelector?: string }): Promise<void> {
  const expected = await there(scope)
  await expect.poll(() => byKey(reflection.store.list())).toEqual(expected)
  expect(byKey([...reflection.announced.values()])).toEqual(expected)
  expect(reflection.gaps).toEqual([])
  expect(reflection.repeats).toEqual([])
}

/** Creates, changes, relabels and deletes objects, a few at a time. */
async function storm(namespace: string, rounds: number): Promise<void> {
  const act = async (name: string, round: number): Promise<void> => {
    const ref = { namespace, name }
    const labels = { mine: round % 3 === 0 ? 'no' : 'yes' }
    const current = await api.kube.get(configMaps, ref).catch(() => undefined)
    if (current === undefined) await api.kube.create(configMaps, configMap({ ...ref, labels }, { round: `${round}` }))
    else if (round % 4 === 3) await api.kube.delete(configMaps, ref)
    else await api.kube.update(configMaps, configMap({ ...ref, labels }, { round: `${round}` }))
  }
  const writeRounds = async (index: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) await act(`o${index}-${(round * 7) % 10}`, round)
  }
  await Promise.all(Array.from({ length: 6 }, (_, index) => writeRounds(index)))
}

describe('a store', () => {
  test('is what the server has after a storm of changes', async () => {
    const namespace = await api.namespace()
    await storm(namespace, 10)
    const reflection = startReflection({ namespace })
    await storm(namespace, 30)
    await agrees(reflection, { namespace })
    expect(reflection.interruptions).toEqual([])
  })

  test('of one label follows objects that gain and lose it', async () => {
    const namespace = await api.namespace()
    const reflection = startReflection({ namespace, labelSelector: 'mine=yes' })
    await storm(namespace, 30)
    await agrees(reflection, { namespace, labelSelector: 'mine=yes' })
  })

  test('loses nothing where connections break in the middle of the storm, again and again', async () => {
    const namespace = await api.namespace()
    const reflection = startReflection({ namespace })
    await reflection.synced
    const cutting = setInterval(() => proxy.cut(), 60)
    await storm(namespace, 60)
    clearInterval(cutting)
    expect(reflection.interruptions.length).toBeGreaterThan(3)
    await agrees(reflection, { namespace })
  })

  test('goes on where the server ended the watch in good order', async () => {
    const namespace = await api.namespace()
    let watches = 0
    const reflection = startReflection({
      namespace,
      kube: {
        pages: kube.pages.bind(kube),
        watch: (resource, options) => {
          watches++
          return kube.watch(resource, { ...options, timeoutSeconds: 1 })
        },
      },
    })
    await reflection.synced
    await expect.poll(() => watches).toBeGreaterThan(2)
    await storm(namespace, 10)
    await agrees(reflection, { namespace })
    expect(reflection.interruptions).toEqual([])
  })

  test('takes from a bookmark where to go on, and nothing else', async () => {
    const namespace = await api.namespace()
    const begun: (string | undefined)[] = []
    const bookmarks: string[] = []
    const reflection = startReflection({
      namespace,
      labelSelector: 'mine=yes',
      kube: {
        pages: kube.pages.bind(kube),
        async *watch<T extends KubeObject>(...[resource, options]: Parameters<KubeClient['watch']>) {
          begun.push(options.resourceVersion)
          for await (const event of kube.watch<T>(resource, { ...options, timeoutSeconds: 4 })) {
            if (event.type === 'BOOKMARK') bookmarks.push(event.object.metadata.resourceVersion!)
            yield event
          }
        },
      },
    })
    await api.kube.create(configMaps, configMap({ namespace, name: 'ours', labels: { mine: 'yes' } }))
    await expect.poll(() => reflection.names).toEqual(['ours'])
    let others = 0
    const oneMore = async (): Promise<number> => {
      await api.kube.create(configMaps, configMap({ namespace, name: `of-others-${others++}` }))
      return bookmarks.length
    }
    await expect.poll(oneMore, { timeout: 10_000, interval: 200 }).toBeGreaterThan(0)
    proxy.cut()
    await expect.poll(() => begun.at(-1)).toBe(bookmarks.at(-1))
    await agrees(reflection, { namespace, labelSelector: 'mine=yes' })
  })

  test('holds no managedFields: half of an object, and nobody reads them', async () => {
    const namespace = await api.namespace()
    const reflection = startReflection({ namespace })
    await api.kube.create(configMaps, configMap({ namespace, name: 'listed-or-watched' }))
    await expect.poll(() => reflection.names).toEqual(['listed-or-watched'])
    expect(Object.keys(reflection.store.list()[0]!.metadata)).not.toContain('managedFields')
  })

  test('that several reflectors share has of each namespace what is there, also where one of them begins anew', async () => {
    const [first, second, foreign] = [await api.namespace(), await api.namespace(), await api.namespace()]
    const store = new Store<ConfigMap>()
    for (const namespace of [first, second, foreign])
      await api.kube.create(configMaps, configMap({ namespace, name: 'before' }))
    const stays = startReflection({ store, namespace: first })
    const goes = startReflection({ store, namespace: second })
    await Promise.all([stays.synced, goes.synced])
    await goes.stop()
    await api.kube.delete(configMaps, { namespace: second, name: 'before' })
    await api.kube.create(configMaps, configMap({ namespace: second, name: 'after' }))
    startReflection({ store, namespace: second })
    await expect.poll(() => store.keys().toSorted()).toEqual([`${first}/before`, `${second}/after`])
  })
})

describe('the first list', () => {
  test('is tried until the server is there', async () => {
    const namespace = await api.namespace()
    await api.kube.create(configMaps, configMap({ namespace, name: 'patient' }))
    await proxy.refuse()
    const reflection = startReflection({ namespace })
    await expect.poll(() => reflection.interruptions).toContain('TransientError')
    expect(reflection.store.size).toBe(0)
    await proxy.accept()
    await reflection.synced
    expect(reflection.names).toEqual(['patient'])
  })
})

describe('the end', () => {
  test.each<[string, () => Promise<void>, () => Promise<void>]>([
    ['while it watches', async () => undefined, async () => undefined], // oxlint-disable-line typescript/require-await -- both are steps of a test
    ['while it rests after a failure', () => proxy.refuse(), () => proxy.accept()],
  ])('comes at once %s', async (_, before, after) => {
    const namespace = await api.namespace()
    const reflection = startReflection({ namespace, backoff: { firstMs: 60_000, maxMs: 60_000 } })
    await reflection.synced
    await before()
    const begun = performance.now()
    await reflection.stop()
    // The rest would be a minute, and a watch takes longer.
    expect(performance.now() - begun).toBeLessThan(5000)
    await after()
  })
})

describe('an API server that is stopped and started again', () => {
  test('costs no change', async () => {
    const namespace = await api.namespace()
    await storm(namespace, 10)
    const reflection = startReflection({ namespace })
    await reflection.synced
    // Asked to stop, it would wait for its watches.
    await api.plane.stopApiServer('SIGKILL')
    await expect.poll(() => reflection.interruptions.length).toBeGreaterThan(0)
    await api.plane.startApiServer()
    await storm(namespace, 10)
    await agrees(reflection, { namespace })
  })

  test('and has forgotten where the reflector stood: it lists again, and sees what was deleted, made anew and changed meanwhile', async () => {
    const namespace = await api.namespace()
    const make = async (name: string): Promise<ConfigMap> =>
      await api.kube.create<ConfigMap>(configMaps, configMap({ namespace, name }))
    const [kept, changed, reborn] = [
      await make('kept'),
      await make('changed'),
      await make('reborn'),
      await make('deleted'),
    ]
    const reflection = startReflection({ namespace })
    await reflection.synced

    await proxy.refuse()
    for (const name of ['deleted', 'reborn']) await api.kube.delete(configMaps, { namespace, name })
    await Promise.all([make('reborn'), make('made'), api.kube.update(configMaps, { ...changed, data: { a: 'z' } })])
    await compactEtcd(api.plane.etcd)
    await api.plane.stopApiServer('SIGKILL')
    await api.plane.startApiServer()
    await proxy.accept()

    await expect.poll(() => reflection.interruptions).toContain('Gone')
    await agrees(reflection, { namespace })
    expect(reflection.names).toEqual(['changed', 'kept', 'made', 'reborn'])
    expect(reflection.announced.get(`${namespace}/reborn`)?.metadata.uid).not.toBe(reborn.metadata.uid)
    expect(reflection.announced.get(`${namespace}/kept`)?.metadata.resourceVersion, 'untouched').toBe(
      kept.metadata.resourceVersion,
    )
  })
})
