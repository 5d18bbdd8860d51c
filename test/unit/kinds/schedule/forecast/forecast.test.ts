// How much space a schedule's snapshots will take, and when their claim is full: hand-made cases, and what must hold of any.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotScheduleStatus } from '../../../../../src/api/schedule.ts'
import { meiliSnapshotSchedules } from '../../../../../src/api/schedule.ts'
import { forecast } from '../../../../../src/kinds/schedule/forecast/forecast.ts'
import type { ForecastInput, ForecastResult } from '../../../../../src/kinds/schedule/forecast/forecast.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import { ago, hour, now } from '../../../../support/builders/observations.ts'
import { aRun, aSchedule } from '../../../../support/builders/schedules.ts'

const day = 24 * hour
const observedAt = ago(0)

/** One each day, the newest last, now. */
const daily = (sizes: readonly number[]): Run[] =>
  sizes.map((sizeBytes, index) => aRun({ timeMs: now - (sizes.length - 1 - index) * day, sizeBytes }))

interface Parts extends Partial<Omit<ForecastInput, 'schedule'>> {
  readonly retention?: object
  readonly suspend?: boolean
  readonly status?: MeiliSnapshotScheduleStatus
}

function foresee({ retention, suspend = false, status, ...input }: Parts): ForecastResult {
  const spec = { suspend, ...(retention === undefined ? {} : { retention }) }
  return forecast({
    schedule: aSchedule({ spec, ...(status === undefined ? {} : { status }) }),
    runs: [],
    expiring: [],
    deletes: true,
    intervalMs: day,
    ...input,
  })
}

const free = (freeBytes: number): ForecastInput['observed'] => ({ freeBytes, observedAt })
/** How many intervals from now. */
const daysUntilFull = ({ forecast: known }: ForecastResult): number | undefined =>
  known?.fullAt === undefined ? undefined : (Date.parse(known.fullAt) - Math.floor(now / 1000) * 1000) / day

describe('the next size', () => {
  test('is not foreseen before there were four', () => {
    expect(foresee({ runs: daily([10, 10, 10]) }).forecast).toBeUndefined()
    expect(foresee({ runs: [] })).toEqual({})
    expect(foresee({ runs: daily([10, 10, 10, 10]) }).forecast).toMatchObject({ bytesPerDay: 0, nextBytes: 10 })
  })

  test('goes on growing as the snapshots did', () => {
    expect(foresee({ runs: daily([100, 110, 120, 130, 140, 150]) }).forecast).toMatchObject({
      bytesPerDay: 10,
      nextBytes: 160,
    })
  })

  test('shrinks with them, and never below nothing', () => {
    expect(foresee({ runs: daily([60, 50, 40, 30]) }).forecast).toMatchObject({ bytesPerDay: -10, nextBytes: 20 })
    expect(foresee({ runs: daily([90, 60, 30, 0]) }).forecast).toMatchObject({ bytesPerDay: -30, nextBytes: 0 })
  })

  test('is rather the second largest of the last five than their mean', () => {
    expect(foresee({ runs: daily([1, 1, 100, 100, 80, 110, 90]) }).forecast?.nextBytes).toBeGreaterThanOrEqual(100)
  })

  test('says what it rests on', () => {
    expect(foresee({ runs: daily([1, 1, 1, 1, 1]) }).forecast?.basis).toBe(
      'Sizes of the newest 5 good snapshots, over 96h; one more every 24h.',
    )
  })
})

