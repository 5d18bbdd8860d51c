// A list and a watch that keep a store equal to the API server: what is announced, and what each break leads to.
import { describe, expect, test, vi } from 'vitest'
import { Gone } from '../../../../src/errors.ts'
import { goneError, refused, unreachable } from '../../../support/runtime/fake-api-server.ts'
import type { FakeApiServer, Thing } from '../../../support/runtime/fake-api-server.ts'
import { Mirror } from '../../../support/runtime/mirror.ts'

vi.setConfig({ testTimeout: 240_000 })

const second = 1000
const minute = 60 * second

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
    expect(mirror.history).toEqual(['+ a/one', '~ a/one', '- a/one'])
    expect(mirror.changes.map(({ previous, current }) => [previous?.value, current?.value])).toEqual([
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
    expect(JSON.stringify([mirror.store.list(), mirror.changes])).not.toContain('managedFields')
  })

  test('keeps what it is told to keep, of the list and of the watch, and still sees each change', async () => {
    const keep = ({ metadata: { name, namespace, uid, resourceVersion } }: Thing): Thing =>
      ({ metadata: { name, namespace, uid, resourceVersion } }) as Thing
    await using mirror = new Mirror({ before: three, keep })
    await mirror.time.advance(second)
    mirror.server.write('a', 'four')
    mirror.server.write('a', 'one')
    mirror.server.remove('a', 'two')
    await mirror.time.advance(second)
    expect(mirror.history).toEqual(['+ a/one', '+ a/three', '+ a/two', '+ a/four', '~ a/one', '- a/two'])
    expect(new Set(mirror.store.list().flatMap((thing) => Object.keys(thing)))).toEqual(new Set(['metadata']))
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
    expect(mirror.history).toEqual(['+ a/one', '- a/one'])
  })

  test.each([
    ['lists', 10],
    ['watches', 10 * second],
    ['rests after a failure', 100],
  ])('ends when it is asked to while it %s', async (_what, afterMs) => {
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
    mirror.expectConsistentChanges()
    expect(mirror.history.slice(3)).toEqual(['~ a/two', '- a/three', '+ a/four'])
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
    expect(mirror.history).toEqual(['+ a/one'])
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
    expect(mirror.history.slice(3).toSorted()).toEqual(['- a/three', '~ a/two'])
    expect(mirror.server.answered.lists).toBe(2)
    expect(mirror.breaks.at(-1)?.error).toBeInstanceOf(Gone)
  })

  test('in the middle of a watch leads to a new list', async () => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(minute)
    mirror.server.disconnect(goneError())
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
    mirror.server.disconnect(goneError())
    mirror.server.remove('a', 'one')
    mirror.server.write('a', 'one')
    await mirror.time.advance(minute)
    mirror.expectConsistentChanges()
    const { previous, current } = mirror.changes.at(-1)!
    expect(previous?.metadata.uid).not.toBe(current?.metadata.uid)
  })
})

describe('a point that cannot be watched from for a reason that lasts', () => {
  test.each([400, 403, 422])('(%i) leads to a new list', async (status) => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(minute)
    mirror.server.refuseVersions(refused(status))
    mirror.server.remove('a', 'three')
    await mirror.time.advance(minute)
    mirror.expectEqualToServer()
    expect(mirror.history.slice(3)).toEqual(['- a/three'])
    expect(mirror.server.answered).toEqual({ lists: 2, watches: 2 })
  })

  test('(500) leads to a new list when it has not passed for half a minute', async () => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(minute)
    mirror.server.refuseVersions(refused(500))
    mirror.server.write('a', 'four')
    await mirror.time.advance(5 * second)
    expect(mirror.server.answered.lists).toBe(1)
    await mirror.time.advance(minute)
    mirror.expectEqualToServer()
    expect(mirror.server.answered).toEqual({ lists: 2, watches: 2 })
  })

  test.each([
    [400, 130, 'with the back-off'],
    [500, 30, 'more seldom'],
    [503, 1, 'not at all'],
  ])('does not lead to many lists where each watch is refused with %i', async (status, most) => {
    await using mirror = new Mirror({ before: three })
    await mirror.time.advance(minute)
    mirror.server.refuseVersions(refused(status))
    mirror.server.refusedVersions = { before: Infinity, error: refused(status) }
    await mirror.time.advance(30 * minute)
    expect(mirror.server.answered.lists).toBeLessThanOrEqual(most)
    expect(mirror.server.requests).toBeLessThan(300)
  })
})

describe('a server that refuses', () => {
  test('is asked again after the time it named, not sooner', async () => {
    await using mirror = new Mirror({ before: (server) => server.refusals.push(unreachable(50 * second)) })
    await mirror.time.advance(50 * second)
    expect(mirror.server.requests).toBe(1)
    await mirror.time.advance(second)
    expect(mirror.syncedReflectors).toBe(1)
  })

  test('and asks us to wait for a day is asked again after a minute', async () => {
    await using mirror = new Mirror({ before: (server) => server.refusals.push(unreachable(24 * 60 * minute)) })
    await mirror.time.advance(minute + second)
    expect(mirror.syncedReflectors).toBe(1)
  })

  test('is asked less and less often, and each break is reported with its number', async () => {
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
    expect(mirror.history.toSorted()).toEqual(['+ a/one', '+ a/three', '+ a/two', '+ b/one'])
    mirror.server.disconnect(goneError())
    await mirror.time.advance(minute)
    expect(mirror.changes.length).toBe(4)
    expect(mirror.server.answered.lists).toBe(4)
  })
})
