// Whatever durations a MeiliSnapshot names, all that is computed from them is valid: dates, pauses, and the Job with the mover's configuration.
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { duration, durationMs } from '../../../../../src/api/meta.ts'
import { decideSnapshot } from '../../../../../src/kinds/snapshot/decide.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import { parseConfig } from '../../../../../src/mover/config.ts'
import { anyObservation } from '../../../../support/builders/any/observation.ts'
import {
  ago,
  anEngine,
  anObservation,
  aSnapshot,
  hour,
  minute,
  now,
  requestedStatus,
  succeededTask,
} from '../../../../support/builders/observations.ts'

vi.setConfig({ testTimeout: 240_000 })

const longest = '999999h999999m999999s'
/** Kubernetes multiplies seconds to nanoseconds, in 64 bits. */
const mostSeconds = 2 ** 63 / 1e9

const digits = fc.stringMatching(/^[0-9]{1,6}$/)
const part = (unit: string): fc.Arbitrary<string> =>
  fc.option(digits, { nil: undefined }).map((amount) => (amount === undefined ? '' : `${amount}${unit}`))
const anyDuration = fc.oneof(
  fc.constantFrom('1s', '90s', '596h', '597h', '600h', '999999h', longest),
  fc
    .tuple(part('h'), part('m'), part('s'))
    .map((parts) => parts.join(''))
    .filter((text) => /[1-9]/.test(text)),
)
const deadlines = fc.record({ start: anyDuration, task: anyDuration, move: anyDuration })

const withDeadlines = (
  observation: SnapshotObservation,
  of: { start: string; task: string; move: string },
): SnapshotObservation => {
  const { snapshot } = observation
  return { ...observation, snapshot: { ...snapshot, spec: { ...snapshot.spec, deadlines: of } } }
}

/** The file is there: the next pass makes the Job. */
const toBeMoved = anObservation({
  snapshot: aSnapshot({
    status: requestedStatus(
      { taskUid: 12, adoptedAt: ago(minute) },
      {
        task: succeededTask(),
        move: { attempt: 1, jobName: 'nightly-0a1b2c3d-1-1', node: 'node-a', startedAt: ago(1000) },
      },
    ),
  }),
  engine: anEngine({ candidates: [succeededTask()] }),
})

/** Each date in a text, as status and messages have them. */
const datesIn = (text: string): readonly string[] => text.match(/[+-]?\d{4,6}-\d\d-\d\d[T ]\d\d:\d\d/g) ?? []

function expectValid(observation: SnapshotObservation, atMs: number): number {
  const { status, effects, requeueAfterMs = 1 } = decideSnapshot(observation, atMs)
  const text = JSON.stringify(status)
  expect(text).not.toMatch(/Invalid Date|NaN|Infinity/)
  for (const date of datesIn(text)) {
    expect(date).toMatch(/^\d{4}-/)
    expect(Date.parse(`${date.replace(' ', 'T')}Z`)).toBeLessThan(Date.parse('2400-01-01T00:00:00Z'))
  }
  expect(requeueAfterMs).toBeGreaterThanOrEqual(0)
  expect(requeueAfterMs).toBeLessThanOrEqual(hour)
  const jobs = effects.flatMap((effect) => (effect.kind === 'CreateJob' ? [effect.job] : []))
  for (const { spec } of jobs) {
    const seconds = spec?.activeDeadlineSeconds ?? 0
    expect(Number.isInteger(seconds)).toBe(true)
    expect(seconds).toBeLessThan(mostSeconds)
    const config = parseConfig(
      spec?.template.spec?.containers[0]?.env?.find(({ name }) => name === 'MOVER_CONFIG')?.value,
    )
    expect(config.deadlineSeconds).toBeLessThan(seconds)
    if (config.command === 'move')
      expect(config.deadlineSeconds * 1000).toBeLessThanOrEqual(
        // A clock that was set back since the first mover makes it longer.
        Math.max(minute, durationMs(observation.snapshot.spec.deadlines.move) + 24 * hour),
      )
  }
  return jobs.length
}

test('every duration that the schema allows is one that it takes', () => {
  fc.assert(fc.property(anyDuration, (text) => duration.safeParse(text).success))
})

test('whatever the deadlines, the Job and its mover have valid ones, however late it is made', () => {
  fc.assert(
    fc.property(deadlines, (of) => {
      expect(expectValid(withDeadlines(toBeMoved, of), now)).toBe(1)
    }),
    { numRuns: 300 },
  )
})

test('whatever the deadlines and the world, all that status says and when it is looked at again is valid', () => {
  const when = fc.constantFrom(now, now + 25 * 24 * hour, now + 20 * 365 * 24 * hour)
  fc.assert(
    fc.property(anyObservation, deadlines, when, (observation, of, atMs) => {
      expectValid(withDeadlines(observation, of), atMs)
    }),
    { numRuns: 1000 },
  )
})

test.each(['1000000h', `${'9'.repeat(31)}h`, `${'9'.repeat(400)}h`])(
  'one that is longer than the schema allows is as long as the longest: %s',
  (text) => {
    expect(durationMs(text)).toBe(text === '1000000h' ? 1_000_000 * hour : durationMs(longest))
    const of = { start: text, task: text, move: text }
    expect(expectValid(withDeadlines(toBeMoved, of), now)).toBe(1)
    expectValid(withDeadlines(anObservation({ instance: undefined }), of), now)
  },
)
