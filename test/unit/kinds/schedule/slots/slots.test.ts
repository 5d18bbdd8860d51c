// What a schedule's text means: its slots, how far they are apart, and what is wrong with it.
import fc from 'fast-check'
import { describe, expect, it, test, vi } from 'vitest'
import { cronSchedule } from '../../../../../src/api/fields/schedule.ts'
import { isProblem, readSlots } from '../../../../../src/kinds/schedule/slots/slots.ts'
import type { Slots } from '../../../../../src/kinds/schedule/slots/slots.ts'
import { matcherOf } from './oracle.ts'

/** A second or two; a machine that does much else at the same time takes longer. */
vi.setConfig({ testTimeout: 240_000 })

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

function slotsOf(schedule: string, timeZone = 'Etc/UTC'): Slots {
  const slots = readSlots({ schedule, timeZone })
  if (isProblem(slots)) throw new Error(slots.message)
  return slots
}

function problemOf(schedule: string, timeZone = 'Etc/UTC'): { reason: string; message: string } {
  const slots = readSlots({ schedule, timeZone })
  if (!isProblem(slots)) throw new Error(`${schedule} was read`)
  return slots
}

const at = (text: string): number => Date.parse(`${text}:00Z`)
const text = (timeMs: number | undefined): string | undefined =>
  timeMs === undefined ? undefined : new Date(timeMs).toISOString().slice(0, 16)

function next(schedule: string, after: string, count = 1): (string | undefined)[] {
  const { nextAfter } = slotsOf(schedule)
  const found: (number | undefined)[] = []
  for (let times = 0; times < count; times += 1) found.push(nextAfter(found.at(-1) ?? at(after)))
  return found.map(text)
}

/** 29 November 2026 is a Sunday. */
const sunday = '2026-11-29T12:00'

describe('a schedule', () => {
  it.each([
    ['@hourly', '2026-11-29T13:00'],
    ['@daily', '2026-11-30T00:00'],
    ['@weekly', '2026-12-06T00:00'],
    ['@monthly', '2026-12-01T00:00'],
  ])('%s is what it says', (schedule, slot) => {
    expect(next(schedule, sunday)).toEqual([slot])
  })

  it('comes on either day where both are restricted, as in cron and CronJob', () => {
    expect(next('0 0 13 * 5', '2026-12-01T00:00', 4)).toEqual([
      '2026-12-04T00:00',
      '2026-12-11T00:00',
      '2026-12-13T00:00',
      '2026-12-18T00:00',
    ])
  })

  it('takes a day */2 for restricted as CronJob does, and a day * in a list for none', () => {
    expect(next('0 0 */2 * 1', '2026-12-01T00:00', 3)).toEqual([
      '2026-12-03T00:00',
      '2026-12-05T00:00',
      '2026-12-07T00:00',
    ])
    expect(next('0 0 1-10 * 1', '2026-12-10T00:00')).toEqual(['2026-12-14T00:00'])
    expect(next('0 0 1-10 * *,1', '2026-12-10T00:00')).toEqual(['2027-01-01T00:00'])
  })

  it('has Sunday as 0, as 7 and as its name, alone and at the end of a range', () => {
    for (const weekday of ['0', '7', 'sun', 'Sun', 'sun-sun', '0-sun', '7-sun', '0-0', '7-7', 'sun-sun/2', '0,sun'])
      expect([weekday, ...next(`0 0 * * ${weekday}`, sunday, 2)]).toEqual([
        weekday,
        '2026-12-06T00:00',
        '2026-12-13T00:00',
      ])
    for (const weekday of ['6-7', 'sat-sun', 'SAT-7'])
      expect(next(`0 0 * * ${weekday}`, sunday, 2)).toEqual(['2026-12-05T00:00', '2026-12-06T00:00'])
  })

  it('waits for a leap year, also over a century without one', () => {
    expect(next('0 0 29 2 *', sunday)).toEqual(['2028-02-29T00:00'])
    expect(next('0 0 29 2 *', '2096-03-01T00:00')).toEqual(['2104-02-29T00:00'])
    expect(text(slotsOf('0 0 29 2 *').lastUpTo(at(sunday), -Infinity))).toBe('2024-02-29T00:00')
  })

  it('never looks further back than it is asked to', () => {
    const { lastUpTo } = slotsOf('0 3 * * *')
    expect(text(lastUpTo(at('2026-11-29T03:00'), -Infinity))).toBe('2026-11-29T03:00')
    expect(lastUpTo(at('2026-11-29T03:00'), at('2026-11-29T03:00'))).toBeUndefined()
    expect(text(lastUpTo(at('2026-11-29T03:00') - 1, -Infinity))).toBe('2026-11-28T03:00')
  })
})