describe('sizes', () => {
  test('of the newest ten stay on record, the newest first', () => {
    const { sizes } = foresee({ runs: daily(Array.from({ length: 40 }, (_, index) => index)) })
    expect(sizes).toHaveLength(10)
    expect(sizes?.[0]).toEqual({ at: ago(0), bytes: 39 })
    expect(sizes?.[9]).toEqual({ at: ago(9 * day), bytes: 30 })
  })

  test('of snapshots that retention deleted count on, so that keepLast 1 has a forecast too', () => {
    let status: MeiliSnapshotScheduleStatus = {}
    for (let night = 5; night >= 0; night -= 1) {
      const runs = [aRun({ timeMs: now - night * day, sizeBytes: 100 - night })]
      const observed = { freeBytes: 1000, observedAt: ago(night * day) }
      status = foresee({ runs, status, retention: { keepLast: 1 }, observed })
    }
    expect(status.forecast).toMatchObject({ bytesPerDay: 1, nextBytes: 101, freeBytes: 1000, spaceBytes: 1100 })
    expect(status.sizes).toHaveLength(6)
  })

  test('on record give the same status again: nothing to write', () => {
    const runs = daily([3, 1, 4, 1, 5, 9, 2, 6])
    const once = foresee({ runs, observed: free(10), retention: { keepLast: 2 } })
    expect(foresee({ runs, observed: free(10), retention: { keepLast: 2 }, status: once })).toEqual(once)
  })
})

describe('what the rules hold in the end', () => {
  const constant = daily(Array.from({ length: 30 }, () => 1))
  const steady = (retention: object, parts: Parts = {}): number | undefined =>
    foresee({ runs: constant, retention, ...parts }).forecast?.steadyBytes
  const expiringBut = (count: number): string[] => constant.slice(0, -count).map(({ name }) => name)

  test('is what is there and one more, where they hold all that they ever will', () => {
    expect(steady({ keepLast: 7 }, { expiring: expiringBut(7) })).toBe(8)
    expect(steady({ keepWithin: '168h' }, { expiring: expiringBut(8) })).toBe(9)
    expect(steady({ keepLast: 3, minimum: 5 }, { expiring: expiringBut(5) })).toBe(6)
    expect(steady({ keepHourly: 9 }, { expiring: expiringBut(9) })).toBe(10)
  })

  test('grows until they do', () => {
    const four = daily([1, 1, 1, 1])
    expect(foresee({ runs: four, retention: { keepLast: 7 } }).forecast?.steadyBytes).toBe(8)
    expect(foresee({ runs: four, retention: { keepDaily: 30 } }).forecast?.steadyBytes).toBe(31)
    expect(foresee({ runs: four, retention: { keepDaily: 7, keepYearly: 3 } }).forecast?.steadyBytes).toBe(10)
  })

  test('counts what two rules hold once', () => {
    const hourly = Array.from({ length: 30 }, (_, index) => aRun({ timeMs: now - index * hour, sizeBytes: 1 }))
    const all = { keepLast: 3, keepHourly: 24, keepDaily: 7, keepWeekly: 5, keepMonthly: 12, keepYearly: 3 }
    expect(
      foresee({ runs: hourly, expiring: hourly.slice(24).map(({ name }) => name), retention: all, intervalMs: hour })
        .forecast?.steadyBytes,
    ).toBe(24 + 6 + 4 + 11 + 2 + 1)
  })

  test('is a month ahead at the earliest, so that growth is seen before it hurts', () => {
    const growing = daily(Array.from({ length: 15 }, (_, index) => 100 + index))
    const three = growing.slice(-3)
    const expiring = growing.slice(0, -3).map(({ name }) => name)
    const known = foresee({ runs: growing, expiring, retention: { keepLast: 3 } }).forecast
    expect(three.map(({ sizeBytes }) => sizeBytes)).toEqual([112, 113, 114])
    expect(known?.steadyBytes).toBe(142 + 143 + 144 + 145)
  })

  test('is not said without a rule', () => {
    expect(foresee({ runs: constant }).forecast).not.toHaveProperty('steadyBytes')
    expect(steady({ minimum: 3 })).toBeUndefined()
  })
})

