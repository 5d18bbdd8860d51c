import { describe, expect, test } from 'vitest'
import { retain } from '../../../../../src/kinds/schedule/retention/retain.ts'
import type { KeepWord, RetentionRules } from '../../../../../src/kinds/schedule/retention/retain.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import { hour, now } from '../../../../support/builders/observations.ts'
import { aRun } from '../../../../support/builders/schedules.ts'

const at = (time: string, changes: Partial<Run> = {}): Run => aRun({ name: time, timeMs: Date.parse(time), ...changes })

interface Outcome {
  readonly keep: Readonly<Record<string, readonly KeepWord[]>>
  readonly expire: readonly string[]
}

function outcomeOf(runs: readonly Run[], rules: Partial<RetentionRules> | undefined, timeZone = 'Etc/UTC'): Outcome {
  const all = rules === undefined ? undefined : { minimum: 1, failed: 3, ...rules }
  const { keep, expire } = retain({ runs, rules: all, timeZone, nowMs: now })
  return {
    keep: Object.fromEntries(keep.map(({ name, by }) => [name, by])),
    expire: expire.map(({ name }) => name),
  }
}

describe('rules', () => {
  const nights = ['2026-02-24', '2026-02-25', '2026-02-27', '2026-02-28'].map((day) => at(`${day}T03:00Z`))

  test('the newest ones stay, the oldest goes first', () => {
    expect(outcomeOf(nights, { keepLast: 2 })).toEqual({
      keep: { '2026-02-28T03:00Z': ['last', 'minimum'], '2026-02-27T03:00Z': ['last'] },
      expire: ['2026-02-24T03:00Z', '2026-02-25T03:00Z'],
    })
  })

  test('without a rule all stay, however old, and failed ones too', () => {
    const failed = Array.from({ length: 9 }, (_, i) => aRun({ name: `f${i}`, phase: 'Failed', timeMs: now - i * hour }))
    for (const rules of [undefined, {}, { minimum: 2, failed: 0 }])
      expect(outcomeOf([...nights, ...failed], rules).expire).toEqual([])
  })
})
