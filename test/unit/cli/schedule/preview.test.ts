// What `schedule preview` says: slots around the changes of the clock, and which snapshots stay, by the operator's own functions.
import { describe, expect, test } from 'vitest'
import { durationMs } from '../../../../src/api/meta.ts'
import type { Run } from '../../../../src/kinds/schedule/run.ts'
import { nextSlots } from '../../../../src/cli/view/next-slots.ts'
import { previewLines, previewOf } from '../../../../src/cli/view/preview.ts'
import type { Preview } from '../../../../src/cli/view/preview.ts'
import { aRun, aSchedule } from '../../../support/builders/schedules.ts'
import type { ScheduleParts } from '../../../support/builders/schedules.ts'

describe('the next slots', () => {
  const clockOf = (text: string): { schedule: string; timeZone: string } => {
    const words = text.split(' ')
    return { schedule: words.slice(0, 5).join(' '), timeZone: words[5] ?? '' }
  }
  /** @param clock five fields and a time zone */
  const linesOf = (clock: string, after: string, most = 3): string[] =>
    nextSlots(clockOf(clock), Date.parse(after), most).slots.map(({ slot, local, note }) =>
      [slot, local, note].filter((text) => text !== '').join(' | '),
    )

  test('in summer time and after it, and the night between', () =>
    expect(linesOf('0 3 * * * Europe/Berlin', '2026-10-24T00:00:00Z')).toEqual([
      '2026-10-24T01:00:00Z | Sat 2026-10-24 03:00 +02:00',
      '2026-10-25T02:00:00Z | Sun 2026-10-25 03:00 +01:00 | after the clock is put back by 1h',
      '2026-10-26T02:00:00Z | Mon 2026-10-26 03:00 +01:00',
    ]))

  test('a time that the clock jumps over runs once, later', () =>
    expect(linesOf('30 2 * * * Europe/Berlin', '2026-03-28T02:00:00Z', 2)).toEqual([
      '2026-03-29T01:30:00Z | Sun 2026-03-29 03:30 +02:00 | after the clock is put forward by 1h; the time that is asked for does not exist then: it runs once, later by as much',
      '2026-03-30T00:30:00Z | Mon 2026-03-30 02:30 +02:00',
    ]))

  test('a time that the clock shows twice runs at the first', () =>
    expect(linesOf('30 2 * * * Europe/Berlin', '2026-10-24T02:00:00Z', 1)).toEqual([
      '2026-10-25T00:30:00Z | Sun 2026-10-25 02:30 +02:00 | the clock shows this time twice: this is the first',
    ]))

  test('every hour runs at both', () =>
    expect(linesOf('0 * * * * Europe/Berlin', '2026-10-24T23:30:00Z')).toEqual([
      '2026-10-25T00:00:00Z | Sun 2026-10-25 02:00 +02:00 | the clock shows this time twice: this is the first',
      '2026-10-25T01:00:00Z | Sun 2026-10-25 02:00 +01:00 | after the clock is put back by 1h; the clock shows this time twice: this is the second',
      '2026-10-25T02:00:00Z | Sun 2026-10-25 03:00 +01:00',
    ]))

  test('west of Greenwich, and by half an hour', () => {
    expect(linesOf('0 3 * * * America/New_York', '2026-01-01T00:00:00Z', 1)).toEqual([
      '2026-01-01T08:00:00Z | Thu 2026-01-01 03:00 -05:00',
    ])
    expect(linesOf('0 3 * * * Australia/Lord_Howe', '2026-01-01T00:00:00Z', 1)).toEqual([
      '2026-01-01T16:00:00Z | Fri 2026-01-02 03:00 +11:00',
    ])
  })

  test('of a schedule that cannot be followed: why', () =>
    expect(nextSlots({ schedule: '0 3 * * *', timeZone: 'Europe/Munich' }, 0, 3)).toEqual({
      problem: expect.stringMatching(/^spec\.timeZone Europe\/Munich is no time zone/) as unknown,
      slots: [],
    }))
})

