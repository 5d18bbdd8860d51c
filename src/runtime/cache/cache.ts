// What a controller sees of a cache: the objects, and word of each change.
import type { ApiObject } from '../edges.ts'
import type { Change } from './reflector.ts'
import { Store } from './store.ts'
import type { Indexes } from './store.ts'

/** A cache that controllers share. */
export class Cache<T extends ApiObject> {
  readonly store: Store<T>
  readonly #listeners: ((change: Change<T>) => void)[] = []

  constructor(indexes: Indexes<T> = {}) {
    this.store = new Store<T>(indexes)
  }

  announce(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change)
  }

  onChange(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener)
  }
}

export interface CacheParts<T> {
  readonly labelSelector?: string | undefined
  /** Ways to find objects besides key and namespace: `store.byIndex`. */
  readonly indexes?: Indexes<T>
  /** What is kept of an object, beyond that nobody reads its managedFields; absent: all. Name, namespace, uid and resourceVersion must stay. */
  readonly keep?: ((object: T) => T) | undefined
}

/** Adds keys to a queue when a cache changes. */
export type Watch = (add: (key: string) => void) => void

/** Keys of what is there now and of what was there before: an object that leaves a group concerns it still. */
export function watchOf<T extends ApiObject>(cache: Cache<T>, keysOf: (object: T) => readonly string[]): Watch {
  return (add) =>
    cache.onChange(({ previous, current }) => {
      const keys = [previous, current].flatMap((object) => (object === undefined ? [] : keysOf(object)))
      for (const key of new Set(keys)) add(key)
    })
}