describe('the claim', () => {
  test('that was never looked at is not spoken of', () => {
    const known = foresee({ runs: daily([1, 1, 1, 1]), retention: { keepLast: 100 } }).forecast
    for (const field of ['freeBytes', 'observedAt', 'spaceBytes', 'roomFor', 'fullAt'])
      expect(known).not.toHaveProperty(field)
  })

  test('is full with the first snapshot that does not fit, where nothing is deleted', () => {
    const known = foresee({ runs: daily([10, 10, 10, 10]), observed: free(25) })
    expect(known.forecast).toMatchObject({ freeBytes: 25, spaceBytes: 65, roomFor: 2, observedAt })
    expect(daysUntilFull(known)).toBe(3)
  })

  test('is never full where the rules hold no more than fits', () => {
    expect(
      daysUntilFull(foresee({ runs: daily([10, 10, 10, 10]), retention: { keepLast: 7 }, observed: free(40) })),
    ).toBe(undefined)
    expect(
      daysUntilFull(foresee({ runs: daily([10, 10, 10, 10]), retention: { keepLast: 7 }, observed: free(39) })),
    ).toBe(4)
  })

  test('is full though the rules are, where snapshots grow', () => {
    const growing = daily([100, 110, 120, 130, 140, 150, 160])
    const expiring = growing.slice(0, -3).map(({ name }) => name)
    const full = foresee({ runs: growing, expiring, retention: { keepLast: 3 }, observed: free(0) })
    const others = growing.slice(0, -3).reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
    expect(full.forecast).toMatchObject({ spaceBytes: 460 + 450, roomFor: 0 })
    expect(others).toBe(460)
    // Four of 205 to 235 are 880, of 215 to 245 are 920.
    expect(daysUntilFull(full)).toBe(9)
  })

  test('that holds just one more than the rules keep is not full, before and after retention deletes', () => {
    const eight = daily(Array.from({ length: 8 }, () => 10))
    const [oldest] = eight
    const before = foresee({
      runs: eight,
      expiring: [oldest?.name ?? ''],
      retention: { keepLast: 7 },
      observed: free(0),
    })
    expect(before.forecast).toMatchObject({ freeBytes: 0, roomFor: 0, steadyBytes: 80 })
    expect(before.forecast).not.toHaveProperty('fullAt')
    const after = foresee({ runs: eight.slice(1), retention: { keepLast: 7 }, observed: free(0), status: before })
    expect(after.forecast).toMatchObject({ freeBytes: 10, roomFor: 1, steadyBytes: 80, spaceBytes: 80 })
    expect(after.forecast).not.toHaveProperty('fullAt')
  })

  test('is looked at anew by the next mover', () => {
    const runs = daily([10, 10, 10, 10])
    const before = foresee({ runs, observed: free(100) })
    const observed = { freeBytes: 7, observedAt: ago(-hour) }
    expect(foresee({ runs, observed, status: before }).forecast).toMatchObject({ freeBytes: 7, spaceBytes: 47 })
  })

  test('takes nothing of what an earlier template stored on another one', () => {
    const runs = daily([10, 10, 10, 10]).map((run, index) => ({ ...run, claim: index === 3 ? 'backups' : 'earlier' }))
    const known = foresee({ runs, retention: { keepLast: 4 }, observed: free(25) })
    expect(known.forecast).toMatchObject({ nextBytes: 10, spaceBytes: 35, steadyBytes: 50 })
    expect(daysUntilFull(known)).toBe(3)
  })

  test('fills up while retention only says what it would delete, or is held', () => {
    const retention = { keepLast: 3 }
    const runs = daily([10, 10, 10, 10])
    const expiring = [runs[0]?.name ?? '']
    const known = foresee({ runs, retention, expiring, deletes: false, observed: free(25) })
    expect(known.forecast?.steadyBytes).toBe(40)
    expect(daysUntilFull(known)).toBe(3)
  })

  test('does not fill up while the schedule is suspended', () => {
    const known = foresee({ runs: daily([10, 10, 10, 10]), suspend: true, observed: free(0) })
    expect(known.forecast).toMatchObject({ roomFor: 0 })
    expect(daysUntilFull(known)).toBeUndefined()
  })

  test('keeps what is pinned beside what the rules hold', () => {
    const runs = daily([10, 10, 10, 10, 10]).map((run, index) => ({ ...run, isPinned: index === 0 }))
    const known = foresee({ runs, retention: { keepLast: 4 }, observed: free(100) }).forecast
    expect(known?.steadyBytes).toBe(60)
  })
})

