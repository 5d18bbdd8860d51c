// Who is told how often: an object that does not stop gets few Events, and none that says something new is left out.
import { describe, expect, test } from 'vitest'
import { Correlator } from '../../../../src/runtime/events/correlator.ts'
import type { EventText } from '../../../../src/runtime/events/correlator.ts'

const second = 1000
const minute = 60 * second
const snapshot = { kind: 'MeiliSnapshot', metadata: { namespace: 'shop', name: 'first', uid: 'u-1' } }
const other = { kind: 'MeiliSnapshot', metadata: { namespace: 'shop', name: 'second', uid: 'u-2' } }
const warning = (reason: string, message = reason): EventText => ({ type: 'Warning', reason, message })

class Told {
  nowMs = 0
  /** What was let through, with when. */
  readonly lines: { readonly atMs: number; readonly text: string; readonly count: number; readonly event: object }[] =
    []
  readonly #correlator = new Correlator(() => this.nowMs)

  record(text: EventText, object = snapshot): boolean {
    const told = this.#correlator.correlate(object, text)
    if (told === undefined) return false
    this.lines.push({ atMs: this.nowMs, text: told.message, count: told.event.count, event: told.event })
    return true
  }

  between(fromMs: number, toMs: number): number {
    return this.lines.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length
  }
}

describe('a server that flaps each 20 s for an hour', () => {
  test('makes 25 Events of its snapshot, and then one in five minutes', () => {
    const told = new Told()
    for (; told.nowMs < 60 * minute; told.nowMs += 20 * second) told.record(warning('EngineUnreachable'))
    // One token has come back while the first 25 were spent.
    expect(told.between(0, 10 * minute)).toBeLessThanOrEqual(27)
    expect(told.between(10 * minute, 60 * minute)).toBe(10)
    expect(told.lines.at(-1)!.count).toBeGreaterThan(160)
  })

  test('hides neither how the snapshot ends, nor what another one has to say', () => {
    const told = new Told()
    for (; told.nowMs < 20 * minute; told.nowMs += 20 * second) told.record(warning('EngineUnreachable'))
    expect(told.record(warning('EngineUnreachable'))).toBe(false)
    expect(told.record(warning('Failed'))).toBe(true)
    expect(told.record({ type: 'Normal', reason: 'Completed', message: 'It is stored.' })).toBe(true)
    expect(told.record(warning('EngineUnreachable'), other)).toBe(true)
  })

  test('with two reasons in turn shows each of them now and then, and no more', () => {
    const told = new Told()
    for (; told.nowMs < 60 * minute; told.nowMs += 20 * second)
      told.record(warning(told.nowMs % (40 * second) === 0 ? 'Unreachable' : 'Ready'))
    const late = told.lines.filter(({ atMs }) => atMs > 20 * minute)
    expect(new Set(late.map(({ text }) => text))).toEqual(new Set(['Unreachable', 'Ready']))
    expect(late.length).toBeLessThanOrEqual(8 + 2 * 4)
  })
})

describe('one reason with many messages', () => {
  test('is one Event from the tenth message on, and says so', () => {
    const told = new Told()
    for (let nth = 0; nth < 12; nth++) told.record(warning('Refused', `refused: ${nth}`))
    expect(told.lines.map(({ text }) => text).slice(7)).toEqual([
      'refused: 7',
      'refused: 8',
      '(combined from similar events): refused: 9',
      '(combined from similar events): refused: 10',
      '(combined from similar events): refused: 11',
    ])
    expect(new Set(told.lines.map(({ event }) => event)).size).toBe(10)
  })

  test('begins anew after ten quiet minutes', () => {
    const told = new Told()
    for (let nth = 0; nth < 12; nth++) told.record(warning('Refused', `refused: ${nth}`))
    told.nowMs += 11 * minute
    told.record(warning('Refused', 'refused: 13'))
    expect(told.lines.at(-1)!.text).toBe('refused: 13')
  })
})

test('of ten thousand objects those are remembered that had Events last', () => {
  const told = new Told()
  const about = (nth: number): typeof snapshot => ({
    kind: 'MeiliSnapshot',
    metadata: { namespace: 'shop', name: `s${nth}`, uid: `u-${nth}` },
  })
  for (let nth = 0; nth < 10_000; nth++) told.record(warning('Failed'), about(nth))
  for (const nth of [0, 9999]) told.record(warning('Failed'), about(nth))
  expect(told.lines.slice(-2).map(({ count }) => count)).toEqual([1, 2])
})
