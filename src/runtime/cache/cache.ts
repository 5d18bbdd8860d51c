// What a controller sees of a cache: the objects, and word of each change.
import { isDeepStrictEqual } from 'node:util'
import type { ApiObject } from '../edges.ts'
import type { Change } from './reflector.ts'
import { Store, keyOf } from './store.ts'
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

/**
 * Keys of what is there now and of what was there before: an object that leaves a group concerns it still.
 * @param isNews whether a change wakes anybody; all do, unless it is given
 */
export function watchOf<T extends ApiObject>(
  cache: Cache<T>,
  keysOf: (object: T) => readonly string[],
  isNews: (change: Change<T>) => boolean = () => true,
): Watch {
  return (add) =>
    cache.onChange((change) => {
      if (!isNews(change)) return
      const { previous, current } = change
      const keys = [previous, current].flatMap((object) => (object === undefined ? [] : keysOf(object)))
      for (const key of new Set(keys)) add(key)
    })
}

/** So often somebody's word in an annotation, by which people ask for a look, is heard. */
const annotationsEveryMs = 10_000

/** For objects of which nobody reads annotations, nor what is not kept: a change of those alone wakes, but not again and again, whoever rewrites them all day. Each has a memory of its own. */
export function seldomForAnnotations<T extends ApiObject>(): (change: Change<T>) => boolean {
  const wokenAtMs = new Map<string, number>()
  return ({ previous, current }) => {
    if (previous === undefined) return true
    const key = keyOf(previous)
    if (current === undefined) {
      wokenAtMs.delete(key)
      return true
    }
    if (!isDeepStrictEqual(withoutAnnotations(previous), withoutAnnotations(current))) return true
    const nowMs = performance.now()
    if (nowMs - (wokenAtMs.get(key) ?? -Infinity) < annotationsEveryMs) return false
    wokenAtMs.set(key, nowMs)
    return true
  }
}

function withoutAnnotations({ metadata, ...object }: ApiObject): object {
  return { ...object, metadata: { ...metadata, annotations: undefined, resourceVersion: undefined } }
}
