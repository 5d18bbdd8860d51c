// Serves /metrics: what the operator counts about itself, and what is derived anew at each scrape. Series exist from the start, at 0, with a bounded set of labels.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from '@prometheus-io/client'
import type { Family, Sample } from './families/family.ts'
import { operatorFamilies } from './families/operator.ts'

/** How a reconcile ended. */
export const outcomes = ['success', 'requeue', 'conflict', 'transient', 'terminal', 'bug'] as const
export type Outcome = (typeof outcomes)[number]

/** Why a watch broke off: the names of the edge's errors. */
export const watchErrors = ['Gone', 'NotFound', 'TerminalError', 'TransientError', 'Other'] as const

const buckets = [0.005, 0.02, 0.1, 0.5, 2, 10, 60]

export class Metrics {
  readonly registry = new Registry()
  /** All but Node's own. */
  readonly families: Family[] = []
  readonly #counters = new Map<string, Counter<string>>()
  readonly #gauges = new Map<string, Gauge<string>>()
  readonly #histograms = new Map<string, Histogram<string>>()
  readonly #beforeScrape: (() => void)[] = []

  constructor(version: string) {
    // At their usual 10 ms and 100 ms the two watches over the event loop took most of the time of an idle operator, and its heap grew by 1 MB a minute
    // until V8 looked: quantiles are kept in trees, whose dead nodes grow old.
    collectDefaultMetrics({
      register: this.registry,
      eventLoopMonitoringPrecision: 100,
      eventLoopUtilizationTimeout: 5000,
    })
    this.#declare(operatorFamilies)
    this.#set('meili_operator_build_info', { version }, 1)
    this.#count('meili_operator_events_dropped_total', {}, 0)
    this.countThrottled(0)
    this.#set('meili_operator_leader', {}, 0)
  }

  /** As Prometheus reads it, with the values of now. */
  async text(): Promise<string> {
    for (const refresh of this.#beforeScrape) refresh()
    return await this.registry.metrics()
  }

  /** Runs at each scrape, before it is answered. */
  beforeScrape(refresh: () => void): void {
    this.#beforeScrape.push(refresh)
  }

  /** Series that are whatever `read` gives at a scrape: what it does not give any more is gone. */
  derive(families: readonly Family[], read: () => readonly Sample[]): void {
    this.#declare(families)
    this.beforeScrape(() => {
      for (const { name } of families) (this.#gauges.get(name) ?? this.#counters.get(name))?.reset()
      for (const { name, labels, value } of read()) {
        if (this.#gauges.has(name)) this.#set(name, labels, value)
        else this.#count(name, labels, value)
      }
    })
  }

  /** Puts a controller's series at 0. */
  declareController(controller: string): void {
    for (const outcome of outcomes) this.#count('meili_operator_reconcile_total', { controller, outcome }, 0)
    this.queue(controller, { depth: 0, longestRunningSeconds: 0 })
  }

  /** Puts the series of a watch at 0. */
  declareWatch(resource: string): void {
    for (const reason of watchErrors) this.#count('meili_operator_watch_restarts_total', { resource, reason }, 0)
  }

  observeReconcile(controller: string, outcome: Outcome, seconds: number): void {
    this.#count('meili_operator_reconcile_total', { controller, outcome }, 1)
    this.#observe('meili_operator_reconcile_seconds', { controller }, seconds)
  }

  queue(controller: string, { depth, longestRunningSeconds }: { depth: number; longestRunningSeconds: number }): void {
    this.#set('meili_operator_workqueue_depth', { controller }, depth)
    this.#set('meili_operator_workqueue_longest_running_seconds', { controller }, longestRunningSeconds)
  }

  observeWait(controller: string, seconds: number): void {
    this.#observe('meili_operator_workqueue_wait_seconds', { controller }, seconds)
  }

  countWatchRestart(resource: string, error: unknown): void {
    const reason = watchErrors.find((name) => error instanceof Error && error.name === name) ?? 'Other'
    this.#count('meili_operator_watch_restarts_total', { resource, reason }, 1)
  }

  apiCall({ verb, resource, code }: { verb: string; resource: string; code: string }): void {
    this.#count('meili_operator_api_requests_total', { verb, resource, code }, 1)
  }

  /** A request to the API server waited for our own limit. */
  countThrottled(seconds: number): void {
    this.#count('meili_operator_api_throttled_seconds_total', {}, seconds)
  }

  countDroppedEvent(): void {
    this.#count('meili_operator_events_dropped_total', {}, 1)
  }

  setLeading(held: boolean): void {
    this.#set('meili_operator_leader', {}, held ? 1 : 0)
  }

  #declare(families: readonly Family[]): void {
    for (const family of families) {
      const { name, type, help } = family
      const settings = { name, help, labelNames: [...family.labels], registers: [this.registry] }
      this.families.push(family)
      if (type === 'counter') this.#counters.set(name, new Counter(settings))
      else if (type === 'gauge') this.#gauges.set(name, new Gauge(settings))
      else this.#histograms.set(name, new Histogram({ ...settings, buckets }))
    }
  }

  #count(name: string, labels: Readonly<Record<string, string>>, by: number): void {
    this.#counters.get(name)?.inc({ ...labels }, by)
  }

  #set(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    this.#gauges.get(name)?.set({ ...labels }, value)
  }

  #observe(name: string, labels: Readonly<Record<string, string>>, seconds: number): void {
    this.#histograms.get(name)?.observe({ ...labels }, seconds)
  }
}
