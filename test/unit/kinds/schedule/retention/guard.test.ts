import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guardRuns } from '../../../../../src/kinds/schedule/retention/guard.ts'
import type { GuardVerdict } from '../../../../../src/kinds/schedule/retention/guard.ts'
import type { GoodRun } from '../../../../../src/kinds/schedule/retention/retain.ts'
import { hour, now } from '../../../../support/builders/observations.ts'
import { aRun } from '../../../../support/builders/schedules.ts'

type Figures = readonly [documents: number | undefined, indexes?: number]

/** One an hour, the oldest first, the last one now. */
function runsOf(figures: readonly Figures[]): readonly GoodRun[] {
  const made = figures.map(([documents, indexes = 2], i) => {
    const timeMs = now - (figures.length - 1 - i) * hour
    const { documents: _, ...run } = aRun({ name: `r${i}`, timeMs, indexes })
    return { ...run, timeMs, ...(documents === undefined ? {} : { documents }) }
  })
  return made.toReversed()
}

const judge = (figures: readonly Figures[], maxDropPercent = 50, acceptedUntilMs = -Infinity): GuardVerdict =>
  guardRuns(runsOf(figures), { maxDropPercent, acceptedUntilMs })
const flaggedOf = ({ flags }: GuardVerdict): readonly string[] =>
  flags.map(({ run, reason }) => `${run.name} ${reason}`)

describe('the guard', () => {
  test('flags one with fewer documents than the limit allows, not one that is exactly at it', () => {
    expect(flaggedOf(judge([[1000], [500]]))).toEqual([])
    expect(flaggedOf(judge([[1000], [499]]))).toEqual(['r1 DocumentsDropped'])
    expect(flaggedOf(judge([[1000], [899]], 10))).toEqual(['r1 DocumentsDropped'])
    expect(flaggedOf(judge([[1000], [0]], 100))).toEqual([])
  })

  test('flags one with fewer indexes, and says how many there were', () => {
    const { flags } = judge([
      [1000, 3],
      [1000, 2],
    ])
    expect(flags).toMatchObject([{ reason: 'IndexVanished', before: 3, after: 2 }])
  })

  test('compares each with the last good one, not with one that it flagged', () => {
    expect(flaggedOf(judge([[1000], [100], [90], [600]]))).toEqual(['r1 DocumentsDropped', 'r2 DocumentsDropped'])
  })

  test('compares no unknown count, and remembers the one before it', () => {
    expect(flaggedOf(judge([[1000], [undefined], [100]]))).toEqual(['r2 DocumentsDropped'])
    expect(flaggedOf(judge([[undefined], [0]]))).toEqual([])
  })

  test('flags one of another server, however many documents, and compares with none of that', () => {
    const runs = runsOf([[1000], [5000], [900], [400]])
    const of = (names: readonly string[]): readonly GoodRun[] =>
      runs.map((run, i) => ({ ...run, instance: names.at(-1 - i) ?? '' }))
    const parts = { maxDropPercent: 50, acceptedUntilMs: -Infinity }
    const moved = of(['movies', 'books', 'books', 'books'])
    const { flags, acceptedUntilMs } = guardRuns(moved, parts)
    expect(flags).toMatchObject([
      { run: { name: 'r1' }, reason: 'SourceChanged', before: 'movies', after: 'books' },
      { run: { name: 'r2' }, reason: 'SourceChanged' },
      { run: { name: 'r3' }, reason: 'SourceChanged' },
    ])
    expect(acceptedUntilMs).toBeLessThan(flags[0]!.run.timeMs)
    const confirmed = guardRuns(moved, { ...parts, acceptedUntilMs: flags[0]!.run.timeMs })
    expect(flaggedOf(confirmed)).toEqual(['r2 DocumentsDropped', 'r3 DocumentsDropped'])
    expect(flaggedOf(guardRuns(of(['movies', 'books', 'movies', 'books']), parts))).toEqual([
      'r1 SourceChanged',
      'r3 SourceChanged',
    ])
  })

  test('flags nothing when it is off', () => {
    expect(
      flaggedOf(
        judge(
          [
            [1000, 5],
            [0, 0],
          ],
          0,
        ),
      ),
    ).toEqual([])
  })

  test('takes all up to the time on record for good, and the next one is compared with those', () => {
    expect(flaggedOf(judge([[1000], [100], [90], [10]], 50, now - hour))).toEqual(['r3 DocumentsDropped'])
  })

  test('accepts what it has compared, up to the first one that it flags', () => {
    expect(judge([[1000], [900], [100], [1000]]).acceptedUntilMs).toBe(now - 2 * hour)
    expect(judge([[1000], [900]]).acceptedUntilMs).toBe(now)
    expect(judge([[1000], [900]], 50, now + hour).acceptedUntilMs).toBe(now + hour)
  })

  test('goes on flagging one that was taken at the same instant as a good one', () => {
    const runs = runsOf([[1000], [10]]).map((run) => ({ ...run, timeMs: now }))
    const { acceptedUntilMs } = guardRuns(runs, { maxDropPercent: 50, acceptedUntilMs: -Infinity })
    expect(flaggedOf(guardRuns(runs, { maxDropPercent: 50, acceptedUntilMs }))).toEqual(['r1 DocumentsDropped'])
  })

  test('flags none of those that it has accepted, whichever of them are deleted afterwards', () => {
    const anyFigures = fc.array(fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 3 })), { maxLength: 12 })
    fc.assert(
      fc.property(anyFigures, fc.infiniteStream(fc.boolean()), (figures, coins) => {
        const { flags, acceptedUntilMs } = judge(figures)
        const left = runsOf(figures).filter(() => coins.next().value)
        const again = guardRuns(left, { maxDropPercent: 50, acceptedUntilMs })
        for (const { run } of again.flags) expect(run.timeMs).toBeGreaterThan(acceptedUntilMs)
        if (flags.length === 0) expect(again.flags).toEqual([])
      }),
    )
  })
})