describe('a preview', () => {
  const nowMs = Date.parse('2026-03-01T12:00:00Z')
  const nightly = (day: number, changes: Partial<Run> = {}): Run =>
    aRun({ name: `day-${day}`, timeMs: nowMs - durationMs('9h') - day * durationMs('24h'), ...changes })
  const previewed = (runs: readonly Run[], parts: ScheduleParts = {}): Preview =>
    previewOf(aSchedule({ spec: { retention: { keepLast: 2, keepDaily: 3 } }, ...parts }), runs, nowMs)
  const verdictsOf = (preview: Preview): string[] =>
    preview.snapshots.map(({ name, verdict, why }) => `${name} ${verdict}: ${why}`)

  test('says of each snapshot which rule keeps it, or why none does, and what the next one pushes out', () =>
    expect(verdictsOf(previewed([3, 1, 0, 2].map((day) => nightly(day))))).toEqual([
      'day-0 keep: last, daily, minimum',
      'day-1 keep: last, daily',
      'day-2 expireAfterNext: daily',
      'day-3 expire: no rule keeps it',
    ]))

  test('of a pinned one, one that failed and one that runs: that they stay, and why', () =>
    expect(
      verdictsOf(
        previewed([
          nightly(0, { phase: 'Moving' }),
          nightly(1),
          nightly(2, { phase: 'Failed' }),
          nightly(40, { isPinned: true }),
          nightly(41, { isBeingDeleted: true }),
        ]),
      ),
    ).toEqual([
      'day-0 keep: unfinished',
      expect.stringMatching(/^day-1 keep: last, daily/),
      'day-2 keep: failed',
      'day-40 keep: pinned',
      'day-41 expire: it is being deleted',
    ]))

  test('without a rule all stay, and it says so', () => {
    const preview = previewed([nightly(0), nightly(400)], { spec: {} })
    expect(preview.retention).toBe('none: nothing is ever deleted')
    expect(preview.snapshots.map(({ verdict }) => verdict)).toEqual(['keep', 'keep'])
  })

  test('begins after the last slot that ran, and says how much later each snapshot is made', () => {
    const preview = previewed([], {
      spec: { jitter: '15m' },
      status: { lastSlot: '2026-03-02T03:00:00Z' },
    })
    expect(preview.slots).toHaveLength(10)
    expect(preview.slots[0]).toEqual({ slot: '2026-03-03T03:00:00Z', local: 'Tue 2026-03-03 03:00 +00:00', note: '' })
    expect(preview.jitterSeconds).toBeGreaterThan(0)
    expect(previewLines(preview)[0]).toMatch(
      /^nightly: 03:00 Etc\/UTC, 0–15m later; each snapshot \d+m(\d+s)? after its slot$/,
    )
  })

  test('of a jitter that is too long says what the operator says', () =>
    expect(previewed([], { spec: { jitter: '13h' } })).toMatchObject({
      problem: expect.stringMatching(/^spec\.jitter 13h is too long/) as unknown,
      slots: [],
    }))

  test('draws the months, in which each day says what became of its snapshots', () => {
    const spec = { timeZone: 'Pacific/Auckland', retention: { keepLast: 1, keepWeekly: 2, keepMonthly: 2 } }
    const runs = [...Array(9).keys()].map((day) => nightly(day, day === 3 ? { phase: 'Failed' } : {}))
    const lines = previewLines(previewed(runs, { spec }))
    const begin = lines.indexOf('  February 2026           March 2026')
    expect(lines.slice(begin, begin + 10)).toEqual([
      '  February 2026           March 2026',
      '  M  T  W  T  F  S  S     M  T  W  T  F  S  S',
      '                    ·                       ◆',
      '  ·  ·  ·  ·  ·  ·  ·     ·  ·  ·  ·  ·  ·  ·',
      '  ·  ·  ·  ·  ·  ·  ·     ·  ·  ·  ·  ·  ·  ·',
      '  ·  ·  ·  ·  ·  ○  ○     ·  ·  ·  ·  ·  ·  ·',
      '  ○  ○  ○  ✗  ○  ◆        ·  ·  ·  ·  ·  ·  ·',
      '                          ·  ·',
      '',
      '  ◆ kept for a month or a year   ◐ for a week   ● kept else   ○ goes   ✗ failed   · none',
    ])
  })

  test('reads as tables', () => {
    const lines = previewLines(previewed([nightly(0, { sizeBytes: 2 ** 30, documents: 50_000 }), nightly(9)]))
    expect(lines).toContain('Retention: keepLast 2, keepDaily 3; at least 1 good and 3 failed ones')
    expect(lines).toContain('  Mon 2026-03-02 03:00 +00:00   2026-03-02T03:00:00Z')
    expect(lines).toContain('  day-0   2026-03-01T03:00:00Z   1.0 GiB   50,000      kept        last, daily, minimum')
    expect(lines).toContain('  day-9   2026-02-20T03:00:00Z   1.0 GiB   1,000       kept        last, daily')
  })
})
