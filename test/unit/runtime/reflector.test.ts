import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Gone } from '../../../src/errors.ts'
import { Reflector } from '../../../src/runtime/reflector.ts'
import type { Change } from '../../../src/runtime/reflector.ts'
import { Store, keyOf } from '../../../src/runtime/store.ts'
import { FakeApiServer, gone, unreachable } from '../../support/runtime/fake-api-server.ts'
import type { Pace, Thing } from '../../support/runtime/fake-api-server.ts'
import { VirtualTime } from '../../support/runtime/virtual-time.ts'

vi.mock('node:timers/promises', async () => ({
  setTimeout: (await import('../../support/runtime/virtual-time.ts')).globalPause,
}))
vi.setConfig({ testTimeout: 120_000 })

const second = 1000
const minute = 60 * second
const things = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' }

/** Reflectors of one server that share a store, and all that they told. */
class Mirror implements AsyncDisposable {
  readonly store = new Store<Thing>()
  readonly told: (Change<Thing> & { readonly inStore: Thing | undefined })[] = []
  readonly breaks: { readonly error: unknown; readonly failures: number }[] = []
  readonly time: VirtualTime
  readonly server: FakeApiServer
  readonly #rule: Disposable
  readonly #stop = new AbortController()
  readonly #ended: Promise<unknown>
  syncedReflectors = 0
  hasEnded = false

  constructor({
    pace = {},
    namespaces = [undefined],
    seed = 1,
    before = (): void => undefined,
  }: {
    pace?: Partial<Pace>
    namespaces?: readonly (string | undefined)[]
    seed?: number
    before?: (server: FakeApiServer) => void
  } = {}) {
    this.time = new VirtualTime(seed)
    this.#rule = this.time.rule()
    this.server = new FakeApiServer(this.time, pace)
    before(this.server)
    this.#ended = Promise.all(namespaces.map((namespace) => this.#reflect(namespace))).then(
      () => (this.hasEnded = true),
    )
  }

  /** Keys of what was told, and what became of each: + came, ~ changed, - went. */
  get story(): readonly string[] {
    return this.told.map(({ previous, current }) => `${sign(previous, current)} ${keyOf((current ?? previous)!)}`)
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

  /** Each change was told when the store had it, begins where the one before of its key ended, and is one; together they give the store. */
  expectConsistentStory(): void {
    const mirror = new Map<string, Thing>()
    for (const { previous, current, inStore } of this.told) {
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
    await this.time.advance(2 * minute)
    await this.#ended
    this.#rule[Symbol.dispose]()
  }

  async #reflect(namespace: string | undefined): Promise<void> {
    const reflector = new Reflector<Thing>({
      kube: this.server,
      resource: things,
      store: this.store,
      ...(namespace === undefined ? {} : { namespace }),
      announce: (change) =>
        this.told.push({ ...change, inStore: this.store.get(keyOf((change.current ?? change.previous)!)) }),
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

function three(server: FakeApiServer): void {
  for (const name of ['one', 'two', 'three']) server.write('a', name)
}

describe('a reflector', () => {
  test('is synced when the last page is in the store, not before', async () => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(79)
    expect(mirror.syncedReflectors).toBe(0)
    await mirror.time.advance(1)
    expect(mirror.syncedReflectors).toBe(1)
    mirror.expectEqualToServer()
  })

  test('is synced with an empty store where there is nothing', async () => {
    await using mirror = new Mirror()
    await mirror.time.advance(second)
    expect(mirror.syncedReflectors).toBe(1)
    expect(mirror.store.size).toBe(0)
  })

  test('tells what came, changed and went, with what was there before', async () => {
    await using mirror = new Mirror()
    await mirror.time.advance(second)
    const first = mirror.server.write('a', 'one')
    const next = mirror.server.write('a', 'one')
    mirror.server.remove('a', 'one')
    await mirror.time.advance(second)
    expect(mirror.story).toEqual(['+ a/one', '~ a/one', '- a/one'])
    expect(mirror.told.map(({ previous, current }) => [previous?.value, current?.value])).toEqual([
      [undefined, first.value],
      [first.value, next.value],
      [next.value, undefined],
    ])
  })

  test('does not miss what is written between the list and the watch', async () => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(30)
    mirror.server.write('a', 'four')
    mirror.server.remove('a', 'one')
    await mirror.time.advance(minute)
    mirror.expectEqualToServer()
  })

  test('keeps no managedFields', async () => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(second)
    mirror.server.write('a', 'four')
    await mirror.time.advance(second)
    expect(JSON.stringify([mirror.store.list(), mirror.told])).not.toContain('managedFields')
  })

  test('keeps no copy of the object in an annotation, and all other annotations', async () => {
    await using mirror = new Mirror()
    await mirror.time.advance(second)
    mirror.server.write('a', 'one', { 'kubectl.kubernetes.io/last-applied-configuration': '{}', team: 'search' })
    await mirror.time.advance(second)
    expect(mirror.store.get('a/one')?.metadata.annotations).toEqual({ team: 'search' })
  })

  test('tells an event that comes twice once', async () => {
    await using mirror = new Mirror()
    await mirror.time.advance(second)
    mirror.server.write('a', 'one')
    mirror.server.repeat(1)
    await mirror.time.advance(second)
    mirror.server.remove('a', 'one')
    mirror.server.repeat(1)
    await mirror.time.advance(second)
    expect(mirror.story).toEqual(['+ a/one', '- a/one'])
  })

  test.each([
    ['lists', 10],
    ['watches', 10 * second],
    ['rests after a failure', 100],
  ])('ends when it is told to while it %s', async (_what, afterMs) => {
    await using mirror = new Mirror({
      before: (server) => afterMs === 100 && server.refusals.push(unreachable(minute)),
    })
    await mirror.time.advance(afterMs)
    mirror.stop()
    await mirror.time.advance(second)
    expect(mirror.hasEnded).toBe(true)
    expect(mirror.server.watchers).toBe(0)
  })
})

describe('a watch that ends', () => {
  test.each([
    ['as the server does it after some minutes', undefined],
    ['by a broken connection', unreachable()],
  ])('%s is resumed without a new list, and nothing of the time between is lost', async (_how, error) => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(minute)
    mirror.server.disconnect(error)
    mirror.server.write('a', 'two')
    mirror.server.remove('a', 'three')
    mirror.server.write('a', 'four')
    await mirror.time.advance(minute)
    mirror.expectEqualToServer()
    mirror.expectConsistentStory()
    expect(mirror.story.slice(3)).toEqual(['~ a/two', '- a/three', '+ a/four'])
    expect(mirror.server.answered).toEqual({ lists: 1, watches: 2 })
  })

  test('is asked to end after 5 to 10 minutes, so that it moves between API servers', async () => {
    await using mirror = new Mirror()
    await mirror.time.advance(600 * minute)
    expect(mirror.server.answered.lists).toBe(1)
    expect(mirror.server.answered.watches).toBeGreaterThan(60)
    expect(mirror.server.answered.watches).toBeLessThan(125)
    expect(mirror.breaks).toEqual([])
  })

  test('resumes from the last bookmark, also when all before it is forgotten', async () => {
    await using mirror = new Mirror({ namespaces: ['a'] })
    await mirror.time.advance(second)
    mirror.server.write('b', 'elsewhere')
    mirror.server.bookmark()
    await mirror.time.advance(minute)
    mirror.server.compact()
    mirror.server.disconnect(unreachable())
    mirror.server.write('a', 'one')
    await mirror.time.advance(minute)
    expect(mirror.story).toEqual(['+ a/one'])
    expect(mirror.server.answered.lists).toBe(1)
  })

  test('each time at once is not asked for again in a tight loop', async () => {
    await using mirror = new Mirror({ before: (server) => void (server.watchesLastMs = 10) })
    await mirror.time.advance(10 * minute)
    expect(mirror.server.requests).toBeLessThan(50)
  })
})