describe('the time between two slots', () => {
  it.each([
    ['* * * * *', minuteMs, minuteMs],
    ['*/7 * * * *', 7 * minuteMs, 4 * minuteMs],
    ['@hourly', hourMs, hourMs],
    ['0 9-17 * * *', 16 * hourMs, hourMs],
    ['0 9-17 * * 1-5', 64 * hourMs, hourMs],
    ['0 3 * * *', dayMs, dayMs],
    ['0 1,13 * * *', 12 * hourMs, 12 * hourMs],
    ['5,50 3 * * *', dayMs - 45 * minuteMs, 45 * minuteMs],
    ['@weekly', 7 * dayMs, 7 * dayMs],
    ['@monthly', 31 * dayMs, 28 * dayMs],
    ['0 0 31 * *', 61 * dayMs, 31 * dayMs],
    ['0 0 1 1 *', 366 * dayMs, 365 * dayMs],
    ['0 0 29 2 *', 1461 * dayMs, 1461 * dayMs],
  ])('%s', (schedule, longestMs, shortestMs) => {
    // An hour that the clock is put back does not make a night longer.
    expect(slotsOf(schedule, 'Europe/Berlin')).toMatchObject({ longestMs, shortestMs })
  })
})

describe('what is wrong with a schedule', () => {
  it.each([
    ['5-3 * * * *', 'minute 5-3 runs backwards, write 5-59,0-3'],
    ['59-0 * * * *', 'minute 59-0 runs backwards, write 59,0'],
    ['0 22-3 * * *', 'hour 22-3 runs backwards, write 22-23,0-3'],
    ['0 1,22-3/2 * * *', 'hour 22-3/2 runs backwards, write 22,0,2'],
    ['0 0 31-1 * *', 'day 31-1 runs backwards, write 31,1'],
    ['0 0 1 nov-feb *', 'month nov-feb runs backwards, write 11-12,1-2'],
    ['0 0 * * 5-0', 'weekday 5-0 runs backwards, write 5-7'],
    ['0 0 * * Fri-Mon', 'weekday Fri-Mon runs backwards, write 5-7,1'],
    ['0 0 * * 7-1', 'weekday 7-1 runs backwards, write 7,1'],
    [
      '*/61 * * * *',
      'in minute */61 the step is longer than the field, which has 60 values: write 0 for that value alone',
    ],
    [
      '0 0 2-20/40 * *',
      'in day 2-20/40 the step is longer than the field, which has 31 values: write 2 for that value alone',
    ],
  ])('%s', (schedule, why) => {
    expect(problemOf(schedule)).toEqual({
      reason: 'InvalidSchedule',
      message: `spec.schedule cannot be read: ${why}`,
    })
  })

  it.each([
    '',
    '@yearly',
    '@reboot',
    '0 3 * *',
    '0 0 3 * * *',
    '0 0 L * *',
    '0 0 ? * *',
    '0 0 1W * *',
    '0 0 * * 1#2',
    '1/5 * * * *',
  ])('"%s", which the schema takes no more', (schedule) => {
    expect(problemOf(schedule).reason).toBe('InvalidSchedule')
  })

  it.each(['0 0 30 2 *', '0 0 31 2,4,6,9,11 *', '0 0 30-31 2 */1'])('%s names no day', (schedule) => {
    expect(problemOf(schedule)).toEqual({ reason: 'NoSlot', message: expect.stringContaining('write for example') })
  })

  it('is told of a time zone that nobody knows', () => {
    expect(problemOf('0 3 * * *', 'Europe/Atlantis')).toEqual({
      reason: 'UnknownTimeZone',
      message:
        'spec.timeZone Europe/Atlantis is no time zone that is known: write for example Europe/Berlin or Etc/UTC',
    })
  })
})

/** What the schema takes, many of them wrong or strange: all kinds of items in all fields. */
const items = (low: number, high: number, names: readonly string[]): fc.Arbitrary<string> => {
  const value = fc.oneof(
    fc.integer({ min: low, max: high }).map(String),
    ...(names.length === 0 ? [] : [fc.constantFrom(...names)]),
  )
  const step = fc.integer({ min: 1, max: 99 })
  const item = fc.oneof(
    { arbitrary: fc.constant('*'), weight: 3 },
    step.map((n) => `*/${n}`),
    value,
    fc.tuple(value, value).map((ends) => ends.join('-')),
    fc.tuple(value, value, step).map(([from, to, n]) => `${from}-${to}/${n}`),
  )
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((all) => all.join(','))
}
const anySchedule = fc
  .tuple(
    items(0, 59, []),
    items(0, 23, []),
    items(1, 31, []),
    items(1, 12, ['jan', 'Feb', 'MAR', 'dec']),
    items(0, 7, ['sun', 'Mon', 'FRI', 'sat']),
  )
  .map((fields) => fields.join(' '))

