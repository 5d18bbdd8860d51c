// One replica of an operator: a manager with one cache and one controller, on a network of its own, that records when it reconciled what.
import { pino } from 'pino'
import type { KubeClient } from '../../../src/kube/client.ts'
import { configMaps } from '../../../src/kube/resource.ts'
import type { Resource } from '../../../src/kube/resource.ts'
import { watchOf } from '../../../src/runtime/cache/cache.ts'
import { Manager } from '../../../src/runtime/manager.ts'
import { keyOf } from '../../../src/runtime/cache/store.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import { freePorts } from '../../cluster/process/free-ports.ts'
import type { ConfigMap, KubeApi } from '../../support/kubernetes/kube-api.ts'
import { TcpProxy } from '../../support/kubernetes/tcp-proxy.ts'

export interface Reconciled {
  readonly key: string
  /** As `performance.now()`. */
  readonly atMs: number
}

export interface Outfit {
  readonly lease: { readonly namespace: string; readonly name: string }
  /** Empty: all. */
  readonly namespaces?: readonly string[]
  /** Reconciles each object again after this time. */
  readonly againMs?: number
  readonly labelSelector?: string
  /** How long one reconcile takes. */
  readonly takes?: () => Promise<void>
  /** Called when the server has made an object, before the replica knows. */
  readonly made?: (resource: Resource) => void
}

export type Ended = { readonly how: 'stopped' } | { readonly how: 'failed'; readonly error: unknown }

export class Replica implements AsyncDisposable {
  readonly identity: string
  readonly proxy: TcpProxy
  readonly manager: Manager
  readonly reconciled: Reconciled[] = []
  /** Messages of level warn and above. */
  readonly warnings: string[] = []
  readonly #port: number
  readonly #stop = new AbortController()
  #ended: Promise<Ended> | undefined

  private constructor(parts: { api: KubeApi; proxy: TcpProxy; port: number; outfit: Outfit }) {
    const { api, proxy, port, outfit } = parts
    const { lease, namespaces = [], againMs, labelSelector, takes } = outfit
    this.identity = api.name('replica')
    this.proxy = proxy
    this.#port = port
    const kube = api.client(api.kubeconfig({ cluster: { server: proxy.url } }))
    if (outfit.made !== undefined) tellWhenMade(kube, outfit.made)
    const logger = pino(
      { level: 'warn' },
      { write: (line) => this.warnings.push((JSON.parse(line) as { msg: string }).msg) },
    )
    this.manager = new Manager({
      clients: { caches: kube, lease: kube, events: kube },
      namespaces,
      identity: this.identity,
      lease,
      address: { host: '127.0.0.1', port },
      logger,
      metrics: new Metrics('0.0.0'),
    })
    const cache = this.manager.cache<ConfigMap>(configMaps, { labelSelector })
    this.manager.addController({
      name: 'configmap',
      kind: 'Thing',
      reconcile: async (key) => {
        this.reconciled.push({ key, atMs: performance.now() })
        await takes?.()
        return againMs === undefined ? {} : { requeueAfterMs: againMs }
      },
      watches: [watchOf(cache, (object) => [keyOf(object)])],
      all: () => cache.store.keys(),
      workers: 2,
    })
  }

  static async of(api: KubeApi, outfit: Outfit): Promise<Replica> {
    const [port] = await freePorts()
    return new Replica({ api, proxy: await TcpProxy.to(api.plane.server), port, outfit })
  }

  start(): this {
    this.#ended = this.manager.run(this.#stop.signal).then(
      () => ({ how: 'stopped' }) as const,
      (error: unknown) => ({ how: 'failed', error }) as const,
    )
    return this
  }

  get ended(): Promise<Ended> {
    return this.#ended ?? Promise.resolve({ how: 'stopped' })
  }

  get keys(): string[] {
    return [...new Set(this.reconciled.map(({ key }) => key))].toSorted()
  }

  /** As SIGTERM does. */
  async stop(): Promise<Ended> {
    this.#stop.abort()
    return await this.ended
  }

  /** HTTP status of a probe; 0 where nobody answers. */
  async probe(path: '/healthz' | '/readyz'): Promise<number> {
    return await fetch(`http://127.0.0.1:${this.#port}${path}`).then(
      ({ status }) => status,
      () => 0,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.proxy[Symbol.asyncDispose]()
  }
}

function tellWhenMade(kube: KubeClient, made: (resource: Resource) => void): void {
  const create = kube.create.bind(kube)
  kube.create = async (resource, ...rest) => {
    const object = await create(resource, ...rest)
    made(resource)
    return object
  }
}
