import { describe, expect, test } from 'vitest'
import { instant } from '../../../../../src/api/status/conditions.ts'
import { planRetention } from '../../../../../src/kinds/schedule/retention/plan.ts'
import { hour, minute, now } from '../../../../support/builders/observations.ts'
import { aRun, aSchedule } from '../../../../support/builders/schedules.ts'

const runs = [1, 25, 49].map((hours) => aRun({ name: `h${hours}`, timeMs: now - hours * hour }))
const base = { runs, intervalMs: 24 * hour, nowMs: now }

describe('slow hands', () => {
  test('what goes is announced by one pass, and may go in a later one', () => {
    const spec = { retention: { keepLast: 2 } }
    const first = planRetention({ ...base, schedule: aSchedule({ spec }) })
    expect(first.status.expiring).toEqual([
      { name: 'h49', reason: 'no rule keeps it', notBefore: instant(now + minute) },
    ])
    expect(first.remove).toBeUndefined()
    const schedule = aSchedule({ spec, status: { ...first.status } })
    expect(planRetention({ ...base, schedule }).remove).toBeUndefined()
    expect(planRetention({ ...base, schedule, nowMs: now + minute }).remove?.name).toBe('h49')
  })
})
