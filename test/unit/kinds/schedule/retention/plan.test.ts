import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { meiliSnapshotSchedules } from '../../../../../src/api/schedule.ts'
import { instant } from '../../../../../src/api/status/conditions.ts'
import { planRetention } from '../../../../../src/kinds/schedule/retention/plan.ts'
import { hour, minute, now } from '../../../../support/builders/observations.ts'
import { aRun, aSchedule } from '../../../../support/builders/schedules.ts'
import { anyRuns } from './any-runs.ts'

const night = (hours: number): ReturnType<typeof aRun> =>
  aRun({ name: `h${hours}`, uid: `u${hours}`, timeMs: now - hours * hour })
const runs = [1, 25, 49].map(night)
const base = { runs, intervalMs: 24 * hour, nowMs: now }
const spec = { retention: { keepLast: 2 } }
const first = planRetention({ ...base, schedule: aSchedule({ spec }) })
const schedule = aSchedule({ spec, status: first.status })

describe('slow hands', () => {
  test('what goes is announced by one pass, and may go in a later one', () => {
    expect(first.status.expiring).toEqual([
      { name: 'h49', reason: 'no rule keeps it', notBefore: instant(now + minute) },
    ])
    expect(first.remove).toBeUndefined()
    expect(first.againAtMs).toBe(now + minute)
    expect(planRetention({ ...base, schedule }).remove).toBeUndefined()
    expect(planRetention({ ...base, schedule, nowMs: now + minute }).remove).toEqual({ name: 'h49', uid: 'u49' })
  })

  test('the time that was announced stays', () => {
    const later = planRetention({ ...base, schedule, nowMs: now + 30_000 })
    expect(later.status.expiring).toEqual(first.status.expiring)
  })

  test('one that was kept in between is announced anew', () => {
    const pinned = runs.map((run) => ({ ...run, isPinned: true }))
    const kept = planRetention({ ...base, runs: pinned, schedule, nowMs: now + minute })
    expect(kept.status.expiring).toBeUndefined()
    expect(kept.remove).toBeUndefined()
    const again = planRetention({ ...base, schedule: aSchedule({ spec, status: kept.status }), nowMs: now + hour })
    expect(again.status.expiring?.map(({ notBefore }) => notBefore)).toEqual([instant(now + hour + minute)])
    expect(again.remove).toBeUndefined()
  })

  test('while one is being removed no other one may go, and that one as long as it is to', () => {
    const more = { ...base, runs: [...runs, night(73)], nowMs: now + hour }
    const { status } = planRetention({ ...more, schedule })
    const removing = {
      name: 'h49',
      uid: 'u49',
      deletionPolicy: 'Retain',
      startedAt: instant(now + 50 * minute),
    } as const
    const going = aSchedule({ spec, status: { ...status, removing } })
    expect(planRetention({ ...more, schedule: going }).remove?.name).toBe('h49')
    expect(planRetention({ ...more, runs: [...runs.slice(0, 2), night(73)], schedule: going }).remove).toBeUndefined()
    const kept = aSchedule({ spec: { retention: { keepLast: 3 } }, status: { ...status, removing } })
    expect(planRetention({ ...more, schedule: kept }).remove).toBeUndefined()
  })
})

describe('what status says', () => {
  test('how many good ones there are, how large, and why each one stays, the newest first', () => {
    const failed = aRun({ name: 'f', phase: 'Failed', timeMs: now - 2 * hour, sizeBytes: 5 })
    const { status } = planRetention({ ...base, runs: [failed, ...runs], schedule })
    expect(status.kept).toEqual({
      count: 3,
      bytes: 3 * 2 ** 30,
      size: '3.0 GiB',
      oldest: instant(now - 49 * hour),
      newest: instant(now - hour),
      rules: [
        { name: 'h1', by: ['last', 'minimum'] },
        { name: 'f', by: ['failed'] },
        { name: 'h25', by: ['last'] },
      ],
    })
  })

  test('names a hundred, and counts the others', () => {
    const many = Array.from({ length: 250 }, (_, i) => night(i + 1))
    const { status } = planRetention({ ...base, runs: many, schedule: aSchedule() })
    expect(status.kept?.rules).toHaveLength(100)
    expect(status.kept?.more).toBe(150)
  })

  test('has a number for sizes that somebody made up', () => {
    const huge = runs.map((run) => ({ ...run, sizeBytes: Number.MAX_SAFE_INTEGER }))
    const { kept } = planRetention({ ...base, runs: huge, schedule: aSchedule() }).status
    expect(meiliSnapshotSchedules.status.parse({ kept })).toEqual({ kept })
  })

  test('without retention all stay, and nobody asks anything', () => {
    const bare = runs.map((run, i) => ({ ...run, documents: i * 1000 }))
    const plan = planRetention({ ...base, runs: bare, intervalMs: undefined, schedule: aSchedule() })
    expect(plan.status.kept?.rules?.map(({ by }) => by)).toEqual([['all'], ['all'], ['all']])
    expect(plan).toMatchObject({ flagged: [] })
    expect([plan.remove, plan.held, plan.status.expiring]).toEqual([undefined, undefined, undefined])
  })

  test('fits the schema, and is the same when nothing has changed', () => {
    const policies = [
      { keepLast: 2, guard: { maxDropPercent: 0 } },
      { keepDaily: 2, failed: 0 },
      { mode: 'DryRun', keepLast: 1 },
    ]
    const schedules = policies.map((retention) => aSchedule({ spec: { retention } }))
    fc.assert(
      fc.property(anyRuns, fc.constantFrom(...schedules), (any, of) => {
        const parts = { ...base, runs: any }
        const { status } = planRetention({ ...parts, schedule: of })
        expect(meiliSnapshotSchedules.status.parse(status)).toEqual(status)
        expect(planRetention({ ...parts, schedule: { ...of, status } }).status).toEqual(status)
      }),
    )
  })
})
