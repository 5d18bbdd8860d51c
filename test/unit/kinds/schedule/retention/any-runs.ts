// Runs and rules at random: dense, sparse, at the same instant, around changes of the clock; good ones, and all that no rule looks at.
import fc from 'fast-check'
import type { RetainedParts, RetentionRules } from '../../../../../src/kinds/schedule/retention/retain.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import { hour, minute, now } from '../../../../support/builders/observations.ts'
import { aRun } from '../../../../support/builders/schedules.ts'

const day = 24 * hour

/** Clocks are put back at one or two in the morning, by half an hour, at midnight, back over midnight, and a day is left out. */
export const zones = [
  'Etc/UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'America/St_Johns',
  'Pacific/Apia',
  'Asia/Kathmandu',
  'Africa/Casablanca',
] as const

/** The end of summer in Berlin, on Lord Howe and in St. John's, where it was 00:01; Samoa's missing day; new years; now. */
const anchors = [
  '2025-10-26T01:00Z',
  '2025-04-05T15:00Z',
  '2006-10-29T02:31Z',
  '2011-12-30T10:00Z',
  '2026-01-01T00:00Z',
  '2024-12-30T00:00Z',
].map((time) => Date.parse(time))

const anyTime = fc
  .tuple(
    fc.constantFrom(...anchors, now - day, now - 10 * minute),
    fc.constantFrom(20 * minute, hour, 7 * hour, day, 9 * day, 100 * day),
    fc.integer({ min: -12, max: 12 }),
  )
  .map(([anchor, step, count]) => Math.min(anchor + step * count, now))

const apart: readonly Partial<Run>[] = [
  { phase: 'Failed' },
  { isPinned: true },
  { phase: 'Moving' },
  { phase: 'Expired' },
  { isBeingDeleted: true },
  { timeMs: now + 3 * hour },
]

/** Names that the guard flagged begin with f. */
export const flagged = (runs: readonly Run[]): ReadonlySet<string> =>
  new Set(runs.map(({ name }) => name).filter((name) => name.startsWith('f')))

const anyRun = fc.tuple(
  anyTime,
  fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.constantFrom(...apart) }),
  fc.oneof({ weight: 9, arbitrary: fc.constant('r') }, { weight: 1, arbitrary: fc.constant('f') }),
)

export const anyRuns: fc.Arbitrary<readonly Run[]> = fc
  .array(anyRun, { maxLength: 40 })
  .map((runs) =>
    runs.map(([timeMs, changes, letter], i) => aRun({ name: `${letter}${i}`, uid: `u${i}`, timeMs, ...changes })),
  )

const anyCount = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined })
export const countFields = ['keepLast', 'keepHourly', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const

/** Those that are absent have no field. */
export const anyRules: fc.Arbitrary<RetentionRules> = fc
  .tuple(
    fc.tuple(...countFields.map(() => anyCount)),
    fc.option(fc.constantFrom('30m', '1h', '25h', '240h', '9000h'), { nil: undefined }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([counts, keepWithin, minimum, failed]) => ({
    ...Object.fromEntries(countFields.flatMap((field, i) => (counts[i] === undefined ? [] : [[field, counts[i]]]))),
    ...(keepWithin === undefined ? {} : { keepWithin }),
    minimum,
    failed,
  }))

export const anyParts: fc.Arbitrary<RetainedParts> = fc
  .record({ runs: anyRuns, rules: anyRules, timeZone: fc.constantFrom(...zones) })
  .map((parts) => ({ ...parts, nowMs: now, flagged: flagged(parts.runs) }))