describe('a point that the server has forgotten', () => {
  test('when the watch is opened leads to a new list, which tells also what is gone', async () => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(minute)
    mirror.server.disconnect(unreachable())
    mirror.server.write('a', 'two')
    mirror.server.remove('a', 'three')
    mirror.server.compact()
    await mirror.time.advance(minute)
    mirror.expectEqualToServer()
    expect(mirror.story.slice(3).toSorted()).toEqual(['- a/three', '~ a/two'])
    expect(mirror.server.answered.lists).toBe(2)
    expect(mirror.breaks.at(-1)?.error).toBeInstanceOf(Gone)
  })

  test('in the middle of a watch leads to a new list', async () => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(minute)
    mirror.server.disconnect(gone())
    mirror.server.remove('a', 'one')
    await mirror.time.advance(minute)
    mirror.expectEqualToServer()
    expect(mirror.server.answered).toEqual({ lists: 2, watches: 2 })
  })

  test('between two pages leads to a new list from its start', async () => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(30)
    mirror.server.write('a', 'four')
    mirror.server.compact()
    await mirror.time.advance(minute)
    mirror.expectEqualToServer()
  })

  test('tells an object that was made anew meanwhile as a change from the old one', async () => {
    await using mirror = new Mirror()
    await mirror.time.advance(second)
    mirror.server.write('a', 'one')
    await mirror.time.advance(minute)
    mirror.server.disconnect(gone())
    mirror.server.remove('a', 'one')
    mirror.server.write('a', 'one')
    await mirror.time.advance(minute)
    mirror.expectConsistentStory()
    const { previous, current } = mirror.told.at(-1)!
    expect(previous?.metadata.uid).not.toBe(current?.metadata.uid)
  })
})

