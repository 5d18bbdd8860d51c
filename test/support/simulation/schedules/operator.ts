// An operator that knows schedules alone: the real loop, reconciler and performer over caches that lag behind, with queues of virtual time. It may be cut off at any write.
import { scheduleLabel } from '../../../../src/api/schedule.ts'
import { Conflict, TransientError } from '../../../../src/errors.ts'
import { isNewsOfRun, isNewsOfSchedule, scheduleKind } from '../../../../src/kinds/schedule/controller.ts'
import { Connections } from '../../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../../src/perform/perform.ts'
import { reconcilerOf } from '../../../../src/reconcile/reconciler.ts'
import type { Reconcile } from '../../../../src/reconcile/reconciler.ts'
import { SnapshotCache } from '../../builders/caches.ts'
import type { Change } from '../cluster/object-store.ts'
import { DirectClient } from './direct-client.ts'
import type { WriteGuard } from './direct-client.ts'
import { hour, minute, namespace, second } from './world.ts'
import type { Schedule, ScheduleWorld, Snapshot } from './world.ts'

const logger = { debug: (): void => undefined, info: (): void => undefined }
/** The manager looks at everything again as often as that, whatever else wakes it. */
const resyncMs = 10 * hour

export class ScheduleOperator {
  passes = 0
  readonly #world: ScheduleWorld
  readonly #kube: DirectClient
  readonly #reconcile: Reconcile
  readonly #snapshots = new SnapshotCache()
  readonly #schedules = new Map<string, Schedule>()
  readonly #due = new Map<string, { at: number; cancel(): void }>()
  readonly #unfollow: (() => void)[] = []
  /** What went wrong in a pass other than by conflict. */
  readonly errors: string[] = []

  constructor(world: ScheduleWorld, guard: WriteGuard = () => 'sent') {
    this.#world = world
    this.#kube = new DirectClient(world.api, guard)
    const nowMs = (): number => world.nowMs + world.skewMs
    const performer = new Performer({
      kube: this.#kube,
      connections: new Connections(this.#kube),
      isLeader: () => this.isAlive,
      record: () => undefined,
    })
    this.#reconcile = reconcilerOf(
      scheduleKind({ kube: this.#kube, snapshots: this.#snapshots.index, drillsOf: () => [], nowMs }),
      {
        get: (key) => this.#schedules.get(key),
        kube: this.#kube,
        perform: performer.perform.bind(performer),
        record: (object, { reason, message }) => world.note(`Event of ${object.metadata.name}: ${reason}: ${message}`),
        logger,
        nowMs,
      },
    )
  }

  get isAlive(): boolean {
    return this.#kube.isAlive
  }

  /** Fills its caches and looks at everything. */
  start(): void {
    const { store } = this.#world.api
    const { time } = this.#world
    const follow = (plural: string, take: (change: Change) => void): void => {
      let lastAt = 0
      const end = store.follow(plural, store.version, (change) => {
        // In order, as a watch gives them.
        lastAt = Math.max(lastAt, time.now() + this.#lagMs())
        time.setTimeout(() => {
          if (this.isAlive) take(change)
        }, lastAt - time.now())
      })
      if (end !== undefined) this.#unfollow.push(end)
    }
    for (const schedule of this.#world.schedules()) this.#schedules.set(keyOf(schedule), schedule)
    for (const snapshot of store.list('meilisnapshots', namespace)) this.#snapshots.set(snapshot as Snapshot)
    const isNews = isNewsOfSchedule(() => true)
    follow('meilisnapshotschedules', ({ type, object }) => {
      const current = type === 'DELETED' ? undefined : (object as Schedule)
      const key = keyOf(object as Schedule)
      const previous = this.#schedules.get(key)
      if (current === undefined) this.#schedules.delete(key)
      else this.#schedules.set(key, current)
      if (isNews({ previous, current })) this.#wake(key, 1)
    })
    this.#snapshots.cache.onChange((change) => {
      const name = (change.current ?? change.previous)?.metadata.labels?.[scheduleLabel]
      if (name !== undefined && isNewsOfRun(change)) this.#wake(`${namespace}/${name}`, 1)
    })
    follow('meilisnapshots', ({ type, object }) => {
      if (type === 'DELETED') this.#snapshots.remove(object as Snapshot)
      else this.#snapshots.set(object as Snapshot)
    })
    this.#lookAtAll()
  }

  /** Without a word. */
  kill(): void {
    this.#kube.isAlive = false
    this.#clear()
  }

  #lookAtAll(): void {
    for (const key of this.#schedules.keys()) this.#wake(key, 1)
    this.#world.time.setTimeout(() => {
      if (this.isAlive) this.#lookAtAll()
    }, resyncMs)
  }

  #clear(): void {
    for (const end of this.#unfollow.splice(0)) end()
    for (const timer of this.#due.values()) timer.cancel()
    this.#due.clear()
  }

  /** Some ms, and now and then seconds. */
  #lagMs(): number {
    const { time } = this.#world
    return time.random() < 0.01 ? Math.floor(time.random() * 20 * second) : 2 + Math.floor(time.random() * 28)
  }

  #wake(key: string, afterMs: number): void {
    const at = this.#world.time.now() + afterMs
    const known = this.#due.get(key)
    if (known !== undefined && known.at <= at) return
    known?.cancel()
    const timer = this.#world.time.setTimeout(() => {
      this.#due.delete(key)
      void this.#pass(key)
    }, afterMs)
    this.#due.set(key, { at, cancel: () => timer.cancel() })
  }

  async #pass(key: string): Promise<void> {
    if (!this.isAlive) return
    this.passes += 1
    try {
      const { requeueAfterMs } = await this.#reconcile(key)
      if (requeueAfterMs !== undefined) this.#wake(key, requeueAfterMs)
    } catch (error) {
      if (!(error instanceof Conflict) && !(error instanceof TransientError))
        this.errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
      this.#wake(key, error instanceof Conflict ? second : minute)
    }
  }
}

const keyOf = ({ metadata }: Schedule): string => `${metadata.namespace}/${metadata.name}`
