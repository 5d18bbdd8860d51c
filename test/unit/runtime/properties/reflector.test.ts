// A reflector under any trouble with its API server: in the end the store is equal to it.
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { goneError, refused, unreachable } from '../../../support/runtime/fake-api-server.ts'
import { Mirror } from '../../../support/runtime/mirror.ts'

vi.setConfig({ testTimeout: 240_000 })

const second = 1000
const minute = 60 * second

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
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('spoil' as const), status: fc.constantFrom(400, 403, 500) }),
  },
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
      if (what.by === 'event') return server.disconnect(goneError())
      return void server.refusals.push(goneError())
    case 'spoil':
      return server.refuseVersions(refused(what.status))
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

test('whatever befalls, in the end the store is equal to the server, all that changed was announced, and only a point that was forgotten or refused led to a new list', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.array(trouble, { maxLength: 40, size: 'max' }), async (world, troubles) => {
      await using mirror = new Mirror(world)
      for (const each of troubles) await befall(mirror, each)
      mirror.server.refusals.length = 0
      await mirror.time.advance(5 * minute)
      mirror.expectEqualToServer()
      mirror.expectConsistentChanges()
      expect(mirror.syncedReflectors).toBe(world.namespaces.length)
      if (!troubles.some((each) => each.do === 'gone' || each.do === 'compact' || each.do === 'spoil'))
        expect(mirror.server.answered.lists).toBe(world.namespaces.length)
    }),
    { numRuns: 300 },
  )
})