describe('whatever the sizes', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 2 ** 45 }), { minLength: 4, maxLength: 40 })
  const rules = fc.record(
    {
      keepLast: fc.integer({ min: 1, max: 10_000 }),
      keepHourly: fc.integer({ min: 1, max: 10_000 }),
      keepDaily: fc.integer({ min: 1, max: 10_000 }),
      keepWeekly: fc.integer({ min: 1, max: 10_000 }),
      keepMonthly: fc.integer({ min: 1, max: 10_000 }),
      keepYearly: fc.integer({ min: 1, max: 10_000 }),
      keepWithin: fc.constantFrom('1s', '48h', '999999h'),
    },
    { requiredKeys: [] },
  )
  const interval = fc.constantFrom(60_000, hour, day, 31 * day, 366 * day)

  const bytes = fc.nat()
  const cases = fc.record({ sizes, retention: rules, intervalMs: interval, bytes, more: fc.nat() })

  test('one odd one among even ones moves nothing', () => {
    const even = fc.record({ count: fc.integer({ min: 4, max: 30 }), growth: fc.integer({ min: 0, max: 1000 }) })
    fc.assert(
      fc.property(even, fc.nat(), fc.integer({ min: 0, max: 2 ** 50 }), ({ count, growth }, index, odd) => {
        const all = Array.from({ length: count }, (_, night) => 5000 + night * growth)
        const expected = foresee({ runs: daily(all) }).forecast
        expect(foresee({ runs: daily(all.with(index % count, odd)) }).forecast).toMatchObject({
          bytesPerDay: growth,
          nextBytes: expected?.nextBytes,
        })
      }),
    )
  })

  test('what it says fits the schema, and is the same in any order and once more', () => {
    fc.assert(
      fc.property(cases, ({ sizes: all, bytes: space, ...rest }) => {
        const input = { ...rest, observed: free(space * 2 ** 22) }
        const runs = daily(all)
        const known = foresee({ runs, ...input })
        expect(meiliSnapshotSchedules.status.parse(known)).toEqual(known)
        expect(foresee({ runs: runs.toReversed(), ...input })).toEqual(known)
        expect(foresee({ runs, ...input, status: known })).toEqual(known)
      }),
    )
  })

  test('more space is never full earlier', () => {
    fc.assert(
      fc.property(cases, ({ sizes: all, bytes: space, more, ...rest }) => {
        const untilFull = (freeBytes: number): number =>
          daysUntilFull(foresee({ runs: daily(all), ...rest, observed: free(freeBytes * 2 ** 15) })) ?? Infinity
        expect(untilFull(space + more)).toBeGreaterThanOrEqual(untilFull(space))
      }),
    )
  })

  test('twice the bytes are twice the figures', () => {
    fc.assert(
      fc.property(cases, ({ sizes: all, bytes: space, ...rest }) => {
        const times = (factor: number): ForecastResult['forecast'] =>
          foresee({ ...rest, runs: daily(all.map((size) => factor * size)), observed: free(factor * space) }).forecast
        const [once, twice] = [times(1), times(2)]
        expect(twice?.fullAt).toBe(once?.fullAt)
        for (const field of ['bytesPerDay', 'nextBytes'] as const)
          expect(Math.abs((twice?.[field] ?? 0) - 2 * (once?.[field] ?? 0))).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('a rule that keeps more never holds less', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 500 }), ({ sizes: all, intervalMs, more }, count) => {
        const steady = (keepDaily: number): number =>
          foresee({ runs: daily(all), retention: { keepDaily }, intervalMs }).forecast?.steadyBytes ?? 0
        expect(steady(count + (more % 50)) * (1 + 1e-9) + 1).toBeGreaterThanOrEqual(steady(count))
      }),
    )
  })
})
