// Whose turn it is, for any line and any number of slots.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  nextInTurn as nextOfRows,
  whyFull,
} from '../../../../../../src/kinds/snapshot/observe/slots/namespace-turns.ts'
import type { Candidate, Tally } from '../../../../../../src/kinds/snapshot/observe/slots/namespace-turns.ts'

const namespace = fc.constantFrom('a', 'b', 'c', 'd')
const candidates: fc.Arbitrary<readonly Candidate[]> = fc
  .array(fc.record({ namespace, command: fc.constantFrom('move', 'receive'), isFit: fc.boolean(), at: fc.nat(50) }), {
    maxLength: 40,
  })
  .map((all) => all.map(({ at, ...rest }, i) => ({ ...rest, key: `${i}`, age: `${String(at).padStart(3, '0')} ${i}` })))

const counts = fc.dictionary(namespace, fc.integer({ min: 1, max: 4 })).map((of) => new Map(Object.entries(of)))
const tally: fc.Arbitrary<Tally> = fc
  .record({ limit: fc.integer({ min: 1, max: 6 }), maxStreams: fc.nat(3), running: counts, stuck: counts })
  .map(({ stuck, ...rest }) => {
    const begun = new Map(rest.running)
    for (const [of, count] of stuck) begun.set(of, count + (begun.get(of) ?? 0))
    return { ...rest, streams: 0, begun }
  })

/** Of all, in any order. */
const nextInTurn = (all: readonly Candidate[], before: Tally): readonly Candidate[] =>
  nextOfRows(
    [...Map.groupBy(all, (one) => one.namespace)].map(([of, row]) => ({
      namespace: of,
      candidates: row.toSorted((one, other) => (one.age < other.age ? -1 : 1)),
    })),
    before,
  )

const sum = (of: Iterable<number>): number => [...of].reduce((all, count) => all + count, 0)
const countIn = (next: readonly Candidate[], of: string): number => next.filter((one) => one.namespace === of).length

const aTally = (changes: Partial<Tally> = {}): Tally => ({
  limit: 10,
  maxStreams: 0,
  running: new Map(),
  streams: 0,
  begun: new Map(),
  ...changes,
})
const aCandidate = (key: string, of: string, changes: Partial<Candidate> = {}): Candidate => ({
  key,
  namespace: of,
  age: key,
  command: 'move',
  isFit: true,
  ...changes,
})
const keys = (next: readonly Candidate[]): string[] => next.map(({ key }) => key)

describe('for any line', () => {
  test('no more go than there are slots, but for one of a second namespace', () => {
    fc.assert(
      fc.property(candidates, tally, (all, before) => {
        const next = nextInTurn(all, before)
        const running = sum(before.running.values())
        const namespaces = new Set([...before.running.keys(), ...next.map((one) => one.namespace)])
        const extra = before.limit > 1 && namespaces.size > 1 ? 1 : 0
        expect(next.length).toBeLessThanOrEqual(Math.max(0, before.limit + extra - running))
        expect(next.filter(({ command }) => command === 'receive').length).toBeLessThanOrEqual(before.maxStreams)
      }),
    )
  })

  test('no slot stays free while somebody waits for whom there is one', () => {
    fc.assert(
      fc.property(candidates, tally, (all, before) => {
        const next = nextInTurn(all, before)
        const more = (of: ReadonlyMap<string, number>): Map<string, number> => {
          const after = new Map(of)
          for (const one of next) after.set(one.namespace, (after.get(one.namespace) ?? 0) + 1)
          return after
        }
        const streams = next.filter(({ command }) => command === 'receive').length
        const after = { ...before, running: more(before.running), begun: more(before.begun), streams }
        for (const one of all) if (!next.includes(one)) expect(whyFull(after, one)).toBeDefined()
      }),
    )
  })

  test('of one namespace the oldest goes first, among those whose server is ready and who need the same', () => {
    fc.assert(
      fc.property(candidates, tally, (all, before) => {
        const next = nextInTurn(all, before)
        for (const one of next)
          for (const other of all)
            if (
              other.namespace === one.namespace &&
              other.command === one.command &&
              other.isFit === one.isFit &&
              other.age < one.age
            )
              expect(next.indexOf(other)).toBeLessThan(next.indexOf(one))
      }),
    )
  })

  test('no namespace gets a second slot before another one, which waits, has its first', () => {
    fc.assert(
      fc.property(candidates, tally, (all, before) => {
        const fit = all.filter(({ isFit, command }) => isFit && command === 'move')
        const next = nextInTurn(fit, { ...before, begun: before.running })
        const has = (of: string): number => (before.running.get(of) ?? 0) + countIn(next, of)
        const waits = new Set(fit.filter((one) => !next.includes(one)).map((one) => one.namespace))
        for (const of of waits)
          for (const other of new Set(next.map((one) => one.namespace)))
            if ((before.running.get(of) ?? 0) < before.limit) expect(has(other)).toBeLessThanOrEqual(has(of) + 1)
      }),
    )
  })
})

describe('where one namespace has all slots', () => {
  const full = aTally({ limit: 2, running: new Map([['a', 2]]), begun: new Map([['a', 2]]) })

  test('the first of another one goes beyond the limit, by one', () => {
    expect(keys(nextInTurn([aCandidate('1', 'a'), aCandidate('2', 'b'), aCandidate('3', 'c')], full))).toEqual(['2'])
  })

  test('not where the limit is 1: then one at a time is what was asked for', () => {
    const one = aTally({ limit: 1, running: new Map([['a', 1]]) })
    expect(nextInTurn([aCandidate('2', 'b')], one)).toEqual([])
  })
})

test('whose server is not ready goes behind all others, whatever its age', () => {
  const line = [aCandidate('1', 'a', { isFit: false }), aCandidate('2', 'a'), aCandidate('3', 'b')]
  expect(keys(nextInTurn(line, aTally({ limit: 2 })))).toEqual(['2', '3'])
  expect(keys(nextInTurn(line, aTally()))).toEqual(['2', '3', '1'])
})

test('what cannot start counts against its own namespace alone', () => {
  const stuck = aTally({ begun: new Map([['a', 10]]) })
  expect(whyFull(stuck, aCandidate('1', 'a'))).toBe('ofNamespace')
  expect(whyFull(stuck, aCandidate('2', 'b'))).toBeUndefined()
})

test('of a thousand that wait no more are looked at than may go, and none while there is no slot', () => {
  let looked = 0
  const rows = ['a', 'b', 'c'].map((of) => ({
    namespace: of,
    candidates: {
      *[Symbol.iterator]() {
        for (let index = 0; index < 1000; index++) {
          looked++
          yield aCandidate(`${of}${String(index).padStart(4, '0')}`, of)
        }
      },
    },
  }))
  expect(nextOfRows(rows, aTally({ limit: 3 })).length).toBe(3)
  expect(looked).toBeLessThan(20)
  looked = 0
  expect(
    nextOfRows(
      rows,
      aTally({
        limit: 2,
        running: new Map([
          ['d', 1],
          ['e', 1],
        ]),
      }),
    ),
  ).toEqual([])
  expect(looked).toBe(0)
})
