// Starts everything (probes, caches, leadership, controllers), and ends it in the opposite order, with the lease given back.
import { pause, startInterval } from './timers.ts'
import { runController } from './controller.ts'
import type { Result } from './controller.ts'
import type { ApiObject, Clients, Log, Metrics, ObjectName, Resource } from './edges.ts'
import { EventRecorder } from './events/recorder.ts'
import { LeaderElector } from './leader-election.ts'
import type { Timing } from './leader-election.ts'
import { Reflector } from './cache/reflector.ts'
import { Cache } from './cache/cache.ts'
import type { CacheParts, Watch } from './cache/cache.ts'
import { serveProbes } from './server.ts'
import { WorkQueue } from './workqueue.ts'
import type { Clock } from './workqueue.ts'

export interface ManagerParts {
  readonly clients: Clients
  /** Empty: all. */
  readonly namespaces: readonly string[]
  readonly identity: string
  readonly lease: ObjectName
  /** Tests shorten it. */
  readonly timing?: Timing
  readonly address: { readonly host: string; readonly port: number }
  readonly logger: Log
  readonly metrics: Metrics
  /** Of the queues; tests give their own. */
  readonly clock?: Clock | undefined
}

export interface ControllerParts {
  readonly name: string
  readonly kind: string
  readonly reconcile: (key: string, reconcileID: string) => Promise<Result>
  readonly watches: readonly Watch[]
  /** Keys of everything that is there when leadership begins. */
  readonly all: () => readonly string[]
  readonly workers: number
}

/** How long running reconciles may take to end, and then what is still to be said to the API server: together less than the 30 s of a pod. */
const drainMs = 20_000
const shutdownMs = 5000
const collectEveryMs = 120_000

export class Manager {
  readonly elector: LeaderElector
  readonly events: EventRecorder
  readonly #parts: ManagerParts
  readonly #reflectors: { run(signal: AbortSignal): Promise<void>; readonly synced: Promise<void> }[] = []
  readonly #controllers: (ControllerParts & { readonly queue: WorkQueue })[] = []
  #isReady = false
  #isLeading = false

  constructor(parts: ManagerParts) {
    this.#parts = parts
    const { clients, identity, lease, timing, logger, metrics } = parts
    this.elector = new LeaderElector({
      kube: clients.lease,
      lease,
      identity,
      ...(timing === undefined ? {} : { timing }),
      failed: (error) => logger.warn({ reason: String(error) }, 'the lease could not be read or written'),
    })
    this.events = new EventRecorder({
      kube: clients.events,
      component: 'meili-operator',
      instance: identity,
      dropped: (error) => {
        metrics.countDroppedEvent()
        logger.warn({ reason: String(error) }, 'an Event was dropped')
      },
    })
  }

  /** To be called before `run`. */
  cache<T extends ApiObject>(resource: Resource, { labelSelector, indexes, keep }: CacheParts<T> = {}): Cache<T> {
    const { clients, namespaces, logger, metrics } = this.#parts
    const cache = new Cache<T>(indexes)
    metrics.declareWatch(resource.plural)
    for (const namespace of namespaces.length === 0 ? [undefined] : namespaces) {
      this.#reflectors.push(
        new Reflector<T>({
          kube: clients.caches,
          resource,
          store: cache.store,
          keep,
          ...(namespace === undefined ? {} : { namespace }),
          ...(labelSelector === undefined ? {} : { labelSelector }),
          announce: (change) => cache.announce(change),
          interrupted: (error, failures) => {
            metrics.countWatchRestart(resource.plural, error)
            logger.warn({ resource: resource.plural, failures, reason: String(error) }, 'the watch broke off')
          },
        }),
      )
    }
    return cache
  }

  addController(parts: ControllerParts): void {
    const { metrics, clock } = this.#parts
    const queue = new WorkQueue(clock === undefined ? {} : { clock })
    metrics.beforeScrape(
      () =>
        this.#isLeading &&
        metrics.queue(parts.name, { depth: queue.length, longestRunningSeconds: queue.longestRunningMs / 1000 }),
    )
    this.#controllers.push({ ...parts, queue })
  }

  /** Until the signal, then in order. @throws LeaseLost; the process is expected to end then */
  async run(signal: AbortSignal): Promise<void> {
    const { logger, address, metrics } = this.#parts
    const server = await serveProbes({ metrics, ready: () => this.#isReady }, address)
    const reading = new AbortController()
    const caches = Promise.all(this.#reflectors.map((reflector) => reflector.run(reading.signal)))
    const collecting = startInterval(collect, collectEveryMs, { keepsAlive: false })
    try {
      await Promise.race([Promise.all(this.#reflectors.map(({ synced }) => synced)), untilAborted(signal)])
      if (signal.aborted) return
      this.#isReady = true
      logger.info({ sinceStartMs: Math.round(process.uptime() * 1000) }, 'the caches are filled')
      collect()
      await Promise.race([this.elector.acquire(signal), untilAborted(signal).then(() => rest(shutdownMs))])
      // Asked to stop in the very moment in which it was won, too.
      if (signal.aborted) await this.#giveBack()
      else await this.#lead(signal)
    } finally {
      collecting.cancel()
      reading.abort()
      // A list that hangs has nothing to say to anybody.
      await Promise.race([caches, rest(1000)])
      await server.close()
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { logger, metrics } = this.#parts
    logger.info({ sinceStartMs: Math.round(process.uptime() * 1000) }, 'leading')
    metrics.setLeading(true)
    this.#isLeading = true
    const controllers = Promise.all(
      this.#controllers.map((controller) => runController({ ...controller, logger, metrics })),
    )
    // Not before: nobody would take the keys, and to find those of each object while a cache is filled takes a look at all others.
    for (const { queue, watches, all } of this.#controllers) {
      for (const watch of watches) watch((key) => queue.add(key))
      for (const key of all()) queue.add(key)
    }
    try {
      await this.elector.keep(signal)
    } finally {
      metrics.setLeading(false)
      for (const { queue } of this.#controllers) queue.close()
      await Promise.race([controllers, rest(drainMs)])
      await Promise.race([Promise.all([this.events.drain(), this.#giveBack()]), rest(shutdownMs)])
    }
  }

  async #giveBack(): Promise<void> {
    await this.elector
      .release()
      .catch((error: unknown) => this.#parts.logger.warn({ reason: String(error) }, 'the lease was not given back'))
  }
}

/** An idle operator allocates too little for V8 to look: what its start left behind, and what grew old since, would stay for long. Only where the image allows it. */
const collect = (): void => void globalThis.gc?.({ type: 'major', execution: 'async' })

/** Does not keep the process alive. */
const rest = (ms: number): Promise<void> => pause(ms, { keepsAlive: false })

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
