// Many servers whose tasks have succeeded, and the operator that moves their files: real queue, reconcilers and slots over an API in memory, in virtual time.
// Jobs make pods here, which run, or get stuck.
import type { V1Job, V1JobSpec } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../../../src/api/snapshot.ts'
import { snapshotAndQueue, snapshotKind, snapshotMovedBy } from '../../../../../../src/kinds/snapshot/controller.ts'
import { snapshotUidLabel } from '../../../../../../src/kinds/snapshot/job/template.ts'
import { podIndexes } from '../../../../../../src/kinds/snapshot/observe/kept.ts'
import type { KeptPod } from '../../../../../../src/kinds/snapshot/observe/kept.ts'
import { countSlots } from '../../../../../../src/kinds/snapshot/observe/slots/counts.ts'
import type { SlotCount } from '../../../../../../src/kinds/snapshot/observe/slots/counts.ts'
import { performWithin, reconcileWithin } from '../../../../../../src/kinds/snapshot/observe/slots/passes.ts'
import { knownIn, serversIn } from '../../../../../../src/kinds/snapshot/observe/slots/servers.ts'
import { Slots } from '../../../../../../src/kinds/snapshot/observe/slots/slots.ts'
import { jobs, persistentVolumeClaims, pods } from '../../../../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../../../../src/kube/resource.ts'
import type { Connections } from '../../../../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../../../../src/perform/perform.ts'
import { TransientError } from '../../../../../../src/errors.ts'
import type { ServerReference } from '../../../../../../src/reconcile/decision.ts'
import { reconcilerOf } from '../../../../../../src/reconcile/reconciler.ts'
import { Cache, watchOf } from '../../../../../../src/runtime/cache/cache.ts'
import { keyOf } from '../../../../../../src/runtime/cache/store.ts'
import { runController } from '../../../../../../src/runtime/controller.ts'
import { WorkQueue } from '../../../../../../src/runtime/workqueue.ts'
import {
  aClaim,
  anInstance,
  aSnapshot,
  aTarget,
  baseline,
  stored,
  succeededTask,
} from '../../../../../support/builders/observations.ts'
import { instancesIn, SnapshotCache } from '../../../../../support/builders/caches.ts'
import { KubeInMemory } from '../../../../../support/kubernetes/kube-in-memory.ts'
import { recordingLogger } from '../../../../../support/runtime/log.ts'
import type { VirtualTime } from '../../../../../support/runtime/virtual-time.ts'

export interface Life {
  /** What keeps its container from starting; else it runs. */
  readonly stuckAs?: string
  readonly runsMs: number
}

const lagMs = 5
const roundTripMs = 4

/** The API in memory, with watches that lag behind. */
class WatchedKube extends KubeInMemory {
  changed: (resource: Resource, object: KubeObject, isGone: boolean) => void = () => undefined

  override lay<T extends KubeObject>(resource: Resource, object: T): T {
    const laid = super.lay(resource, object)
    this.changed(resource, laid, false)
    return laid
  }

  override take(resource: Resource, ref: { namespace?: string; name: string }): void {
    const there = this.peek(resource, ref)
    super.take(resource, ref)
    if (there !== undefined) this.changed(resource, there, true)
  }
}

export class World {
  readonly kube = new WatchedKube()
  readonly time: VirtualTime
  readonly maxMovers: number
  /** Requests to the API server that read, and all to Meilisearch. */
  readonly asked = { reads: 0, writes: 0, engine: 0 }
  /** How many movers run, and how many did at most. */
  running = 0
  mostAtOnce = 0
  /** Snapshots in the order in which their movers began. */
  readonly began: string[] = []
  lifeOf: (job: V1Job) => Life = () => ({ runsMs: 60_000 })
  /** Names of snapshots whose servers swallow what they are sent, for ten seconds. */
  readonly silent = new Set<string>()
  /** What keeps a look at the pods of a namespace from its end. */
  refuses: (namespace: string) => Error | undefined = () => undefined
  /** UIDs of snapshots that are there, and at which nobody looks. */
  readonly beside = new Set<string>()
  counts: () => readonly SlotCount[] = () => []
  #operator: Operator | undefined
  readonly #snapshots = new SnapshotCache()
  readonly #pods = new Cache<KeptPod>()
  readonly #instances = new Map<string, MeiliInstance>()

