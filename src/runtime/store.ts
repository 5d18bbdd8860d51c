// Holds the objects that a reflector has seen, by key and by index. It says what is there now, never how it came.
import type { ApiObject } from './edges.ts'

/** From an object to the values under which it is found; several are fine. */
export type Index<T> = (object: T) => readonly string[]

export function keyOf({ metadata }: ApiObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`
}

const byNamespace = 'namespace'

export class Store<T extends ApiObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexes: ReadonlyMap<string, Index<T>>
  /** index name → value → keys */
  readonly #found = new Map<string, Map<string, Set<string>>>()

  constructor(indexes: Readonly<Record<string, Index<T>>> = {}) {
    const own: Index<T> = ({ metadata }) => [metadata.namespace ?? '']
    this.#indexes = new Map([...Object.entries(indexes), [byNamespace, own]])
    for (const name of this.#indexes.keys()) this.#found.set(name, new Map())
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  list(namespace?: string): readonly T[] {
    return namespace === undefined ? [...this.#objects.values()] : this.byIndex(byNamespace, namespace)
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()]
  }

  /** @throws Error for an index that was not declared */
  byIndex(index: string, value: string): readonly T[] {
    const values = this.#found.get(index)
    if (values === undefined) throw new Error(`the store has no index ${index}`)
    return [...(values.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? [])
  }

  /** Gives what was there before. */
  set(object: T): T | undefined {
    const key = keyOf(object)
    const previous = this.delete(key)
    this.#objects.set(key, object)
    for (const [name, values] of this.#valuesOf(object)) {
      const keys = this.#found.get(name)
      for (const value of values) (keys?.get(value) ?? addTo(keys, value)).add(key)
    }
    return previous
  }

  delete(key: string): T | undefined {
    const previous = this.#objects.get(key)
    if (previous === undefined) return undefined
    this.#objects.delete(key)
    for (const [name, values] of this.#valuesOf(previous)) {
      for (const value of values) removeFrom(this.#found.get(name), value, key)
    }
    return previous
  }

  #valuesOf(object: T): (readonly [string, readonly string[]])[] {
    return [...this.#indexes].map(([name, index]) => [name, index(object)] as const)
  }
}

function addTo(keys: Map<string, Set<string>> | undefined, value: string): Set<string> {
  const set = new Set<string>()
  keys?.set(value, set)
  return set
}

function removeFrom(keys: Map<string, Set<string>> | undefined, value: string, key: string): void {
  const set = keys?.get(value)
  set?.delete(key)
  if (set?.size === 0) keys?.delete(value)
}
