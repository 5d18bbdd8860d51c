// Ten histories by hand, and what restic, borg and a schedule keep of each: where a schedule differs, it does so on purpose.
import { expect, test } from 'vitest'
import { retain } from '../../../../../src/kinds/schedule/retention/retain.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import { aRun } from '../../../../support/builders/schedules.ts'
import { borg, restic } from './anchors.ts'
import type { Policy } from './anchors.ts'

interface Row {
  readonly history: string
  readonly policy: Policy
  /** As the API has times; with ! it failed, which restic and borg do not tell from others. */
  readonly times: readonly string[]
  readonly timeZone?: string
  readonly now: string
  /** What stays, the newest first, as positions in `times`. */
  readonly ours: readonly number[]
  readonly restic: readonly number[]
  readonly borg: readonly number[] | 'refuses'
  /** Why ours is another one. */
  readonly onPurpose?: string
}

const nights = (first: number, last: number, month = '2026-02'): readonly string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `${month}-${String(first + i).padStart(2, '0')}T03:00Z`)

const rows: readonly Row[] = [
  {
    history: 'every night for ten days, the last three',
    policy: { keepLast: 3 },
    times: nights(1, 10),
    now: '2026-02-10T12:00Z',
    ours: [9, 8, 7],
    restic: [9, 8, 7],
    borg: [9, 8, 7],
  },
  {
    history: 'twice a day for three days, and more days asked for than there are',
    policy: { keepDaily: 5 },
    times: nights(1, 3).flatMap((night) => [night, night.replace('T03', 'T15')]),
    now: '2026-02-03T18:00Z',
    ours: [5, 3, 1],
    restic: [5, 3, 1, 0],
    borg: [5, 3, 1, 0],
    onPurpose: 'a rule that is not used up keeps no oldest one: nobody who reads keepDaily finds it there',
  },
  {
    history: 'every night for three weeks, two days and two weeks',
    policy: { keepDaily: 2, keepWeekly: 2 },
    times: nights(2, 22),
    now: '2026-02-22T12:00Z',
    ours: [20, 19, 13],
    restic: [20, 19, 13],
    borg: [20, 19, 13, 6],
    onPurpose: 'each rule says by itself what it keeps: in borg the weeks begin where the days end',
  },
  {
    history: 'snapshots stopped a year ago, two days',
    policy: { keepWithin: '48h' },
    times: nights(1, 5, '2025-02'),
    now: '2026-02-10T12:00Z',
    ours: [4, 3, 2],
    restic: [4, 3],
    borg: [],
    onPurpose:
      'never from now, as borg does, which deletes the last one; and at most 48 hours older is within 48 hours',
  },
  {
    history: 'every half hour through the night in which the clock is put back, four hours',
    policy: { keepHourly: 4 },
    times: ['25T23:30', '26T00:30', '26T01:00', '26T01:30', '26T02:00', '26T02:30'].map((time) => `2025-10-${time}Z`),
    timeZone: 'Europe/Berlin',
    now: '2025-10-26T03:00Z',
    ours: [5, 3, 1, 0],
    restic: [5, 3, 0],
    borg: [5, 3, 0],
    onPurpose: 'the hour from two to three comes twice, and each is an hour',
  },
  {
    history: 'the clock of the server stood a month ahead once, the last two',
    policy: { keepLast: 2 },
    times: [...nights(1, 4), '2026-03-04T03:00Z'],
    now: '2026-02-04T12:00Z',
    ours: [4, 3, 2],
    restic: [4, 3],
    borg: [4, 3],
    onPurpose: 'what is in the future stays, and takes nobody’s turn',
  },
  {
    history: 'three good nights, then two that failed, the last two',
    policy: { keepLast: 2 },
    times: nights(1, 5).map((night, i) => (i > 2 ? `${night}!` : night)),
    now: '2026-02-05T12:00Z',
    ours: [4, 3, 2, 1],
    restic: [4, 3],
    borg: [4, 3],
    onPurpose: 'a failed one is none: restic saves one that could not read everything, and counts it',
  },
  {
    history: 'a quarter without any, three months',
    policy: { keepMonthly: 3 },
    times: ['2025-08-31', '2025-09-30', '2025-10-15', '2025-10-31', '2026-02-01', '2026-02-03'].map(
      (d) => `${d}T03:00Z`,
    ),
    now: '2026-02-03T12:00Z',
    ours: [5, 3, 1],
    restic: [5, 3, 1],
    borg: [5, 3, 1],
  },
  {
    history: 'nothing asked for',
    policy: {},
    times: nights(1, 3),
    now: '2026-02-03T12:00Z',
    ours: [2, 1, 0],
    restic: [],
    borg: 'refuses',
    onPurpose:
      'without a rule nothing is ever deleted; restic asks for --unsafe-allow-remove-all, and then deletes all',
  },
  {
    history: 'two years, everything asked for',
    policy: { keepLast: 2, keepDaily: 3, keepWeekly: 2, keepMonthly: 2, keepYearly: 2 },
    times: [
      ...['2024-06-30', '2024-12-31', '2025-06-30', '2025-12-30', '2026-01-31'].map((d) => `${d}T03:00Z`),
      ...nights(1, 10),
      '2026-02-10T15:00Z',
    ],
    now: '2026-02-10T18:00Z',
    ours: [15, 14, 13, 12, 4, 3],
    restic: [15, 14, 13, 12, 4, 3],
    borg: [15, 14, 13, 12, 11, 5, 4, 3, 2, 1, 0],
    onPurpose: 'as above: in borg each rule begins where the one before ends',
  },
]

test.each(rows)('$history', ({ policy, times, timeZone = 'Etc/UTC', now, ...expected }) => {
  const nowMs = Date.parse(now)
  const runs: readonly Run[] = times.map((time, i) =>
    aRun({
      name: `r${i}`,
      timeMs: Date.parse(time.replace('!', '')),
      phase: time.endsWith('!') ? 'Failed' : 'Completed',
    }),
  )
  const indexOf = new Map(runs.map(({ timeMs = 0 }, i) => [timeMs, i]))
  const history = { times: [...indexOf.keys()].toReversed(), policy, timeZone, nowMs }
  const positions = (kept: readonly number[] | 'refuses'): unknown =>
    kept === 'refuses' ? kept : kept.map((time) => indexOf.get(time))
  const rules = { ...policy, minimum: 1, failed: 3 }
  const ours = retain({ runs, rules, timeZone, nowMs }).keep.map(({ name }) => Number(name.slice(1)))
  expect({ ours, restic: positions(restic(history)), borg: positions(borg(history)) }).toEqual({
    ours: expected.ours,
    restic: expected.restic,
    borg: expected.borg,
  })
  const isSame = [expected.restic, expected.borg].every(
    (other) => JSON.stringify(other) === JSON.stringify(expected.ours),
  )
  expect(expected.onPurpose === undefined).toBe(isSame)
})
