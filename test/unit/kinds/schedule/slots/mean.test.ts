// The mean time between two slots: what a schedule's growth is measured by.
import { expect, test } from 'vitest'
import { isProblem, readSlots } from '../../../../../src/kinds/schedule/slots/slots.ts'
import { hour } from '../../../../support/builders/observations.ts'

function meanHours(schedule: string): number {
  const slots = readSlots({ schedule, timeZone: 'Europe/Berlin' })
  if (isProblem(slots)) throw new Error(slots.message)
  return slots.meanMs / hour
}

test.each([
  ['0 3 * * *', 24],
  ['@hourly', 1],
  ['*/15 * * * *', 0.25],
  ['0 0,12 * * *', 12],
  ['@weekly', 168],
  ['0 9-17 * * 1-5', (7 * 24) / 45],
  ['@monthly', (365.25 * 24) / 12],
  ['0 0 29 2 *', 4 * 365.25 * 24],
])('%s comes every %s hours in the mean', (schedule, hours) => {
  expect(meanHours(schedule)).toBeCloseTo(hours, 6)
})
