import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goodRuns, retain } from '../../../../../src/kinds/schedule/retention/retain.ts'
import type { KeepWord, RetainedParts } from '../../../../../src/kinds/schedule/retention/retain.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import { hour, minute, now } from '../../../../support/builders/observations.ts'
import { aRun } from '../../../../support/builders/schedules.ts'
import { anyParts, anyRules, anyRuns, countFields, flagged, zones } from './any-runs.ts'

function holds<Ts extends unknown[]>(property: fc.IProperty<Ts>, numRuns = 400): void {
  fc.assert(property, { numRuns })
}

/** What is left of the runs, those that are being deleted among them. */
function leave(parts: RetainedParts): readonly Run[] {
  const gone = new Set(retain(parts).expire.map(({ name }) => name))
  return parts.runs.filter(({ name }) => !gone.has(name))
}

const namesOf = (runs: readonly Run[]): readonly string[] => runs.map(({ name }) => name).toSorted()
const over = (parts: RetainedParts, runs: readonly Run[]): RetainedParts => ({ ...parts, runs, flagged: flagged(runs) })

/** Good, failed or pinned, and newer than all: by a while, or by its name alone. */
const anyNewer = fc.record({
  afterMs: fc.constantFrom(0, 1, minute, hour, 26 * hour, 40 * 24 * hour),
  changes: fc.constantFrom<Partial<Run>>({}, { phase: 'Failed' }, { isPinned: true }),
})
type Newer = typeof anyNewer extends fc.Arbitrary<infer T> ? T : never

function newerThan(runs: readonly Run[], { afterMs, changes }: Newer, index = 0): Run {
  const latestMs = Math.max(now - 2000 * 24 * hour, ...runs.map(({ timeMs = 0 }) => timeMs).filter((ms) => ms <= now))
  const createdMs = Math.max(latestMs, ...runs.map((run) => run.createdMs)) + 1
  return aRun({ name: `x${index}`, uid: `x${index}`, timeMs: latestMs + afterMs, ...changes, createdMs })
}

/** All are looked at long after, so that none is in the future. */
const later = { nowMs: now + 20_000 * 24 * hour }

describe('how often retention ran, and when, makes no difference', () => {
  test('what stays of what stayed and a newer one is what stays of all', () => {
    holds(
      fc.property(anyParts, anyNewer, (any, newer) => {
        const parts = { ...any, ...later }
        const x = newerThan(parts.runs, newer)
        const once = retain(over(parts, [...parts.runs, x]))
        const twice = retain(over(parts, [...leave(parts), x]))
        expect(twice.keep).toEqual(once.keep)
      }),
      1500,
    )
  })

  test('in a whole life, in which it ran after some and not after others, and the clock went on', () => {
    holds(
      fc.property(
        anyRules,
        fc.constantFrom(...zones),
        fc.array(fc.tuple(anyNewer, fc.boolean()), { maxLength: 60 }),
        (rules, timeZone, life) => {
          const seldom: Run[] = []
          let often: Run[] = []
          let nowMs = now
          for (const [index, [newer, runsNow]] of life.entries()) {
            const x = newerThan(seldom, newer, index)
            nowMs = Math.max(nowMs, x.createdMs)
            seldom.push(x)
            often.push(x)
            if (runsNow) often = [...leave({ runs: often, rules, timeZone, nowMs })]
          }
          expect(retain({ runs: often, rules, timeZone, nowMs }).keep).toEqual(
            retain({ runs: seldom, rules, timeZone, nowMs }).keep,
          )
        },
      ),
    )
  })

  test('what was deleted of those that go changes nothing for the others', () => {
    holds(
      fc.property(anyParts, fc.infiniteStream(fc.boolean()), (parts, coins) => {
        const going = new Set(retain(parts).expire.map(({ name }) => name))
        const some = parts.runs.filter(({ name }) => !going.has(name) || coins.next().value === true)
        expect(retain(over(parts, some)).keep).toEqual(retain(parts).keep)
      }),
    )
  })

  test('once more, or in another order, it says the same', () => {
    holds(
      fc.property(
        anyParts.chain((parts) =>
          fc.tuple(fc.constant(parts), fc.shuffledSubarray([...parts.runs], { minLength: parts.runs.length })),
        ),
        ([parts, runs]) => {
          expect(retain({ ...parts, runs })).toEqual(retain(parts))
          expect(retain(over(parts, leave(parts))).expire).toEqual([])
        },
      ),
    )
  })
})