  constructor(time: VirtualTime, maxMovers = 10) {
    this.time = time
    this.maxMovers = maxMovers
    this.kube.before = async ({ verb, resource, name }) => {
      this.asked[verb === 'get' || verb === 'list' ? 'reads' : 'writes'] += 1
      await time.pause(roundTripMs)
      const refusal = resource.plural === pods.plural && verb === 'get' ? this.refuses(name) : undefined
      if (refusal !== undefined) throw refusal
    }
    this.kube.changed = (resource, object, isGone) => {
      const { plural } = resource
      if (plural === jobs.plural && !isGone) this.#runJob(object as unknown as KubeObject & V1Job)
      time.setTimeout(() => this.#watched(plural, object, isGone), lagMs)
    }
  }

  /** A server of its own, and a snapshot of it whose task has succeeded; seen at once. */
  add(namespace: string, name: string, changes: Partial<Parameters<typeof aSnapshot>[0]> = {}): MeiliSnapshot {
    const instance = anInstance({ name: `of-${name}`, metadata: { namespace } })
    this.#instances.set(`${namespace}/of-${name}`, {
      ...instance,
      status: { ...instance.status, pod: { name: `of-${name}-0`, uid: `pod-of-${name}`, node: 'node-a' } },
    })
    this.kube.lay(
      pods,
      aTarget({
        metadata: { name: `of-${name}-0`, namespace, uid: `pod-of-${name}` },
        status: { podIP: name },
      }) as never,
    )
    this.kube.lay(persistentVolumeClaims, aClaim({ metadata: { name: `claim-${name}`, namespace } }) as never)
    const snapshot = aSnapshot({
      name,
      spec: {
        source: { instanceRef: { name: `of-${name}` } },
        destination: { claim: { name: `claim-${name}` } },
        ...changes.spec,
      },
      status: {
        observedGeneration: 1,
        phase: 'Snapshotting',
        startedAt: new Date().toISOString(),
        request: { attempt: 1, baseline, posts: 1, postedAt: new Date().toISOString(), taskUid: 12 },
        ...changes.status,
      },
      metadata: {
        namespace,
        uid: `${name}-0000-4000-8000-000000000000`,
        creationTimestamp: new Date(Date.now() + this.#instances.size * 1000).toISOString(),
        ...changes.metadata,
      },
    })
    const laid = this.kube.lay(meiliSnapshots, snapshot)
    this.#snapshots.set(laid)
    return laid
  }

  /** Adds a pod that somebody's Job has made. */
  addPod(pod: KubeObject): void {
    this.kube.lay(pods, pod)
  }

  get(namespace: string, name: string): MeiliSnapshot | undefined {
    return this.kube.peek(meiliSnapshots, { namespace, name }) as MeiliSnapshot | undefined
  }

  all(): readonly MeiliSnapshot[] {
    return this.#snapshots.cache.store
      .list()
      .flatMap(({ metadata }) => this.get(metadata.namespace, metadata.name) ?? [])
  }

  /** Also after a crash: what the one before knew is lost. */
  start(): void {
    this.#operator?.queue.close()
    const operator = new Operator(this, {
      snapshots: this.#snapshots,
      movers: this.#pods,
      all: [...this.#instances.values()],
    })
    this.#operator = operator
    for (const key of this.#snapshots.cache.store.keys()) operator.queue.add(key)
  }

  async stop(): Promise<void> {
    this.#operator?.queue.close()
    await this.time.advance(20_000)
    await this.#operator?.ended
  }

  #watched(plural: string, object: KubeObject, isGone: boolean): void {
    if (plural === meiliSnapshots.plural) {
      if (isGone) this.#snapshots.remove(object as MeiliSnapshot)
      else this.#snapshots.set(object as MeiliSnapshot)
    }
    if (plural !== pods.plural || object.metadata.labels?.[snapshotUidLabel] === undefined) return
    const { store } = this.#pods
    if (isGone) this.#pods.announce({ previous: store.delete(keyOf(object)), current: undefined })
    else this.#pods.announce({ previous: store.set(object), current: object })
  }

  /** The Job controller, the scheduler and the kubelet. */
  #runJob({ metadata, spec }: KubeObject & V1Job): void {
    const { namespace = '', name } = metadata
    if (this.kube.peek(pods, { namespace, name: `${name}-x` }) !== undefined) return
    const life = this.lifeOf({ metadata, spec: spec as V1JobSpec })
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid: metadata.uid ?? '', controller: true }
    const lay = (on: object, status: object): void =>
      void this.kube.lay(pods, {
        metadata: {
          name: `${name}-x`,
          namespace,
          labels: spec?.template.metadata?.labels ?? {},
          ownerReferences: [owner],
          creationTimestamp: new Date().toISOString(),
        },
        spec: on,
        status,
      } as KubeObject)
    const state = (of: object): object => ({ containerStatuses: [{ name: 'mover', state: of }] })
    const on = { nodeName: 'node-a' }
    this.time.setTimeout(() => lay({}, { phase: 'Pending' }), 50)
    if (life.stuckAs !== undefined) {
      const stuck = state({ waiting: { reason: life.stuckAs, message: 'no' } })
      this.time.setTimeout(() => lay(on, { phase: 'Pending', ...stuck }), 1000)
      return
    }
    this.time.setTimeout(() => {
      this.began.push(`${namespace}/${name}`)
      this.running += 1
      this.mostAtOnce = Math.max(this.mostAtOnce, this.running)
      lay(on, { phase: 'Running', ...state({ running: {} }) })
    }, 1000)
    const message = JSON.stringify(stored)
    this.time.setTimeout(() => {
      this.running -= 1
      lay(on, { phase: 'Succeeded', ...state({ terminated: { exitCode: 0, message } }) })
    }, 1000 + life.runsMs)
  }
}

