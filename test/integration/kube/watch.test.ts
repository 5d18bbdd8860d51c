// A watch of a real API server: what it brings, and every way in which it ends.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { WatchEvent, WatchOptions } from '../../../src/kube/reader.ts'
import { configMaps } from '../../../src/kube/resource.ts'
import type { Resource } from '../../../src/kube/resource.ts'
import { Gone, NotFound, TransientError } from '../../../src/errors.ts'
import { compactEtcd } from '../../support/kubernetes/etcd.ts'
import { apiServer, namespaceOn } from '../../support/kubernetes/api-server.ts'
import { configMap } from '../../support/kubernetes/kube-api.ts'
import type { ConfigMap } from '../../support/kubernetes/kube-api.ts'
import { TcpProxy } from '../../support/kubernetes/tcp-proxy.ts'

const api = apiServer('bare')
const namespace = namespaceOn(api)
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

/** A client whose only connections are those of its watches. */
async function alone(): Promise<{ readonly line: TcpProxy; readonly client: KubeClient }> {
  const line = await TcpProxy.to(api.plane.server)
  return { line, client: api.client(api.kubeconfig({ cluster: { server: line.url } })) }
}

const never = new AbortController().signal
const now = async (within: string): Promise<string> =>
  (await api.kube.list(configMaps, { namespace: within })).metadata.resourceVersion

function watch(
  options: Partial<WatchOptions> = {},
  resource: Resource = configMaps,
): AsyncGenerator<WatchEvent<ConfigMap>> {
  return kube.watch<ConfigMap>(resource, { namespace, timeoutSeconds: 30, signal: never, ...options })
}

async function next<T>(events: AsyncGenerator<T>): Promise<T> {
  const { value, done } = await events.next()
  if (done === true) throw new Error('the watch has ended')
  return value
}

async function all<T>(events: AsyncGenerator<T>): Promise<T[]> {
  const seen: T[] = []
  for await (const event of events) seen.push(event)
  return seen
}

describe('a watch', () => {
  test('brings each change in order, with the whole object', async () => {
    const ref = { namespace, name: 'changing' }
    const events = watch({ resourceVersion: await now(namespace), fieldSelector: 'metadata.name=changing' })
    const created = await api.kube.create(configMaps, configMap(ref, { page: '1' }))
    expect(await next(events)).toEqual({ type: 'ADDED', object: created })
    const updated = await api.kube.update(configMaps, { ...created, data: { page: '2' } })
    expect(await next(events)).toEqual({ type: 'MODIFIED', object: updated })
    await api.kube.delete(configMaps, ref)
    const last = await next(events)
    expect(last).toMatchObject({
      type: 'DELETED',
      object: { metadata: { name: 'changing', uid: created.metadata.uid }, data: { page: '2' } },
    })
    expect(Number(last.object.metadata.resourceVersion), 'of the deletion').toBeGreaterThan(
      Number(updated.metadata.resourceVersion),
    )
    await events.return(undefined)
  })

  test('goes on exactly where a list ended', async () => {
    const within = await api.namespace()
    await api.kube.create(configMaps, configMap({ namespace: within, name: 'before' }))
    const resourceVersion = await now(within)
    await api.kube.create(configMaps, configMap({ namespace: within, name: 'after' }))
    const events = watch({ namespace: within, resourceVersion })
    expect((await next(events)).object.metadata.name).toBe('after')
    await events.return(undefined)
  })

  test('tells of an object that loses the label as of one that is deleted', async () => {
    const ref = { namespace, name: 'labelled' }
    const events = watch({ resourceVersion: await now(namespace), labelSelector: 'mine=yes' })
    const created = await api.kube.create(configMaps, configMap({ ...ref, labels: { mine: 'yes' } }))
    await api.kube.update(configMaps, { ...created, metadata: { ...ref, labels: { mine: 'no' } } })
    expect([(await next(events)).type, (await next(events)).type]).toEqual(['ADDED', 'DELETED'])
    await events.return(undefined)
  })

  test('brings an object whole that is larger than any chunk and full of characters of several bytes', async () => {
    const text = '漢字🦊ß'.repeat(60_000)
    const events = watch({ resourceVersion: await now(namespace), fieldSelector: 'metadata.name=large' })
    await api.kube.create(configMaps, configMap({ namespace, name: 'large' }, { text }))
    expect((await next(events)).object.data?.['text'] === text).toBe(true)
    await events.return(undefined)
  })

  test('brings a bookmark before the server ends it, so that what concerns others need not be read again', async () => {
    const events = watch({
      resourceVersion: await now(namespace),
      fieldSelector: 'metadata.name=ours',
      timeoutSeconds: 5,
    })
    await api.kube.create(configMaps, configMap({ namespace, name: 'ours' }))
    await next(events)
    const other = await api.kube.create(configMaps, configMap({ namespace, name: 'of-others' }))
    expect(await next(events)).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { resourceVersion: other.metadata.resourceVersion } },
    })
    await events.return(undefined)
  })

  test('leaves the pool free: with forty of them open a plain request still goes through', async () => {
    const stop = new AbortController()
    const open = Promise.allSettled(
      Array.from(
        { length: 40 },
        async () => await watch({ signal: stop.signal, fieldSelector: 'metadata.name=nobody' }).next(),
      ),
    )
    try {
      await expect.poll(() => proxy.open).toBeGreaterThanOrEqual(40)
      expect(await kube.get(configMaps, { namespace, name: 'kube' }).catch((error: unknown) => error)).toBeInstanceOf(
        NotFound,
      )
    } finally {
      stop.abort()
      await open
    }
  })
})

