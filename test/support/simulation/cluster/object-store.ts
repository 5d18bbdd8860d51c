// What etcd and the API server's storage do, in memory: every object as the text that is sent, versions, a history for watches, and selectors.
// Objects are never changed in place, so whoever has one may keep it.
import type { KubeObject } from '../../../../src/kube/resource.ts'

export interface Stored extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly uid: string
    readonly resourceVersion: string
    readonly creationTimestamp: string
  }
  readonly spec?: unknown
  readonly status?: unknown
  /** Of an Event. */
  readonly involvedObject?: { readonly uid: string }
}

export interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Stored
  readonly previous: Stored | undefined
}

export type Listener = (change: Change) => void

/** More than any watch is behind. */
const keptChanges = 2000

export class ObjectStore {
  #version = 1000
  #serial = 0
  readonly #nowMs: () => number
  readonly #kinds = new Map<string, Map<string, Map<string, Stored>>>()
  /** `plural/namespace/key=value` → name → object */
  readonly #found = new Map<string, Map<string, Stored>>()
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #history = new Map<string, Change[]>()
  readonly #texts = new WeakMap<Stored, string>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get version(): number {
    return this.#version
  }

  text(object: Stored): string {
    const known = this.#texts.get(object)
    if (known !== undefined) return known
    const text = JSON.stringify(object)
    this.#texts.set(object, text)
    return text
  }

  get(plural: string, namespace: string, name: string): Stored | undefined {
    return this.#kinds.get(plural)?.get(namespace)?.get(name)
  }

  /** Sorted by namespace and name, as etcd has them. Within a namespace it looks at no more objects than have the rarest of the labels. */
  list(plural: string, namespace?: string, selector = ''): readonly Stored[] {
    const wanted = pairsOf(selector)
    const spaces = namespace === undefined ? [...(this.#kinds.get(plural)?.keys() ?? [])].toSorted() : [namespace]
    return spaces.flatMap((space) => this.#within(plural, space, wanted).toSorted(byName))
  }

  #within(plural: string, namespace: string, wanted: Pairs): Stored[] {
    let fewest = this.#kinds.get(plural)?.get(namespace)
    for (const [key, value] of wanted) {
      const found = this.#found.get(`${plural}/${namespace}/${key}=${value}`)
      if (found === undefined) return []
      if (fewest === undefined || found.size < fewest.size) fewest = found
    }
    return [...(fewest?.values() ?? [])].filter((object) => matches(object, wanted))
  }

  /** Sees to it that an object is found by its labels, and an Event by whom it is about. */
  #index(plural: string, previous: Stored | undefined, current: Stored | undefined): void {
    const { namespace = '', name } = (current ?? previous)!.metadata
    for (const pair of namesOf(previous)) this.#found.get(`${plural}/${namespace}/${pair}`)?.delete(name)
    if (current === undefined) return
    for (const pair of namesOf(current))
      entry(this.#found, `${plural}/${namespace}/${pair}`, () => new Map<string, Stored>()).set(name, current)
  }

  /** Creates it, or puts it in place of what is there. What the storage sets is set here. */
  put(plural: string, object: KubeObject): Stored {
    const { namespace = '', name } = object.metadata
    const previous = this.get(plural, namespace, name)
    const version = ++this.#version
    const stored: Stored = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: previous?.metadata.uid ?? object.metadata.uid ?? this.#uid(),
        creationTimestamp:
          previous?.metadata.creationTimestamp ?? new Date(this.#nowMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
        generation: generationOf(object, previous),
        resourceVersion: String(version),
      },
    }
    const kind = entry(this.#kinds, plural, () => new Map<string, Map<string, Stored>>())
    entry(kind, namespace, () => new Map<string, Stored>()).set(name, stored)
    this.#index(plural, previous, stored)
    this.#announce(plural, { version, type: previous === undefined ? 'ADDED' : 'MODIFIED', object: stored, previous })
    return stored
  }

  remove(plural: string, namespace: string, name: string): void {
    const previous = this.get(plural, namespace, name)
    if (previous === undefined) return
    this.#kinds.get(plural)?.get(namespace)?.delete(name)
    this.#index(plural, previous, undefined)
    const version = ++this.#version
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(version) } }
    this.#announce(plural, { version, type: 'DELETED', object, previous })
  }

  /** Calls for each change after the version, those that were and those that come, until the result is called. Undefined where the version is forgotten. */
  follow(plural: string, version: number, listener: Listener): (() => void) | undefined {
    const history = this.#history.get(plural) ?? []
    const first = history[0]
    if (first !== undefined && history.length === keptChanges && first.version > version + 1) return undefined
    for (const change of history.slice(history.findIndex((candidate) => candidate.version > version))) {
      if (change.version > version) listener(change)
    }
    const listeners = entry(this.#listeners, plural, () => new Set<Listener>())
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  #announce(plural: string, change: Change): void {
    const history = entry(this.#history, plural, (): Change[] => [])
    history.push(change)
    if (history.length > keptChanges * 2) history.splice(0, keptChanges)
    for (const listener of this.#listeners.get(plural) ?? []) listener(change)
  }

  /** Of the right form; sorts as it was made. */
  #uid(): string {
    const digits = (++this.#serial).toString(16).padStart(8, '0')
    const spread = Math.imul(this.#serial, 0x9e3779b1) >>> 0
    return `${spread.toString(16).padStart(8, '0')}-0000-4000-8000-0000${digits}`
  }
}

/** One more with each change of its spec. */
function generationOf(object: KubeObject, previous: Stored | undefined): number {
  if (previous === undefined) return object.metadata.generation ?? 1
  const { spec } = object as Stored
  const known = previous.metadata.generation ?? 1
  return spec === previous.spec || JSON.stringify(spec) === JSON.stringify(previous.spec) ? known : known + 1
}

type Pairs = readonly (readonly [string, string])[]

/** Plain `key=value` only: no other selector is used. */
function pairsOf(labelSelector: string): Pairs {
  return labelSelector
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [, key, value] = /^([^=!]+)==?([^=]*)$/.exec(part) ?? []
      if (key === undefined || value === undefined) throw new Error(`the model knows no selector like ${part}`)
      return [key, value] as const
    })
}

const aboutUid = 'involvedObject.uid'

/** What an object is found by. */
const valueAt = ({ metadata, involvedObject }: Stored, key: string): string | undefined =>
  key === aboutUid ? involvedObject?.uid : metadata.labels?.[key]

function namesOf(object: Stored | undefined): readonly string[] {
  if (object === undefined) return []
  const labels = Object.entries(object.metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return object.involvedObject === undefined ? labels : [...labels, `${aboutUid}=${object.involvedObject.uid}`]
}

const matches = (object: Stored, wanted: Pairs): boolean =>
  wanted.every(([key, value]) => valueAt(object, key) === value)

export function selects(labelSelector: string): (object: Stored | undefined) => boolean {
  const wanted = pairsOf(labelSelector)
  return (object) => object !== undefined && matches(object, wanted)
}

const byName = ({ metadata: one }: KubeObject, { metadata: other }: KubeObject): number =>
  one.name < other.name ? -1 : one.name > other.name ? 1 : 0

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
