// How many snapshots rules hold in the end: the forecast's estimate beside retention itself.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retention as schema } from '../../../../../src/api/fields/schedule.ts'
import { seriesOf } from '../../../../../src/kinds/schedule/forecast/holdings.ts'
import { retain } from '../../../../../src/kinds/schedule/retention/retain.ts'
import { hour } from '../../../../support/builders/observations.ts'
import { aRun } from '../../../../support/builders/schedules.ts'

const day = 24 * hour
const nowMs = Date.UTC(2026, 10, 29, 3)
/** Four years of nights. */
const runs = Array.from({ length: 1461 }, (_, index) => aRun({ timeMs: nowMs - index * day }))
const count = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max })

test('for whatever rules it is off by no more than the rules are', () => {
  const rules = fc.record(
    {
      keepLast: count(12),
      keepHourly: count(12),
      keepDaily: count(40),
      keepWeekly: count(20),
      keepMonthly: count(24),
      keepYearly: count(3),
      keepWithin: fc.constantFrom('12h', '48h', '720h'),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(rules, (some) => {
      const retention = schema.parse(some)
      const estimate = seriesOf(retention, day)?.reduce((sum, series) => sum + series.count, 0)
      const held = retain({ runs, rules: retention, timeZone: 'Etc/UTC', nowMs }).keep.length
      if (Object.keys(some).length === 0) expect(estimate).toBeUndefined()
      else expect(Math.abs((estimate ?? 0) - held)).toBeLessThanOrEqual(Object.keys(some).length)
    }),
    { numRuns: 60 },
  )
})