interface Caches {
  readonly snapshots: SnapshotCache
  readonly movers: Cache<KeptPod>
  readonly all: readonly MeiliInstance[]
}

/** One life of the process. */
class Operator {
  readonly queue: WorkQueue
  readonly ended: Promise<void>

  constructor(world: World, { snapshots, movers, all }: Caches) {
    const { kube, time, asked } = world
    this.queue = new WorkQueue({ clock: time })
    const ask = async <T>(reply: T): Promise<T> => {
      asked.engine += 1
      await time.pause(roundTripMs)
      return reply
    }
    const replies = {
      newestTask: () => ask({ results: [{ uid: 12, enqueuedAt: succeededTask().enqueuedAt }], total: 13 }),
      version: () => ask({ pkgVersion: '1.21.0', commitSha: 'unknown' }),
      snapshotTasksFrom: () => ask([{ type: 'snapshotCreation', ...succeededTask() }]),
      task: () => ask({ ...baseline }),
      countTasks: () => ask(0),
      newestBatches: () => ask([{ uid: succeededTask().batchUid, stats: { types: ['snapshotCreation'] } }]),
      stats: () => ask({ databaseSize: 1, indexes: { count: 0, documents: 0, listed: [] } }),
    }
    const clientOf = ({ endpoint }: ServerReference): object => ({
      ask: async (_: unknown, read: (of: unknown) => Promise<unknown>) => {
        if (!world.silent.has(new URL(endpoint).hostname)) return await read(replies)
        await time.pause(10_000)
        throw new TransientError('GET /tasks got no reply')
      },
    })
    const connections = {
      open: (server: ServerReference) => Promise.resolve({ state: 'Open', client: clientOf(server) }),
    } as unknown as Connections
    const caches = instancesIn(all)
    const parts = {
      maxMovers: world.maxMovers,
      maxStreams: 0,
      ...serversIn(caches.instance),
      isKnown: (namespace: string, uid: string) =>
        world.beside.has(uid) || knownIn(snapshots.index).isKnown(namespace, uid),
      nowMs: Date.now,
    }
    const slots = new Slots(parts)
    world.counts = () => countSlots(slots, parts)
    // What a reflector announces at its start.
    for (const current of snapshots.cache.store.list()) slots.snapshotChanged({ previous: undefined, current })
    for (const current of movers.store.list()) slots.podChanged({ previous: undefined, current })
    snapshots.cache.onChange((change) => slots.snapshotChanged(change))
    movers.onChange((change) => slots.podChanged(change))
    const kind = snapshotKind({
      ...caches,
      kube,
      connections,
      snapshots: snapshots.index,
      slots,
      movers: { podsOf: (uid) => movers.store.list().filter((pod) => podIndexes.job(pod).includes(uid)) },
      maxStreams: 0,
      moverImage: 'example.test/meili-operator:1',
      imagePullSecrets: [],
    })
    const performer = new Performer({ kube, connections, isLeader: () => true, record: () => undefined })
    const reconcile = reconcileWithin(
      slots,
      reconcilerOf(kind, {
        kube,
        perform: performWithin(slots, performer.perform.bind(performer)),
        record: () => undefined,
        logger: recordingLogger().logger,
        nowMs: Date.now,
        get: (key) => snapshots.index.getWhole(key),
      }),
    )
    for (const watch of [
      watchOf(snapshots.cache, snapshotAndQueue({ ...caches, snapshots: snapshots.index })),
      watchOf(movers, snapshotMovedBy(snapshots.index)),
      slots.watch,
    ])
      watch((key) => this.queue.add(key))
    const metrics = {
      declareController: () => undefined,
      observeWait: () => undefined,
      observeReconcile: () => undefined,
    }
    const { logger } = recordingLogger()
    this.ended = runController({ name: 's', kind: 's', queue: this.queue, reconcile, workers: 8, logger, metrics })
  }
}
