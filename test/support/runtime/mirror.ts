// Reflectors of one fake API server, and everything that they announced.
import { expect } from 'vitest'
import { Reflector } from '../../../src/runtime/cache/reflector.ts'
import type { Change } from '../../../src/runtime/cache/reflector.ts'
import { Store, keyOf } from '../../../src/runtime/cache/store.ts'
import { FakeApiServer } from './fake-api-server.ts'
import type { Pace, Thing } from './fake-api-server.ts'
import { VirtualTime } from './virtual-time.ts'

const things = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' }

/** Reflectors of one server that share a store, and all that they announced. */
export class Mirror implements AsyncDisposable {
  readonly store = new Store<Thing>()
  readonly changes: (Change<Thing> & { readonly inStore: Thing | undefined })[] = []
  readonly breaks: { readonly error: unknown; readonly failures: number }[] = []
  readonly time: VirtualTime
  readonly server: FakeApiServer
  readonly #rule: Disposable
  readonly #keep: ((thing: Thing) => Thing) | undefined
  readonly #stop = new AbortController()
  readonly #ended: Promise<unknown>
  syncedReflectors = 0
  hasEnded = false

  constructor({
    pace = {},
    namespaces = [undefined],
    seed = 1,
    before = (): void => undefined,
    keep,
  }: {
    pace?: Partial<Pace>
    namespaces?: readonly (string | undefined)[]
    seed?: number
    before?: (server: FakeApiServer) => void
    keep?: (thing: Thing) => Thing
  } = {}) {
    this.#keep = keep
    this.time = new VirtualTime(seed)
    this.#rule = this.time.rule()
    this.server = new FakeApiServer(this.time, pace)
    before(this.server)
    this.#ended = Promise.all(namespaces.map((namespace) => this.#reflect(namespace))).then(
      () => (this.hasEnded = true),
    )
  }

  /** Keys of what was announced, and what became of each: + came, ~ changed, - went. */
  get history(): readonly string[] {
    return this.changes.map(({ previous, current }) => `${sign(previous, current)} ${keyOf((current ?? previous)!)}`)
  }

  expectEqualToServer(): void {
    const here = Object.fromEntries(
      this.store
        .list()
        .map((thing) => [keyOf(thing), [thing.value, thing.metadata.uid, thing.metadata.resourceVersion]]),
    )
    const there = Object.fromEntries(
      [...this.server.objects].map(([key, thing]) => [
        key,
        [thing.value, thing.metadata.uid, thing.metadata.resourceVersion],
      ]),
    )
    expect(here).toEqual(there)
  }

  /** Each change was announced when the store had it, begins where the one before of its key ended, and is one; together they give the store. */
  expectConsistentChanges(): void {
    const mirror = new Map<string, Thing>()
    for (const { previous, current, inStore } of this.changes) {
      const key = keyOf((current ?? previous)!)
      expect(previous).toBe(mirror.get(key))
      expect(inStore).toBe(current)
      expect(versionOf(current)).not.toBe(versionOf(previous))
      if (current === undefined) mirror.delete(key)
      else mirror.set(key, current)
    }
    expect(new Set(mirror.values())).toEqual(new Set(this.store.list()))
  }

  stop(): void {
    this.#stop.abort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    await this.time.advance(120_000)
    await this.#ended
    this.#rule[Symbol.dispose]()
  }

  async #reflect(namespace: string | undefined): Promise<void> {
    const reflector = new Reflector<Thing>({
      kube: this.server,
      resource: things,
      store: this.store,
      keep: this.#keep,
      ...(namespace === undefined ? {} : { namespace }),
      announce: (change) =>
        this.changes.push({ ...change, inStore: this.store.get(keyOf((change.current ?? change.previous)!)) }),
      interrupted: (error, failures) => this.breaks.push({ error, failures }),
    })
    void reflector.synced.then(() => this.syncedReflectors++)
    await reflector.run(this.#stop.signal)
  }
}

const versionOf = (thing: Thing | undefined): string =>
  `${thing?.metadata.uid ?? ''} ${thing?.metadata.resourceVersion ?? ''}`

function sign(previous: Thing | undefined, current: Thing | undefined): string {
  if (previous === undefined) return '+'
  return current === undefined ? '-' : '~'
}