const readSchedule = anySchedule.filter((schedule) => !isProblem(readSlots({ schedule, timeZone: 'Etc/UTC' })))
const anyTime = fc.integer({ min: at('2026-01-01T00:00'), max: at('2031-01-01T00:00') })
const anyZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))

describe('whatever the schema takes', () => {
  test('is read, or is told what to write', () => {
    fc.assert(
      fc.property(anySchedule, (schedule) => {
        expect(cronSchedule.safeParse(schedule).success).toBe(true)
        const slots = readSlots({ schedule, timeZone: 'Etc/UTC' })
        if (isProblem(slots)) expect(slots.message).toMatch(/write /)
        else expect(slots.shortestMs).toBeLessThanOrEqual(slots.longestMs)
      }),
      { numRuns: 1000 },
    )
  })

  test('as a text that only the pattern makes, too', () => {
    const pattern = cronSchedule.def.checks?.map((check) => check._zod.def).find((def) => 'pattern' in def)
    const source = (pattern as unknown as { pattern: RegExp }).pattern
    fc.assert(
      fc.property(fc.stringMatching(source, { size: 'small' }), (schedule) => {
        const slots = readSlots({ schedule, timeZone: 'Etc/UTC' })
        if (isProblem(slots)) expect(slots.message).toMatch(/write /)
      }),
      { numRuns: 500 },
    )
  })

  test('what to write instead is read', () => {
    const wrong = anySchedule.filter((schedule) => {
      const slots = readSlots({ schedule, timeZone: 'Etc/UTC' })
      return isProblem(slots) && slots.reason === 'InvalidSchedule'
    })
    fc.assert(
      fc.property(wrong, (schedule) => {
        const [, field = '', item = '', instead = ''] =
          /(minute|hour|day|month|weekday) (\S+) .*write ([0-9,-]+)/.exec(problemOf(schedule).message) ?? []
        const index = ['minute', 'hour', 'day', 'month', 'weekday'].indexOf(field)
        const bare = ['0', '0', '1', '1', '*'].with(index, instead).join(' ')
        expect({ item, instead, isRead: !isProblem(readSlots({ schedule: bare, timeZone: 'Etc/UTC' })) }).toMatchObject(
          {
            isRead: true,
          },
        )
      }),
      { numRuns: 500 },
    )
  })

  test('comes at the minutes that its fields name', () => {
    fc.assert(
      fc.property(readSchedule, anyTime, (schedule, timeMs) => {
        const slots = slotsOf(schedule)
        const [slotMs = NaN, beforeMs = NaN] = [slots.nextAfter(timeMs), slots.lastUpTo(timeMs, -Infinity)]
        const matches = matcherOf(schedule)
        expect([slotMs, beforeMs].every((each) => matches(each) && each % minuteMs === 0)).toBe(true)
        // None of the minutes between is one; two days of them are enough to find out.
        const first = Math.max(beforeMs, timeMs - dayMs)
        for (
          let minute = Math.floor(first / minuteMs) * minuteMs + minuteMs;
          minute < Math.min(slotMs, timeMs + dayMs);
          minute += minuteMs
        )
          if (matches(minute)) throw new Error(`${schedule} comes at ${text(minute)} too`)
      }),
      { numRuns: 200 },
    )
  })

  test('comes in one order, forwards and backwards, in every zone of the world', () => {
    fc.assert(
      fc.property(readSchedule, anyZone, anyTime, (schedule, timeZone, timeMs) => {
        const { nextAfter, lastUpTo } = slotsOf(schedule, timeZone)
        let [beforeMs, slotMs = NaN] = [timeMs, nextAfter(timeMs)]
        for (let times = 0; times < 5; times += 1) {
          expect(slotMs).toBeGreaterThan(beforeMs)
          expect(slotMs % minuteMs).toBe(0)
          expect(lastUpTo(slotMs, -Infinity)).toBe(slotMs)
          expect(lastUpTo(slotMs - 1, timeMs)).toBe(times === 0 ? undefined : beforeMs)
          ;[beforeMs, slotMs = NaN] = [slotMs, nextAfter(slotMs)]
        }
      }),
      { numRuns: 300 },
    )
  })
})
