// What the operator counts about itself. Series are there from the start, at 0, with a bounded set of labels.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from '@prometheus-io/client'

/** How a reconcile ended. */
export const outcomes = ['success', 'requeue', 'conflict', 'transient', 'terminal', 'bug'] as const
export type Outcome = (typeof outcomes)[number]

export class Metrics {
  readonly registry = new Registry()
  readonly #reconciles = this.#counter('meili_operator_reconcile_total', 'Reconciles by controller and outcome', ['controller', 'outcome'])
  readonly #reconcileSeconds = this.#histogram('meili_operator_reconcile_seconds', 'Time of a reconcile', ['controller'])
  readonly #queueDepth = this.#gauge('meili_operator_workqueue_depth', 'Keys that wait', ['controller'])
  readonly #queueSeconds = this.#histogram('meili_operator_workqueue_wait_seconds', 'Time that a key waited', ['controller'])
  readonly #watchRestarts = this.#counter('meili_operator_watch_restarts_total', 'Watches that ended and were begun again', ['resource', 'reason'])
  readonly #apiCalls = this.#counter('meili_operator_api_requests_total', 'Requests to the API server', ['verb', 'resource', 'code'])
  readonly #eventsDropped = this.#counter('meili_operator_events_dropped_total', 'Events that the API server did not take', [])
  readonly #leader = this.#gauge('meili_operator_leader', '1 while this replica leads', [])

  constructor(version: string) {
    collectDefaultMetrics({ register: this.registry })
    this.#gauge('meili_operator_build_info', 'Version of the operator', ['version']).set({ version }, 1)
    this.#eventsDropped.inc(0)
    this.#leader.set(0)
  }

  /** Puts a controller's series at 0. */
  declareController(controller: string): void {
    for (const outcome of outcomes) this.#reconciles.inc({ controller, outcome }, 0)
    this.#queueDepth.set({ controller }, 0)
  }

  reconciled(controller: string, outcome: Outcome, seconds: number): void {
    this.#reconciles.inc({ controller, outcome })
    this.#reconcileSeconds.observe({ controller }, seconds)
  }

  queue(controller: string, depth: number, waitedSeconds: number): void {
    this.#queueDepth.set({ controller }, depth)
    this.#queueSeconds.observe({ controller }, waitedSeconds)
  }

  watchRestarted(resource: string, reason: string): void {
    this.#watchRestarts.inc({ resource, reason })
  }

  apiCall({ verb, resource, code }: { verb: string; resource: string; code: string }): void {
    this.#apiCalls.inc({ verb, resource, code })
  }

  eventDropped(): void {
    this.#eventsDropped.inc()
  }

  leading(held: boolean): void {
    this.#leader.set(held ? 1 : 0)
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] })
  }

  #histogram<L extends string>(name: string, help: string, labelNames: L[]): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60], registers: [this.registry] })
  }
}
