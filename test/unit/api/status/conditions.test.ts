// Conditions as every reader of status needs them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { condition } from '../../../../src/api/meta.ts'
import type { Condition } from '../../../../src/api/meta.ts'
import { conditionNamed, conditionsOf, instant, isTrue } from '../../../../src/api/status/conditions.ts'
import type { Wanted } from '../../../../src/api/status/conditions.ts'
import { ago, hour, now } from '../../../support/builders/observations.ts'

const ready = (changes: Partial<Wanted> = {}): Wanted => ({
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message: 'It is.',
  ...changes,
})
const moment = (changes: object = {}): { generation: number; nowMs: number } => ({
  generation: 2,
  nowMs: now,
  ...changes,
})
const before: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Old',
  message: 'It was.',
  lastTransitionTime: ago(hour),
  observedGeneration: 1,
}

describe('conditionsOf', () => {
  test('the first time: all of it is new', () => {
    expect(conditionsOf(undefined, [ready()], moment())).toEqual([
      {
        type: 'Ready',
        status: 'True',
        reason: 'Ready',
        message: 'It is.',
        lastTransitionTime: '2026-03-01T12:00:00Z',
        observedGeneration: 2,
      },
    ])
  })

  test('the same status: the time stays, while reason, message and generation move', () => {
    expect(conditionsOf([before], [ready()], moment())).toEqual([
      {
        type: 'Ready',
        status: 'True',
        reason: 'Ready',
        message: 'It is.',
        lastTransitionTime: ago(hour),
        observedGeneration: 2,
      },
    ])
  })

  test.each(['False', 'Unknown'] as const)('another status (%s): the time moves', (status) => {
    expect(conditionsOf([before], [ready({ status })], moment())[0]?.lastTransitionTime).toBe('2026-03-01T12:00:00Z')
  })

  test('what is not wanted is gone, and the order is the one that is wanted', () => {
    const abnormal: Condition = { ...before, type: 'Stalled' }
    expect(
      conditionsOf([abnormal, before], [ready(), ready({ type: 'Complete' })], moment()).map(({ type }) => type),
    ).toEqual(['Ready', 'Complete'])
  })

  test('one that went and comes again has a new time', () => {
    const without = conditionsOf([{ ...before, type: 'Stalled' }], [ready()], moment())
    expect(
      conditionsOf(without, [ready({ type: 'Stalled' })], moment({ nowMs: now + hour }))[0]?.lastTransitionTime,
    ).toBe('2026-03-01T13:00:00Z')
  })

  test('a message is cut to what the schema takes', () => {
    expect(conditionsOf(undefined, [ready({ message: 'x'.repeat(5000) })], moment())[0]?.message).toHaveLength(2000)
  })

  test('a cut through the middle of a character leaves none that JSON cannot carry', () => {
    const { message = '' } = conditionsOf(undefined, [ready({ message: `x${'😀'.repeat(1500)}` })], moment())[0] ?? {}
    expect(message.isWellFormed()).toBe(true)
    expect(Buffer.from(message).toString()).toBe(message)
  })

  test('whatever is wanted: valid, and the same again on the next pass', () => {
    const message = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.integer({ min: 1990, max: 2010 }).map((length) => `${'x'.repeat(length)}😀😀`),
    )
    const wanted = fc.uniqueArray(
      fc.record({
        type: fc.constantFrom('Reconciling', 'Stalled', 'Ready', 'Complete'),
        status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
        reason: fc.stringMatching(/^[A-Z][A-Za-z]{0,30}$/),
        message,
      }),
      { selector: ({ type }) => type },
    )
    fc.assert(
      fc.property(wanted, wanted, (earlier, later) => {
        const previous = conditionsOf(undefined, earlier, moment({ generation: 1, nowMs: now - hour }))
        const first = conditionsOf(previous, later, moment())
        for (const each of first) condition.parse(each)
        expect(conditionsOf(first, later, moment({ nowMs: now + hour }))).toEqual(first)
        for (const each of first) {
          const was = previous.find(({ type }) => type === each.type)
          expect(each.lastTransitionTime).toBe(was?.status === each.status ? ago(hour) : ago(0))
        }
      }),
    )
  })
})

describe('reading', () => {
  test('by name', () => {
    expect(conditionNamed([before], 'Ready')).toBe(before)
    expect(conditionNamed([before], 'Stalled')).toBeUndefined()
    expect(conditionNamed(undefined, 'Ready')).toBeUndefined()
  })

  test('true is only True', () => {
    expect(isTrue([before], 'Ready')).toBe(true)
    expect(isTrue([{ ...before, status: 'Unknown' }], 'Ready')).toBe(false)
    expect(isTrue([], 'Ready')).toBe(false)
  })

  test('an instant has whole seconds, as Kubernetes writes them', () => {
    expect(instant(now + 999)).toBe('2026-03-01T12:00:00Z')
  })
})
