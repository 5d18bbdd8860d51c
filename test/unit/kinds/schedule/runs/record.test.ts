// What stands on record of a run: when it is tried again, and that what it says fits the schema.
import { expect, test } from 'vitest'
import { scheduleStatus } from '../../../../../src/api/status/schedule.ts'
import {
  beginRecord,
  isClosed,
  refuse,
  retryAtMs,
  settle,
  tryAgain,
} from '../../../../../src/kinds/schedule/runs/record.ts'
import { now } from '../../../../support/builders/observations.ts'

const slotMs = now - 60_000
const run = beginRecord({ name: 'nightly-202603011159', slotMs }, now)

test('the first try is at once, and so is the second one where nobody knows what became of the first', () => {
  expect(retryAtMs(run, now)).toBeUndefined()
})

test('each further try comes later than the one before, by five minutes at most', () => {
  let tried = run
  let atMs = now
  const pauses: number[] = []
  for (let count = 0; count < 8; count++) {
    tried = tryAgain(tried, atMs)
    const nextMs = retryAtMs(tried, atMs)!
    pauses.push((nextMs - atMs) / 1000)
    atMs = nextMs
  }
  expect(pauses).toEqual([60, 120, 240, 300, 300, 300, 300, 300])
  expect(tried.tries).toBe(9)
  expect(retryAtMs(tried, atMs)).toBeUndefined()
})

test('a time that another clock wrote keeps nobody waiting for a year', () => {
  const inAYear = tryAgain(run, now + 366 * 86_400_000)
  expect(retryAtMs(inAYear, now)).toBeUndefined()
})

test('whatever a webhook says fits the schema, on one record', () => {
  const message = `denied: ${'\u0000\ud800x'.repeat(5000)}`
  for (const reason of ['RunRefused', 'NameTaken'] as const) {
    const refused = refuse({}, { run, reason, message, nowMs: now })
    expect(scheduleStatus.safeParse(refused).error).toBeUndefined()
    expect(refused.run?.failure?.isWellFormed()).toBe(true)
    expect(isClosed(refused.run!)).toBe(reason === 'NameTaken')
  }
})

test('no slot up to one whose name is taken runs any more', () => {
  expect(refuse({}, { run, reason: 'NameTaken', message: 'taken', nowMs: now }).slotsAfter).toBe(run.slot)
})

test('what is there is counted, and nothing is left on record', () => {
  expect(settle({ run }, run)).toEqual({
    lastSlot: run.slot,
    lastRunName: run.name,
    counts: { created: 1, skipped: 0, missed: 0, expired: 0 },
  })
})
