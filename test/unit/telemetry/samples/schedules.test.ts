// What /metrics says of schedules, from nothing but what is on record in them.
import { describe, expect, test } from 'vitest'
import { scheduleConditions } from '../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../../src/api/schedule.ts'
import { scheduleFamilies } from '../../../../src/telemetry/families/schedules.ts'
import { scheduleSamples } from '../../../../src/telemetry/samples/schedules.ts'
import { aCondition, ago, hour, now, ready } from '../../../support/builders/observations.ts'
import { aSchedule } from '../../../support/builders/schedules.ts'

const day = 24 * hour
const secondsAgo = (spanMs: number): number => (now - spanMs) / 1000

/** Of `shop/nightly`, by name and by what other labels it has. */
function seriesOf(...schedules: readonly MeiliSnapshotSchedule[]): Record<string, number> {
  return Object.fromEntries(
    scheduleSamples(schedules).map(({ name, labels: { namespace, schedule, ...others }, value }) => {
      expect(`${namespace}/${schedule}`).toBe('shop/nightly')
      const rest = Object.entries(others).map(([label, text]) => `${label}=${text}`)
      return [`${name.replace('meili_schedule_', '')}${rest.length === 0 ? '' : `{${rest.join()}}`}`, value]
    }),
  )
}

const whole = aSchedule({
  status: {
    conditions: [ready],
    interval: '24h',
    lastSlot: ago(3 * hour),
    nextSlot: ago(-21 * hour),
    lastSuccess: { name: 'a', completedAt: ago(2 * hour) },
    lastFailure: { name: 'b', completedAt: ago(26 * hour), reason: 'MoverFailed' },
    consecutiveFailures: 0,
    active: ['c'],
    counts: { created: 31, skipped: 2, missed: 3, expired: 24 },
    kept: { count: 7, bytes: 7000, size: '6.8 KiB' },
    expiring: [{ name: 'd', reason: 'No rule keeps it.' }],
    forecast: {
      bytesPerDay: -5,
      nextBytes: 1000,
      steadyBytes: 8000,
      spaceBytes: 9000,
      fullAt: ago(-9 * day),
      basis: 'Sizes.',
    },
  },
})

test('a schedule that nobody has looked at has its counts at 0, and says nothing that nobody knows', () => {
  expect(seriesOf(aSchedule())).toEqual({
    'info{instance=movies,claim=backups}': 1,
    'retention_held{reason=}': 0,
    ready: 0,
    suspended: 0,
    overdue: 0,
    created_timestamp_seconds: secondsAgo(2 * day),
    consecutive_failures: 0,
    active: 0,
    kept: 0,
    kept_bytes: 0,
    expiring: 0,
    snapshots_created_total: 0,
    snapshots_expired_total: 0,
    slots_skipped_total: 0,
    slots_missed_total: 0,
  })
})

test('one that has run says when, how much, and what is to be expected', () => {
  expect(seriesOf(whole)).toMatchObject({
    ready: 1,
    interval_seconds: 86_400,
    last_slot_timestamp_seconds: secondsAgo(3 * hour),
    next_slot_timestamp_seconds: secondsAgo(-21 * hour),
    last_success_timestamp_seconds: secondsAgo(2 * hour),
    last_failure_timestamp_seconds: secondsAgo(26 * hour),
    active: 1,
    kept: 7,
    kept_bytes: 7000,
    expiring: 1,
    forecast_next_bytes: 1000,
    forecast_growth_bytes_per_day: -5,
    forecast_steady_bytes: 8000,
    forecast_space_bytes: 9000,
    forecast_full_timestamp_seconds: secondsAgo(-9 * day),
    snapshots_created_total: 31,
    snapshots_expired_total: 24,
    slots_skipped_total: 2,
    slots_missed_total: 3,
  })
})

test('every family has its series there', () => {
  const names = new Set(scheduleSamples([whole]).map(({ name }) => name))
  expect(scheduleFamilies.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([])
})

describe('overdue', () => {
  const from = (parts: Parameters<typeof aSchedule>[0]): number | undefined =>
    seriesOf(aSchedule(parts))['overdue_from_timestamp_seconds']

  test('is one from two intervals and startingDeadline after the last good one', () => {
    expect(from({ status: { interval: '24h', lastSuccess: { name: 'a', completedAt: ago(hour) } } })).toBe(
      secondsAgo(hour - 2 * day - 6 * hour),
    )
  })

  test('is one that never had any, from its creation on', () => {
    expect(from({ status: { interval: '1h' }, spec: { startingDeadline: '30m' } })).toBe(
      secondsAgo(2 * day - 2.5 * hour),
    )
  })

  test('is none while it is suspended, nor by the time that it was', () => {
    const lastSuccess = { name: 'a', completedAt: ago(40 * day) }
    expect(from({ spec: { suspend: true }, status: { interval: '24h', lastSuccess } })).toBeUndefined()
    expect(from({ status: { interval: '24h', lastSuccess, followedSince: ago(hour) } })).toBe(
      secondsAgo(hour - 2 * day - 6 * hour),
    )
  })

  test('shows where its condition says so', () => {
    const late = aCondition(scheduleConditions.Overdue, 'True', { reason: 'NoRecentSuccess' })
    expect(seriesOf(aSchedule({ status: { conditions: [ready, late] } }))).toMatchObject({ ready: 1, overdue: 1 })
    expect(seriesOf(aSchedule({ spec: { suspend: true } }))).toMatchObject({ suspended: 1, overdue: 0 })
  })
})

test('retention that is held names its reason, from a closed list', () => {
  const held = (reason: string): Record<string, number> =>
    seriesOf(aSchedule({ status: { conditions: [aCondition(scheduleConditions.RetentionHeld, 'True', { reason })] } }))
  expect(held('DocumentsDropped')).toMatchObject({ 'retention_held{reason=DocumentsDropped}': 1 })
  expect(held('WhoKnows')).toMatchObject({ 'retention_held{reason=Other}': 1 })
  expect(Object.keys(held('DocumentsDropped')).filter((name) => name.startsWith('retention_held'))).toHaveLength(1)
})

test('each sample has the labels of its family and no other, and a number for its value', () => {
  const broken = aSchedule({
    metadata: { creationTimestamp: 'yesterday' },
    status: { interval: '1h', lastSlot: '', nextSlot: 'soon', lastSuccess: { name: 'a', completedAt: 'never' } },
  })
  for (const { name, labels, value } of scheduleSamples([whole, broken])) {
    expect(Object.keys(labels), name).toEqual(scheduleFamilies.find((family) => family.name === name)?.labels)
    expect(Number.isFinite(value), name).toBe(true)
  }
})

test('a schedule that is gone leaves nothing', () => {
  expect(scheduleSamples([])).toEqual([])
})
