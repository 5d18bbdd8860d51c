// Holds the objects that a reflector has seen, by key and by index. It says what is there now, never how it came.
import type { ApiObject } from '../edges.ts'

/** From an object to the values under which it is found; several are fine. Pure: the same object has the same values when it goes. */
export type Index<T> = (object: T) => readonly string[]

/** By their names. */
export type Indexes<T> = Readonly<Record<string, Index<T>>>

/** Objects by key, not copied: to be read at once, as it changes with the store and may be another one afterwards. */
export type Group<T> = ReadonlyMap<string, T>

export function keyOf({ metadata }: ApiObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`
}

const byNamespace = 'namespace'

interface Grouping<T> {
  readonly valuesOf: Index<T>
  /** No group is empty. */
  readonly groups: Map<string, Map<string, T>>
}

export class Store<T extends ApiObject> {
  readonly #objects = new Map<string, T>()
  readonly #groupings: ReadonlyMap<string, Grouping<T>>
  readonly #none: Group<T> = new Map()

  constructor(indexes: Indexes<T> = {}) {
    const own: Index<T> = ({ metadata }) => [metadata.namespace ?? '']
    this.#groupings = new Map(
      [...Object.entries(indexes), [byNamespace, own] as const].map(([name, valuesOf]) => [
        name,
        { valuesOf, groups: new Map<string, Map<string, T>>() },
      ]),
    )
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  /** A copy, to be kept; `byNamespace` costs nothing. */
  list(namespace?: string): readonly T[] {
    return [...this.byNamespace(namespace).values()]
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()]
  }

  /** Undefined: all. */
  byNamespace(namespace?: string): Group<T> {
    return namespace === undefined ? this.#objects : this.byIndex(byNamespace, namespace)
  }

  /** @throws Error for an index that was not declared */
  byIndex(index: string, value: string): Group<T> {
    return this.#groups(index).get(value) ?? this.#none
  }

  /** The values that any object has, not copied either. */
  values(index: string): Iterable<string> {
    return this.#groups(index).keys()
  }

  /** Gives what was there before. */
  set(object: T): T | undefined {
    const key = keyOf(object)
    const previous = this.#objects.get(key)
    this.#objects.set(key, object)
    for (const { valuesOf, groups } of this.#groupings.values()) {
      const values = valuesOf(object)
      if (previous !== undefined) remove(groups, key, without(valuesOf(previous), values))
      for (const value of values) (groups.get(value) ?? addTo(groups, value)).set(key, object)
    }
    return previous
  }

  delete(key: string): T | undefined {
    const previous = this.#objects.get(key)
    if (previous === undefined) return undefined
    this.#objects.delete(key)
    for (const { valuesOf, groups } of this.#groupings.values()) remove(groups, key, valuesOf(previous))
    return previous
  }

  #groups(index: string): ReadonlyMap<string, Group<T>> {
    const grouping = this.#groupings.get(index)
    if (grouping === undefined) throw new Error(`the store has no index ${index}`)
    return grouping.groups
  }
}

function without(values: readonly string[], kept: readonly string[]): readonly string[] {
  return values.filter((value) => !kept.includes(value))
}

function addTo<T>(groups: Map<string, Map<string, T>>, value: string): Map<string, T> {
  const group = new Map<string, T>()
  groups.set(value, group)
  return group
}

function remove<T>(groups: Map<string, Map<string, T>>, key: string, values: readonly string[]): void {
  for (const value of values) {
    const group = groups.get(value)
    group?.delete(key)
    if (group?.size === 0) groups.delete(value)
  }
}
