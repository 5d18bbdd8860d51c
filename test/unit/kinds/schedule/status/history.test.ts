// How snapshots ended, as status says it: also when they are gone, and when a clock stood wrong.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { historyOf } from '../../../../../src/kinds/schedule/status/history.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import { ago, now } from '../../../../support/builders/observations.ts'
import { aRun } from '../../../../support/builders/schedules.ts'

const hour = 3_600_000
const ended = (name: string, phase: Run['phase'], hoursAgo: number): Run =>
  aRun({
    name,
    phase,
    timeMs: now - hoursAgo * hour - 60_000,
    completedMs: now - hoursAgo * hour,
    reason: 'SnapshotFailed',
  })
const good = (name: string, hoursAgo: number): Run => ended(name, 'Completed', hoursAgo)
const bad = (name: string, hoursAgo: number): Run => ended(name, 'Failed', hoursAgo)

test('nothing has ended: nothing is said', () => {
  expect(historyOf({}, [aRun({ phase: 'Moving' })], now)).toMatchObject({
    lastSuccess: undefined,
    lastFailure: undefined,
    consecutiveFailures: 0,
  })
})

test('the newest of each, and how many failed since the last good one', () => {
  expect(historyOf({}, [bad('a', 9), good('b', 8), bad('c', 2), bad('d', 1)], now)).toMatchObject({
    lastSuccess: { name: 'b', completedAt: ago(8 * hour) },
    lastFailure: { name: 'd', completedAt: ago(hour), reason: 'SnapshotFailed' },
    consecutiveFailures: 2,
  })
})

test('a good one ends the count', () => {
  const first = historyOf({}, [bad('a', 3), bad('b', 2)], now)
  expect(historyOf(first, [bad('a', 3), bad('b', 2), good('c', 1)], now)).toMatchObject({ consecutiveFailures: 0 })
})

test('what is gone is remembered, and those that retention took away still count', () => {
  const first = historyOf({}, [good('a', 9), bad('b', 3), bad('c', 2)], now)
  expect(historyOf(first, [], now)).toMatchObject({ ...first, active: undefined })
  expect(historyOf(first, [bad('d', 1)], now)).toMatchObject({ consecutiveFailures: 3, lastFailure: { name: 'd' } })
})

test('a tombstone was counted when it was good', () => {
  const first = historyOf({}, [good('a', 1)], now)
  expect(historyOf(first, [ended('a', 'Expired', 1)], now).lastSuccess).toEqual(first.lastSuccess)
})

describe('a clock that stood a year ahead', () => {
  const year = 366 * 24 * hour

  test('what ended then counts from when it was made, by the API server’s clock', () => {
    const run = aRun({ name: 'a', createdMs: now - hour, completedMs: now + year })
    expect(historyOf({}, [run], now).lastSuccess).toEqual({ name: 'a', completedAt: ago(hour) })
  })

  test('what is on record from then is forgotten, and so hides no newer one', () => {
    const lastSuccess = { name: 'a', completedAt: new Date(now + year).toISOString() }
    expect(historyOf({ lastSuccess }, [good('b', 1)], now).lastSuccess?.name).toBe('b')
  })
})

test('active are those that have not ended and stay, the oldest first, ten at most', () => {
  const runs = Array.from({ length: 12 }, (_, index) =>
    aRun({ name: `r${String(index).padStart(2, '0')}`, phase: 'Pending', createdMs: now - index }),
  )
  const going = aRun({ name: 'going', phase: 'Moving', isBeingDeleted: true })
  expect(historyOf({}, [...runs, going, good('done', 1)], now).active).toEqual(
    ['11', '10', '09', '08', '07', '06', '05', '04', '03', '02'].map((number) => `r${number}`),
  )
})

test('said once more it is the same, whatever there is', () => {
  const anyRun = fc
    .record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      phase: fc.constantFrom<Run['phase'][]>('Pending', 'Completed', 'Failed', 'Expired'),
      createdMs: fc.integer({ min: now - 10 * hour, max: now + hour }),
      completedMs: fc.integer({ min: now - 10 * hour, max: now + 10 * hour }),
    })
    .map(aRun)
  fc.assert(
    fc.property(fc.uniqueArray(anyRun, { selector: ({ name }) => name }), (runs) => {
      const first = historyOf({}, runs, now)
      expect(historyOf(first, runs, now)).toEqual(first)
    }),
  )
})
