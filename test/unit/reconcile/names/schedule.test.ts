import { expect, test } from 'vitest'
import {
  confirmAnnotation,
  keepAnnotation,
  runNowAnnotation,
  scheduleConditions,
  scheduleLabel,
  scheduleReasons,
  scheduleUidLabel,
} from '../../../../src/api/schedule.ts'
import {
  runName,
  runNowHash,
  runNowName,
  scheduleLabelValue,
  secondRunName,
} from '../../../../src/reconcile/names/schedule.ts'

const schedule = (name: string): { metadata: { name: string } } => ({ metadata: { name } })
const slotMs = Date.parse('2026-11-29T02:00:00Z')

test('a run is named by its schedule and its slot in UTC', () => {
  expect(runName(schedule('nightly'), slotMs)).toBe('nightly-202611290200')
})

test('a name that is too long is cut, and stays a name of its own', () => {
  const [one, other] = [schedule(`${'x'.repeat(252)}a`), schedule(`${'x'.repeat(252)}b`)]
  for (const nameOf of [(of: typeof one) => runName(of, slotMs), (of: typeof one) => runNowName(of, 'now')]) {
    expect(nameOf(one)).not.toBe(nameOf(other))
    expect(nameOf(one).length).toBeLessThanOrEqual(253)
  }
  expect(runName(one, slotMs)).toMatch(/^x+-[0-9a-f]{8}-202611290200$/)
})

test('a name that is cut at a dot or a dash has none before the hash', () => {
  expect(scheduleLabelValue(`${'x'.repeat(52)}.-.${'y'.repeat(20)}`)).toMatch(/^x{52}-[0-9a-f]{8}$/)
})

test('a label has 63 characters, and each schedule one of its own', () => {
  const values = ['a', 'b'].map((end) => scheduleLabelValue('x'.repeat(80) + end))
  expect(new Set(values).size).toBe(2)
  for (const value of values) expect(value.length).toBe(63)
  expect(scheduleLabelValue('nightly')).toBe('nightly')
})

test('one value of run-now is one name, another one another', () => {
  expect(runNowName(schedule('nightly'), 'one')).toBe(`nightly-now-${runNowHash('one')}`)
  expect(runNowName(schedule('nightly'), 'one')).not.toBe(runNowName(schedule('nightly'), 'two'))
})

test('every label and annotation is under our own prefix, which a template may not use', () => {
  for (const name of [scheduleLabel, scheduleUidLabel, keepAnnotation, runNowAnnotation, confirmAnnotation])
    expect(name).toMatch(/^meili-operator\.dev\//)
})

test('a condition and a reason are what they are called', () => {
  for (const words of [scheduleConditions, scheduleReasons])
    for (const [name, value] of Object.entries(words)) expect(value).toBe(name)
})

test('a slot whose run was made by a clock that stood wrong has another name, which fits as well', () => {
  expect(secondRunName(schedule('nightly'), slotMs)).toBe('nightly-202611290200-2')
  expect(secondRunName(schedule('x'.repeat(253)), slotMs)).toHaveLength(253)
})