describe('what stays', () => {
  test('a number that is raised, or a rule that is added, never lets more go', () => {
    const within = ['30m', '1h', '25h', '240h', '9000h', '99999h']
    holds(
      fc.property(anyParts, fc.constantFrom(...countFields, 'minimum', 'failed', 'keepWithin'), (parts, field) => {
        const rules = parts.rules ?? { minimum: 1, failed: 0 }
        fc.pre(Object.keys(rules).some((name) => name.startsWith('keep')))
        const more =
          field === 'keepWithin'
            ? { ...rules, keepWithin: within[within.indexOf(rules.keepWithin ?? '') + 1] ?? '99999h' }
            : { ...rules, [field]: (rules[field] ?? 0) + 1 }
        const before = new Set(retain(parts).expire.map(({ name }) => name))
        for (const { name } of retain({ ...parts, rules: more }).expire) expect(before).toContain(name)
      }),
    )
  })

  test('at least the minimum of good ones, and always the newest good one', () => {
    holds(
      fc.property(anyParts, (parts) => {
        const good = goodRuns(parts)
        const left = goodRuns(over(parts, leave(parts)))
        expect(left.length).toBeGreaterThanOrEqual(Math.min(parts.rules?.minimum ?? 1, good.length))
        expect(left[0]).toBe(good[0])
      }),
    )
  })

  test('all of them without a rule, or in a time zone that nobody knows', () => {
    holds(
      fc.property(anyParts, (parts) => {
        expect(retain({ ...parts, rules: undefined }).expire).toEqual([])
        expect(retain({ ...parts, rules: { minimum: 1, failed: 0 } }).expire).toEqual([])
        expect(retain({ ...parts, timeZone: 'Mars/Olympus_Mons' }).expire).toEqual([])
      }),
    )
  })

  test('without those that no rule looks at, the good ones stay or go as before', () => {
    holds(
      fc.property(anyParts, (parts) => {
        const good = goodRuns(parts)
        const isGood = new Set(good.map(({ name }) => name))
        const { keep, expire } = retain(parts)
        const alone = retain({ ...parts, runs: good })
        expect(alone.keep).toEqual(keep.filter(({ name }) => isGood.has(name)))
        expect(alone.expire).toEqual(expire.filter(({ name }) => isGood.has(name)))
      }),
    )
  })

  test('each one is either kept, with a word, or goes, but for those that are being deleted', () => {
    holds(
      fc.property(anyRuns, anyRules, (runs, rules) => {
        const { keep, expire } = retain({ runs, rules, timeZone: 'Etc/UTC', nowMs: now })
        expect([...keep, ...expire].map(({ name }) => name).toSorted()).toEqual(
          namesOf(runs.filter(({ isBeingDeleted }) => !isBeingDeleted)),
        )
        expect(keep.filter(({ by }) => by.length === 0)).toEqual([])
      }),
    )
  })
})

/** Another way to say it: for each rule alone, by what a calendar shows. */
function ruleByRule({ rules, timeZone, ...parts }: RetainedParts): Record<string, readonly KeepWord[]> {
  const good = goodRuns(parts)
  const show = (options: Intl.DateTimeFormatOptions): ((ms: number) => string) => {
    const format = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', ...options })
    return (ms) => format.format(ms)
  }
  const dayOf = show({ year: 'numeric', month: '2-digit', day: '2-digit' })
  const mondayOf = (ms: number): string => {
    const date = new Date(`${dayOf(ms)}T00:00Z`)
    return new Date(date.getTime() - ((date.getUTCDay() + 6) % 7) * 24 * hour).toISOString()
  }
  const named: readonly [KeepWord, number | undefined, (ms: number, index: number) => unknown][] = [
    ['last', rules?.keepLast, (_, i) => i],
    [
      'hourly',
      rules?.keepHourly,
      show({
        dateStyle: undefined,
        day: 'numeric',
        month: 'numeric',
        year: 'numeric',
        hour: 'numeric',
        timeZoneName: 'longOffset',
      }),
    ],
    ['daily', rules?.keepDaily, dayOf],
    ['weekly', rules?.keepWeekly, mondayOf],
    ['monthly', rules?.keepMonthly, (ms) => dayOf(ms).slice(0, 7)],
    ['yearly', rules?.keepYearly, (ms) => dayOf(ms).slice(0, 4)],
    ['minimum', rules?.minimum, (_, i) => i],
  ]
  const by: Record<string, KeepWord[]> = {}
  for (const [word, count = 0, bucket] of named) {
    const groups = Map.groupBy(
      good.map((run, index) => ({ run, index })),
      ({ run, index }) => bucket(run.timeMs, index),
    )
    for (const [first] of [...groups.values()].slice(0, count))
      if (first !== undefined) (by[first.run.name] ??= []).push(word)
  }
  return by
}

test('each rule keeps the newest good one of so many hours, days, weeks, months and years as a calendar shows them', () => {
  holds(
    fc.property(anyParts, (parts) => {
      const { keepWithin: _, ...rules } = { ...parts.rules, minimum: parts.rules?.minimum ?? 1, failed: 3, keepLast: 2 }
      const { keep } = retain({ ...parts, rules })
      const isGood = new Set(goodRuns(parts).map(({ name }) => name))
      const words = Object.fromEntries(keep.filter(({ name }) => isGood.has(name)).map(({ name, by }) => [name, by]))
      expect(words).toEqual(ruleByRule({ ...parts, rules }))
    }),
  )
})
