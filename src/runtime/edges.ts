// The interfaces that the engine needs of its edges: a client of the API server, a log, metrics. It asks for no more than it uses,
// so it knows none of them; src/operator/compose.ts puts them in.

export interface Resource {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
}

/** What the engine reads of any object. */
export interface ApiObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
}

export interface ObjectName {
  readonly namespace: string
  readonly name: string
}

export interface Scope {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface Page<T> {
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly T[]
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}

export interface WatchScope extends Scope {
  readonly resourceVersion?: string
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

/** Errors are those of errors.ts. */
export interface Client {
  get<T extends ApiObject>(resource: Resource, name: ObjectName): Promise<T>
  create<T extends ApiObject>(resource: Resource, object: T): Promise<T>
  update<T extends ApiObject>(resource: Resource, object: T): Promise<T>
  patch<T extends ApiObject>(
    resource: Resource,
    name: ObjectName,
    patch: { readonly type: 'merge'; readonly body: unknown },
  ): Promise<T>
  /** All pages of one consistent list. */
  pages<T extends ApiObject>(resource: Resource, scope: Scope): AsyncIterable<Page<T>>
  watch<T extends ApiObject>(resource: Resource, scope: WatchScope): AsyncIterable<WatchEvent<T>>
}

/** One for each purpose, so that none waits behind another: over connections of its own, with deadlines of its own. */
export interface Clients {
  /** Fills the caches. */
  readonly caches: Pick<Client, 'pages' | 'watch'>
  readonly lease: Pick<Client, 'get' | 'create' | 'update' | 'watch'>
  readonly events: Pick<Client, 'create' | 'patch'>
}

type Line = (fields: object, message: string) => void

export interface Log {
  readonly info: Line
  readonly warn: Line
  readonly error: Line
}

/** How a reconcile ended. */
export type Outcome = 'success' | 'requeue' | 'conflict' | 'transient' | 'terminal' | 'bug'

/** What a controller counts. */
export interface ControllerMetrics {
  declareController(controller: string): void
  observeWait(controller: string, seconds: number): void
  /** A field and no method, so that the compiler refuses metrics that lack an outcome. */
  readonly observeReconcile: (controller: string, outcome: Outcome, seconds: number) => void
}

/** What can be read on /metrics. */
export interface Exposition {
  readonly registry: { readonly contentType: string }
  text(): Promise<string>
}

export interface Metrics extends ControllerMetrics, Exposition {
  declareWatch(resource: string): void
  countWatchRestart(resource: string, error: unknown): void
  countDroppedEvent(): void
  setLeading(held: boolean): void
  queue(controller: string, state: { readonly depth: number; readonly longestRunningSeconds: number }): void
  beforeScrape(refresh: () => void): void
}