describe('a server that refuses', () => {
  test('is asked again after the time it named, not sooner', async () => {
    await using mirror = new Mirror({ before: (server) => server.refusals.push(unreachable(90 * second)) })
    await mirror.time.advance(90 * second)
    expect(mirror.server.requests).toBe(1)
    await mirror.time.advance(second)
    expect(mirror.syncedReflectors).toBe(1)
  })

  test('is asked less and less often, and each break is told with its number', async () => {
    await using mirror = new Mirror({
      before: (server) => server.refusals.push(...Array.from({ length: 8 }, () => unreachable())),
    })
    await mirror.time.advance(10 * minute)
    expect(mirror.breaks.map(({ failures }) => failures)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(mirror.syncedReflectors).toBe(1)
    mirror.server.disconnect(unreachable())
    await mirror.time.advance(minute)
    expect(mirror.breaks.at(-1)?.failures).toBe(1)
  })

  test('for an hour is asked at least every half minute', async () => {
    await using mirror = new Mirror({
      before: (server) => server.refusals.push(...Array.from({ length: 1000 }, () => unreachable())),
    })
    await mirror.time.advance(60 * minute)
    expect(mirror.server.requests).toBeGreaterThanOrEqual(120)
    expect(mirror.server.requests).toBeLessThan(300)
  })
})

describe('two reflectors that share a store', () => {
  test('each list anew without a word about the other namespace', async () => {
    await using mirror = new Mirror({ namespaces: ['a', 'b'], before: three })
    mirror.server.write('b', 'one')
    mirror.server.write('c', 'nobody looks here')
    await mirror.time.advance(minute)
    expect(mirror.story.toSorted()).toEqual(['+ a/one', '+ a/three', '+ a/two', '+ b/one'])
    mirror.server.disconnect(gone())
    await mirror.time.advance(minute)
    expect(mirror.told.length).toBe(4)
    expect(mirror.server.answered.lists).toBe(4)
  })
})

const names = fc.constantFrom('one', 'two', 'three', 'four', 'five')
const spaces = fc.constantFrom('a', 'b')
const trouble = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), namespace: spaces, name: names }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), namespace: spaces, name: names }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 5, 25, 70, 400, 3000, 60_000, 900_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('disconnect' as const), by: fc.constantFrom('end', 'break') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('bookmark' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      times: fc.integer({ min: 1, max: 4 }),
      retryAfterMs: fc.constantFrom(undefined, 0, 5000, 45_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('gone' as const), by: fc.constantFrom('event', 'reply') }) },
)
type Trouble = typeof trouble extends fc.Arbitrary<infer T> ? T : never

async function befall({ time, server }: Mirror, what: Trouble): Promise<void> {
  switch (what.do) {
    case 'write':
      return void server.write(what.namespace, what.name)
    case 'remove':
      return server.remove(what.namespace, what.name)
    case 'wait':
      return await time.advance(what.ms)
    case 'disconnect':
      return server.disconnect(what.by === 'end' ? undefined : unreachable())
    case 'bookmark':
      return server.bookmark()
    case 'repeat':
      return server.repeat(what.count)
    case 'refuse':
      return void server.refusals.push(...Array.from({ length: what.times }, () => unreachable(what.retryAfterMs)))
    case 'compact':
      return server.compact()
    case 'gone':
      if (what.by === 'event') return server.disconnect(gone())
      return void server.refusals.push(gone())
  }
}

const worlds = fc.record({
  namespaces: fc.constantFrom([undefined], ['a', 'b']),
  pace: fc.record({
    latencyMs: fc.constantFrom(1, 20, 400),
    eventMs: fc.constantFrom(1, 30),
    pageSize: fc.integer({ min: 1, max: 4 }),
  }),
  seed: fc.integer(),
})

test('whatever befalls, in the end the store is equal to the server, all that changed was told, and only a forgotten point led to a new list', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.array(trouble, { maxLength: 40, size: 'max' }), async (world, troubles) => {
      await using mirror = new Mirror(world)
      for (const each of troubles) await befall(mirror, each)
      mirror.server.refusals.length = 0
      await mirror.time.advance(5 * minute)
      mirror.expectEqualToServer()
      mirror.expectConsistentStory()
      expect(mirror.syncedReflectors).toBe(world.namespaces.length)
      if (!troubles.some((each) => each.do === 'gone' || each.do === 'compact'))
        expect(mirror.server.answered.lists).toBe(world.namespaces.length)
    }),
    { numRuns: 300 },
  )
})