describe('a watch ends', () => {
  test('without an error when the server’s time is over', async () => {
    const started = performance.now()
    await all(watch({ timeoutSeconds: 1, resourceVersion: await now(namespace) }))
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('without an error when the signal says so, and its connection with it', async () => {
    const { line, client } = await alone()
    await using _closed = line
    const stop = new AbortController()
    const events = client.watch(configMaps, { namespace, timeoutSeconds: 30, signal: stop.signal })
    await next(events)
    expect(line.open).toBe(1)
    const ended = all(events)
    stop.abort()
    await ended
    await expect.poll(() => line.open).toBe(0)
  })

  test('at once when the signal came before it', async () => {
    expect(await all(watch({ signal: AbortSignal.abort() }))).toEqual([])
  })

  test('when its reader has seen enough, and its connection with it', async () => {
    const { line, client } = await alone()
    await using _closed = line
    for await (const { type } of client.watch(configMaps, { namespace, timeoutSeconds: 30, signal: never })) {
      expect(type).toBe('ADDED')
      break
    }
    await expect.poll(() => line.open).toBe(0)
  })

  test('as transient when the connection breaks', async () => {
    const events = watch({ resourceVersion: '0' })
    await next(events)
    const ended = all(events)
    proxy.cut()
    await expect(ended).rejects.toThrow(TransientError)
    await expect(ended).rejects.toThrow(/^WATCH ConfigMap .* got no reply: \w+/)
  })

  test('as NotFound where the server does not know the kind', async () => {
    await expect(
      next(watch({}, { group: 'meili-operator.dev', version: 'v1alpha1', plural: 'meilidreams', kind: 'MeiliDream' })),
    ).rejects.toThrow(NotFound)
  })
})

describe('what the server has forgotten', () => {
  let old: string
  let restOfList: string
  beforeAll(async () => {
    const within = await api.namespace()
    for (const name of ['a', 'b', 'c']) await api.kube.create(configMaps, configMap({ namespace: within, name }))
    const { metadata } = await api.kube.list(configMaps, { namespace: within, limit: 1 })
    old = metadata.resourceVersion
    restOfList = metadata.continue!
    await api.kube.create(configMaps, configMap({ namespace: within, name: 'd' }))
    await compactEtcd(api.plane.etcd)
  })

  test('goes with its process; a watch ends as transient when that is killed', async () => {
    const events = watch({ resourceVersion: '0' })
    await next(events)
    const [ended] = await Promise.allSettled([all(events), api.plane.stopApiServer('SIGKILL')])
    expect(ended).toMatchObject({ status: 'rejected', reason: expect.any(TransientError) as Error })
    await api.plane.startApiServer()
  })

  test('is no place to watch from: Gone, list again', async () => {
    await expect(next(watch({ resourceVersion: old }))).rejects.toThrow(Gone)
    await expect(next(watch({ resourceVersion: old }))).rejects.toThrow(
      /^WATCH ConfigMap .* answered 410 Expired: too old resource version/,
    )
  })

  test('is no list to go on with: Gone, list again', async () => {
    const rest = api.kube.list(configMaps, { namespace: 'default', limit: 1, continue: restOfList })
    await expect(rest).rejects.toThrow(Gone)
    await expect(rest).rejects.toMatchObject({ status: 410, code: 'Expired' })
  })
})
