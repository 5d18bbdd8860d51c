// Keeps a store equal to the API server, as client-go's Reflector does: lists in pages, watches from there, resumes where the watch broke off,
// and lists again where the server does not watch from that point any more. A change is announced after the store has it.
import { TransientError } from '../../errors.ts'
import { pause } from '../timers.ts'
import { backoffMs } from '../backoff.ts'
import type { ApiObject, Client, Resource, Scope } from '../edges.ts'
import { keyOf } from './store.ts'
import type { Store } from './store.ts'

export interface Change<T> {
  readonly previous: T | undefined
  /** Undefined once it is gone. */
  readonly current: T | undefined
}

export interface Source<T extends ApiObject> {
  readonly kube: Pick<Client, 'pages' | 'watch'>
  readonly resource: Resource
  readonly store: Store<T>
  /** Undefined: all namespaces. Several reflectors may share a store, each with its own namespace. */
  readonly namespace?: string
  readonly labelSelector?: string
  /** What is kept of an object; applied to each as it comes. Name, namespace, uid and resourceVersion must stay. */
  readonly keep?: ((object: T) => T) | undefined
  readonly announce: (change: Change<T>) => void
  /** Called for each break: why, and how often in a row. */
  readonly interrupted: (error: unknown, failures: number) => void
  /** Tests shorten it. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number }
}

const defaultBackoff = { firstMs: 800, maxMs: 30_000 }
/** The server ends a watch after this time; at random, so that not all come back at once. */
const watchSeconds = { least: 290, most: 600 }
/** A watch that ends sooner without a word counts as a failure: else a broken server would be asked in a tight loop. */
const shortestWatchMs = 1000
/** That many in a row: half a minute at first. */
const doubtAfter = 5

export class Reflector<T extends ApiObject> {
  readonly #source: Source<T>
  readonly #scope: Scope
  #resourceVersion: string | undefined
  readonly #synced = Promise.withResolvers<void>()

  constructor(source: Source<T>) {
    this.#source = source
    const { namespace, labelSelector } = source
    this.#scope = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    }
  }

  /** Resolves when the store was equal to the server for the first time. */
  get synced(): Promise<void> {
    return this.#synced.promise
  }

  /** Runs until the signal; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const started = performance.now()
      try {
        await this.#listOnce()
        await this.#watch(signal)
        failures = performance.now() - started < shortestWatchMs ? failures + 1 : 0
      } catch (error) {
        if (signal.aborted) break
        failures = performance.now() - started < shortestWatchMs * 10 ? failures + 1 : 1
        this.#broke(error, failures)
        await this.#rest(failures, error, signal)
        continue
      }
      if (failures > 0) await this.#rest(failures, undefined, signal)
    }
  }

  #broke(error: unknown, failures: number): void {
    if (isOfThatPoint(error, failures)) this.#resourceVersion = undefined
    this.#source.interrupted(error, failures)
  }

  async #rest(failures: number, error: unknown, signal: AbortSignal): Promise<void> {
    const asked = error instanceof TransientError ? (error.retryAfterMs ?? 0) : 0
    const delayMs = Math.max(asked, backoffMs(this.#source.backoff ?? defaultBackoff, failures - 1, Math.random()))
    await pause(delayMs, { signal })
  }

  async #listOnce(): Promise<void> {
    if (this.#resourceVersion !== undefined) return
    const items: T[] = []
    let resourceVersion: string | undefined
    for await (const page of this.#source.kube.pages<T>(this.#source.resource, this.#scope)) {
      // At once: of ten thousand objects as they came, all pages together would be more than all that is kept.
      items.push(...page.items.map((item) => this.#keep(item)))
      resourceVersion = page.metadata.resourceVersion
    }
    const there = new Set(items.map(keyOf))
    for (const key of this.#keysInScope()) if (!there.has(key)) this.#remove(key)
    for (const item of items) this.#put(item)
    this.#resourceVersion = resourceVersion
    this.#synced.resolve()
  }

  #keep(object: T): T {
    const stripped = strip(object)
    return this.#source.keep?.(stripped) ?? stripped
  }

  #keysInScope(): readonly string[] {
    const { store, namespace } = this.#source
    return [...store.byNamespace(namespace).keys()]
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { kube, resource } = this.#source
    const timeoutSeconds = watchSeconds.least + Math.floor(Math.random() * (watchSeconds.most - watchSeconds.least))
    for await (const { type, object } of kube.watch<T>(resource, {
      ...this.#scope,
      resourceVersion: this.#resourceVersion ?? '0',
      timeoutSeconds,
      signal,
    })) {
      if (type === 'DELETED') this.#remove(keyOf(object))
      else if (type !== 'BOOKMARK') this.#put(this.#keep(object))
      this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion
    }
  }

  /** An event that came before changes nothing. */
  #put(current: T): void {
    const previous = this.#source.store.get(keyOf(current))
    if (
      previous !== undefined &&
      previous.metadata.resourceVersion === current.metadata.resourceVersion &&
      previous.metadata.uid === current.metadata.uid
    )
      return
    this.#source.store.set(current)
    this.#source.announce({ previous, current })
  }

  #remove(key: string): void {
    const previous = this.#source.store.delete(key)
    if (previous !== undefined) this.#source.announce({ previous, current: undefined })
  }
}

/** What may pass does not cost a list: no connection, no answer in time, a server that has too much to do. A 500 may be about that version, and not pass while we ask for it. */
function isOfThatPoint(error: unknown, failures: number): boolean {
  if (!(error instanceof TransientError)) return true
  return error.status === 500 && failures % doubtAfter === 0
}

type Metadata = ApiObject['metadata'] & { readonly managedFields?: unknown }

/** A second copy of the object as text, where somebody used `kubectl apply` without `--server-side`. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** Without what nobody reads: half of an object's size. */
function strip<T extends ApiObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as Metadata
  if (metadata.annotations?.[lastApplied] === undefined) return { ...object, metadata }
  const { [lastApplied]: _text, ...annotations } = metadata.annotations
  return { ...object, metadata: { ...metadata, annotations } }
}
