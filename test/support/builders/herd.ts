// Snapshots of one server under the real queue, loop, performer and client: an API server in memory whose cache lags, and a Meilisearch double.
import { snapshotReasons, isFinished, meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import type { SnapshotIndex } from '../../../src/operator/snapshot-index.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { conditionNamed } from '../../../src/api/status/conditions.ts'
import { persistentVolumeClaims, pods } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { snapshotAndQueue, snapshotKind, snapshotsOf } from '../../../src/kinds/snapshot/controller.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../src/perform/perform.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import { runController } from '../../../src/runtime/controller.ts'
import { WorkQueue } from '../../../src/runtime/workqueue.ts'
import { KubeInMemory } from '../kubernetes/kube-in-memory.ts'
import { MeilisearchDouble } from '../meilisearch/double.ts'
import { recordingLogger } from '../runtime/log.ts'
import { SnapshotCache } from './caches.ts'
import { aClaim, ago, anInstance, aSnapshot, aTarget, hour, minute } from './observations.ts'

const noMetrics = {
  declareController: () => undefined,
  observeWait: () => undefined,
  observeReconcile: () => undefined,
}

/** Tells of each MeiliSnapshot that is laid. */
class WatchedKube extends KubeInMemory {
  changed: (snapshot: MeiliSnapshot) => void = () => undefined

  override lay<T extends KubeObject>(resource: Resource, object: T): T {
    const laid = super.lay(resource, object)
    if (resource.plural === meiliSnapshots.plural) this.changed(laid as unknown as MeiliSnapshot)
    return laid
  }
}

/** The n-th of a herd, the first the oldest. Its name says so. */
export const nth = (index: number): string => `s${String(index).padStart(2, '0')}`

export function aNth(index: number, parts: Parameters<typeof aSnapshot>[0] = {}): MeiliSnapshot {
  const metadata = { uid: `uid-${nth(index)}`, creationTimestamp: ago(hour - index * minute), ...parts.metadata }
  return aSnapshot({ name: nth(index), ...parts, metadata })
}

export class Herd implements AsyncDisposable {
  readonly kube = new WatchedKube()
  readonly engine: MeilisearchDouble
  readonly #instances = new Map<string, MeiliInstance>()
  readonly #cache = new SnapshotCache()
  readonly #lagMs: () => number
  readonly #dueAt = new Map<string, number>()
  readonly #waiters = new Set<() => void>()
  #queue = new WorkQueue()
  #running: Promise<void> = Promise.resolve()

  private constructor(engine: MeilisearchDouble, lagMs: () => number) {
    this.engine = engine
    this.#lagMs = lagMs
    this.kube.lay(pods, aTarget({ status: { podIP: '127.0.0.1', phase: 'Running' } }) as unknown as KubeObject)
    this.kube.lay(persistentVolumeClaims, aClaim() as unknown as KubeObject)
    this.kube.changed = (snapshot) => this.#bring(snapshot)
  }

  /** @param lagMs how long the cache takes to show a change */
  static async of(snapshots: readonly MeiliSnapshot[], lagMs = (): number => 5): Promise<Herd> {
    const herd = new Herd(await MeilisearchDouble.start(), lagMs)
    herd.#instances.set('search', herd.instance())
    for (const snapshot of snapshots) {
      herd.kube.changed = () => undefined
      herd.#cache.set(herd.kube.lay(meiliSnapshots, snapshot))
    }
    herd.kube.changed = (snapshot) => herd.#bring(snapshot)
    return herd
  }

  /** A MeiliInstance that stands for the double. */
  instance(parts: Parameters<typeof anInstance>[0] = {}): MeiliInstance {
    return anInstance({ ...parts, existing: { port: Number(new URL(this.engine.endpoint).port) } })
  }

  /** Is seen, and wakes its snapshots. */
  setInstance(instance: MeiliInstance): void {
    this.#instances.set(instance.metadata.name, instance)
    for (const key of snapshotsOf(this.#cache.index)(instance)) this.#queue.add(key)
  }

  get posts(): number {
    return this.engine.times('POST', '/snapshots')
  }

  /** Names of those that have asked, in the order of their POSTs, as far as the cache shows it. */
  readonly asked: string[] = []

  /** As the cache has it. */
  find(name: string): MeiliSnapshot | undefined {
    return this.#cache.index.getWhole(`shop/${name}`)
  }

  reasonOf(name: string): string | undefined {
    return conditionNamed(this.find(name)?.status?.conditions, 'Ready')?.reason
  }

  messageOf(name: string): string | undefined {
    return conditionNamed(this.find(name)?.status?.conditions, 'Ready')?.message
  }

  /** An operator that starts: what it remembers is what is on record. */
  start(): void {
    const { kube } = this
    this.#queue = new WorkQueue()
    const connections = new Connections(kube)
    const world = {
      kube,
      connections,
      instances: () => [...this.#instances.values()],
      restoresOf: () => [],
      ...this.#line,
      slots: { look: () => undefined, claim: () => undefined },
      movers: { podsOf: () => [] },
      maxStreams: 0,
      moverImage: 'example.test/meili-operator:1',
      imagePullSecrets: [],
    }
    const performer = new Performer({ kube, connections, isLeader: () => true, record: () => undefined })
    const reconcile = reconcilerOf(snapshotKind(world), {
      kube,
      perform: performer.perform.bind(performer),
      record: () => undefined,
      logger: recordingLogger().logger,
      nowMs: Date.now,
      get: (key) => this.#cache.index.getWhole(key),
    })
    this.#running = runController({
      name: 'meilisnapshot',
      kind: 'MeiliSnapshot',
      queue: this.#queue,
      reconcile,
      workers: 16,
      logger: recordingLogger().logger,
      metrics: noMetrics,
    })
    this.wakeAll()
  }

  /** Who stands at which server. */
  get #line(): Parameters<typeof snapshotAndQueue>[0] & { readonly snapshots: SnapshotIndex } {
    return {
      instance: (key) => this.#instances.get(key.split('/')[1] ?? ''),
      instancesOfPod: (_, uid) => [...this.#instances.values()].filter(({ status }) => status?.pod?.uid === uid),
      snapshots: this.#cache.index,
    }
  }

  wakeAll(): void {
    for (const key of this.#cache.index.wholeKeys()) this.#queue.add(key)
  }

  wake(...names: readonly string[]): void {
    for (const name of names) this.#queue.add(`shop/${name}`)
  }

  async stop(): Promise<void> {
    this.#queue.close()
    await this.#running
  }

  /** It has ended, however. */
  async complete(name: string): Promise<void> {
    const snapshot = this.kube.peek<KubeObject>(meiliSnapshots, { namespace: 'shop', name }) as MeiliSnapshot
    const status = { ...snapshot.status, phase: 'Completed' as const, completedAt: new Date().toISOString() }
    await this.kube.updateStatus(meiliSnapshots, { ...snapshot, status } as KubeObject)
  }

  /** Resolves when the cache shows it. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!holds()) return
        this.#waiters.delete(check)
        resolve()
      }
      this.#waiters.add(check)
    })
  }

  /** One has asked, and each of the others that are not finished waits for its turn. */
  async untilQueued(...names: readonly string[]): Promise<void> {
    await this.until(
      () =>
        names.some((name) => this.find(name)?.status?.request?.taskUid !== undefined) &&
        names.every((name) => this.#hasAsked(name) || this.reasonOf(name) === snapshotReasons.Queued),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.engine[Symbol.asyncDispose]()
  }

  #hasAsked(name: string): boolean {
    const snapshot = this.find(name)
    return snapshot === undefined || isFinished(snapshot) || snapshot.status?.request !== undefined
  }

  /** In order, each after its lag. */
  #bring(snapshot: MeiliSnapshot): void {
    const key = keyOf(snapshot)
    const dueAt = Math.max(performance.now() + this.#lagMs(), this.#dueAt.get(key) ?? 0)
    this.#dueAt.set(key, dueAt)
    setTimeout(
      () => {
        this.#cache.set(snapshot)
        const { name } = snapshot.metadata
        if (snapshot.status?.request?.taskUid !== undefined && !this.asked.includes(name)) this.asked.push(name)
        for (const woken of snapshotAndQueue(this.#line)(snapshot)) this.#queue.add(woken)
        for (const check of this.#waiters) check()
      },
      Math.max(0, dueAt - performance.now()),
    )
  }
}

const keyOf = ({ metadata }: MeiliSnapshot): string => `${metadata.namespace}/${metadata.name}`
