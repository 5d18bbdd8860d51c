// 400 days, minute by minute, in zones that put their clocks forward and back in all the ways that there are.
import { describe, expect, it, vi } from 'vitest'
import { isProblem, readSlots } from '../../../../../src/kinds/schedule/slots/slots.ts'
import type { Slots } from '../../../../../src/kinds/schedule/slots/slots.ts'
import { jumpsIn, slotsIn, tableOf } from './oracle.ts'
import type { Table } from './oracle.ts'

/** A second or two; a machine that does much else at the same time takes longer. */
vi.setConfig({ testTimeout: 240_000 })

const days = 400
const minuteMs = 60_000

const schedules = [
  '0 0 * * *',
  '0 1 * * *',
  '30 1 * * *',
  '0 2 * * *',
  '15 2 * * *',
  '30 2 * * *',
  '0 3 * * *',
  '30 23 * * *',
  '0,30 0-4 * * *',
  '*/20 1-3 * * *',
  '0 * * * *',
  '30 * * * *',
  '0 */2 * * *',
  '15 */6 * * *',
  '*/20 */3 * * *',
  '10 2 * * sun',
  '0 0 * * 6,7',
  '0 0 1 * *',
  '0 0 13 * FRI',
  '30 2 25-31 oct,mar sun',
]

function slotsOf(schedule: string, timeZone: string): Slots {
  const slots = readSlots({ schedule, timeZone })
  if (isProblem(slots)) throw new Error(slots.message)
  return slots
}

/** All of them in (fromMs, toMs], forwards. */
function forwards({ nextAfter }: Slots, fromMs: number, toMs: number): number[] {
  const found: number[] = []
  for (let slotMs = nextAfter(fromMs); slotMs !== undefined && slotMs <= toMs; slotMs = nextAfter(slotMs))
    found.push(slotMs)
  return found
}

function backwards({ lastUpTo }: Slots, fromMs: number, toMs: number): number[] {
  const found: number[] = []
  for (let slotMs = lastUpTo(toMs, fromMs); slotMs !== undefined; slotMs = lastUpTo(slotMs - 1, fromMs))
    found.push(slotMs)
  return found.toReversed()
}

const texts = (times: readonly number[]): readonly string[] => times.map((timeMs) => new Date(timeMs).toISOString())

/** Texts of ten thousand times take longer than to find them. */
function expectSame(found: readonly number[], wanted: readonly number[]): void {
  const isSame = found.length === wanted.length && found.every((timeMs, index) => timeMs === wanted[index])
  expect(isSame ? [] : texts(found)).toEqual(isSame ? [] : texts(wanted))
}

/** Two days around each jump. */
const aroundJumps = (table: Table): readonly (readonly [fromMs: number, toMs: number])[] =>
  jumpsIn(table).map((index) => {
    const jumpMs = table.startMs + index * minuteMs
    return [jumpMs - 1440 * minuteMs, jumpMs + 1440 * minuteMs]
  })

describe.each([
  ['Etc/UTC', '2026-11-29', 0],
  ['Europe/Berlin', '2026-11-29', 2],
  ['America/New_York', '2026-11-29', 2],
  ['Australia/Lord_Howe', '2026-11-29', 2],
  ['America/Santiago', '2026-11-29', 2],
  // Its last year with a month of another time.
  ['Africa/Casablanca', '2025-12-01', 3],
])('in %s from %s on', (timeZone, start, jumps) => {
  const startMs = Date.parse(start)
  const table = tableOf(timeZone, startMs, days)
  const endMs = startMs + (days - 1) * 1440 * minuteMs

  it('the clock is put forward and back', () => {
    expect(jumpsIn(table)).toHaveLength(jumps)
  })

  it.each(schedules)('%s comes when the clock on the wall says', (schedule) => {
    const wanted = slotsIn(table, schedule, [startMs, endMs])
    expect(wanted.length).toBeGreaterThan(0)
    const slots = slotsOf(schedule, timeZone)
    expectSame(forwards(slots, startMs, endMs), wanted)
    expectSame(backwards(slots, startMs, endMs), wanted)
  })

  it.each(['* * * * *', '*/7 0-3 * * *', '13-59/2 */1 * * *'])('%s has no hole and no slot twice', (schedule) => {
    const slots = slotsOf(schedule, timeZone)
    for (const [fromMs, toMs] of [[startMs, startMs + 1440 * minuteMs] as const, ...aroundJumps(table)]) {
      const wanted = slotsIn(table, schedule, [fromMs, toMs])
      expectSame(forwards(slots, fromMs, toMs), wanted)
      expectSame(backwards(slots, fromMs, toMs), wanted)
    }
  })
})
