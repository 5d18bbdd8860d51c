// How old the snapshots are that rules hold, once they hold all that they ever will: an estimate, without a look at each of them. Pure.
import { durationMs } from '../../../api/meta.ts'
import { hasRule } from '../../../api/schedule.ts'
import type { MeiliSnapshotScheduleSpec } from '../../../api/schedule.ts'

type Retention = NonNullable<MeiliSnapshotScheduleSpec['retention']>

/** `count` snapshots, each older than the one before by `everyMs`. */
export interface Series {
  readonly firstMs: number
  readonly everyMs: number
  readonly count: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

interface Buckets {
  readonly rule: 'keepHourly' | 'keepDaily' | 'keepWeekly' | 'keepMonthly' | 'keepYearly'
  readonly lengthMs: number
  /** Whose newest are the newest of some of these buckets too: weeks end in the midst of months. */
  readonly within: readonly Buckets['rule'][]
}
const buckets: readonly Buckets[] = [
  { rule: 'keepHourly', lengthMs: hourMs, within: [] },
  { rule: 'keepDaily', lengthMs: dayMs, within: ['keepHourly'] },
  { rule: 'keepWeekly', lengthMs: 7 * dayMs, within: ['keepHourly', 'keepDaily'] },
  { rule: 'keepMonthly', lengthMs: 30.4375 * dayMs, within: ['keepHourly', 'keepDaily'] },
  { rule: 'keepYearly', lengthMs: 365.25 * dayMs, within: ['keepHourly', 'keepDaily', 'keepMonthly'] },
]

/** All that there ever were: nothing is deleted. */
export const everything = (intervalMs: number): readonly Series[] => [
  { firstMs: 0, everyMs: intervalMs, count: Infinity },
]

/** Undefined where no rule is given: then nothing is deleted. Where two rules hold the same one, it is there once. */
export function seriesOf(retention: Retention | undefined, intervalMs: number): readonly Series[] | undefined {
  if (!hasRule(retention)) return undefined
  const newest: Series = { firstMs: 0, everyMs: intervalMs, count: newestCount(retention, intervalMs) }
  const newestEndMs = lastOf(newest)
  const all = buckets.flatMap(({ rule, lengthMs, within }) => {
    const count = retention[rule] ?? 0
    if (count === 0 || lengthMs <= intervalMs) return []
    const coveredMs = Math.max(newestEndMs, ...within.map((inner) => endOf(inner, retention)))
    const left = count - Math.min(count, Math.floor(coveredMs / lengthMs) + 1)
    return left === 0 ? [] : [{ firstMs: (count - left) * lengthMs, everyMs: lengthMs, count: left }]
  })
  return [newest, ...all]
}

/** A rule whose buckets are no longer than the interval keeps each of the newest. */
function newestCount(retention: Retention, intervalMs: number): number {
  const within = retention.keepWithin === undefined ? 0 : Math.floor(durationMs(retention.keepWithin) / intervalMs) + 1
  const dense = buckets.filter(({ lengthMs }) => lengthMs <= intervalMs).map(({ rule }) => retention[rule] ?? 0)
  return Math.max(1, retention.minimum, retention.keepLast ?? 0, within, ...dense)
}

const lengths = new Map(buckets.map(({ rule, lengthMs }) => [rule, lengthMs]))
const endOf = (rule: Buckets['rule'], retention: Retention): number =>
  ((retention[rule] ?? 0) - 1) * (lengths.get(rule) ?? 0)

/** The age of its oldest. */
export const lastOf = ({ firstMs, everyMs, count }: Series): number => firstMs + (count - 1) * everyMs
