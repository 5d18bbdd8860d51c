// Clocks of deadlines: ours alone, each from its own moment.
import { describe, expect, test } from 'vitest'
import {
  deadlineText,
  moveDeadlineMs,
  startedMs,
  taskDeadlineMs,
} from '../../../../../src/kinds/snapshot/status/deadline.ts'
import {
  ago,
  aSnapshot,
  aTask,
  hour,
  minute,
  movingStatus,
  now,
  requestedStatus,
  second,
} from '../../../../support/builders/observations.ts'

describe('deadlines', () => {
  test('start runs from leaving the queue, and not before', () => {
    expect(startedMs(aSnapshot({ status: { startedAt: ago(minute) } }), now)).toBe(now - minute)
    expect(startedMs(aSnapshot(), now)).toBe(now)
  })

  test('task runs from the adoption, else from the request', () => {
    expect(
      taskDeadlineMs(aSnapshot({ status: requestedStatus({ postedAt: ago(hour), adoptedAt: ago(minute) }) }), now),
    ).toBe(now - minute + 6 * hour)
    expect(taskDeadlineMs(aSnapshot({ status: requestedStatus({ postedAt: ago(hour) }) }), now)).toBe(now + 5 * hour)
    expect(taskDeadlineMs(aSnapshot(), now)).toBe(now + 6 * hour)
  })

  test('move runs from the first mover on', () => {
    expect(moveDeadlineMs(aSnapshot({ status: movingStatus({ startedAt: ago(hour) }) }), now)).toBe(now + 5 * hour)
    expect(moveDeadlineMs(aSnapshot(), now)).toBe(now + 6 * hour)
  })

  test('are those of the spec', () => {
    const spec = { deadlines: { task: '90s', move: '1h30m' } }
    expect(taskDeadlineMs(aSnapshot({ spec }), now)).toBe(now + 90 * second)
    expect(moveDeadlineMs(aSnapshot({ spec }), now)).toBe(now + 90 * minute)
  })

  test("Meilisearch's clock has no say", () => {
    const task = aTask({ enqueuedAt: '1999-01-01T00:00:00Z' })
    expect(taskDeadlineMs(aSnapshot({ status: requestedStatus({}, { task }) }), now)).toBe(now - 20 * second + 6 * hour)
  })
})

describe('deadlineText', () => {
  test.each([
    ['2026-03-01T13:00:00Z', '2026-03-01 13:00 UTC'],
    ['2026-03-01T13:00:00.001Z', '2026-03-01 13:01 UTC'],
    ['2026-12-31T23:59:30Z', '2027-01-01 00:00 UTC'],
  ])('%s is read as %s, never as a time that has passed', (time, text) => {
    expect(deadlineText(Date.parse(time))).toBe(text)
  })
})
