// The tables of docs/schedules.md that say when a schedule runs and what is kept are what the operator does.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { retain } from '../../../src/kinds/schedule/retention/retain.ts'
import { isProblem, readSlots } from '../../../src/kinds/schedule/slots/slots.ts'
import { aRun } from '../../support/builders/schedules.ts'

const page = readFileSync(new URL('../../../docs/schedules.md', import.meta.url), 'utf8')

/** The cells of each row of the table whose head begins so. */
function rowsUnder(head: string): string[][] {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => line.startsWith(head))
  expect(start, head).toBeGreaterThan(0)
  const rows = lines.slice(start + 2)
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

describe('when clocks change in Berlin', () => {
  /** From midnight to past the change, as UTC. */
  const nights = [
    ['2027-03-27T23:00Z', '2027-03-28T02:00Z'],
    ['2027-10-30T23:00Z', '2027-10-31T03:00Z'],
  ] as const

  test.each(rowsUnder('| schedule | in the night to'))('%s', (schedule = '', ...shown) => {
    const slots = readSlots({ schedule: schedule.replaceAll('`', ''), timeZone: 'Europe/Berlin' })
    if (isProblem(slots)) throw new Error(slots.message)
    const found = nights.map(([from, to]) => {
      const times: string[] = []
      for (
        let next = slots.nextAfter(Date.parse(from) - 1);
        next !== undefined && next < Date.parse(to);
        next = slots.nextAfter(next)
      )
        times.push(new Date(next).toISOString().slice(11, 16))
      return times
    })
    expect(found).toEqual(shown.map((cell) => [...cell.matchAll(/(\d\d:\d\d) UTC/g)].map(([, time]) => time)))
  })
})

describe('the example of retention', () => {
  const rows = rowsUnder('| snapshot | | stays by |')
  const [, rules = ''] = /An example: .*?, and (.*), in `Etc\/UTC`\./.exec(page) ?? []
  const numbers: Readonly<Record<string, number>> = Object.fromEntries(
    [...rules.matchAll(/`(keep\w+): (\d+)`/g)].map(([, name, number]) => [name, Number(number)]),
  )
  const runs = rows.map(([day = '', state]) => {
    const timeMs = Date.parse(`${day.slice(4)}T03:00Z`)
    return aRun({ name: day, uid: day, timeMs, phase: state === 'good' ? 'Completed' : 'Failed' })
  })

  test('has the rules that it names, and days as they fell', () => {
    expect(Object.keys(numbers)).toEqual(['keepLast', 'keepDaily', 'keepWeekly', 'keepMonthly'])
    for (const [day = ''] of rows)
      expect(day.slice(0, 3)).toBe(
        new Date(day.slice(4)).toLocaleDateString('en-US', { weekday: 'short', timeZone: 'UTC' }),
      )
  })

  test.each(rows)('%s, %s: %s', (day, _state, words = '') => {
    const { keep } = retain({
      runs,
      rules: { minimum: 1, failed: 3, ...numbers },
      timeZone: 'Etc/UTC',
      nowMs: Date.parse('2026-11-30T04:00Z'),
    })
    const by = keep.find(({ name }) => name === day)?.by ?? []
    expect(by).toEqual(words === '–' ? [] : words.split(', '))
  })
})
