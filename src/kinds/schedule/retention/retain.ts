// What a policy keeps, by which rule, and what it lets go: the union of all rules over the good ones, never an age from now. Pure.
// For x newer than all of S, retain(what stays of S, and x) is retain(S and x): how often it ran, and when, makes no difference.
import { hasRule } from '../../../api/schedule.ts'
import type { MeiliSnapshotScheduleSpec } from '../../../api/schedule.ts'
import { durationMs } from '../../../api/meta.ts'
import { futureMs } from '../run.ts'
import type { Run } from '../run.ts'
import { bucketsIn } from './buckets.ts'
import type { Buckets, BucketsOf } from './buckets.ts'

export type Retention = NonNullable<MeiliSnapshotScheduleSpec['retention']>
export type RetentionRules = Omit<Retention, 'mode' | 'guard'>

/** Why one stays: a rule, or why no rule looks at it. `all`: there is no rule, or the time zone is not known. */
export type KeepWord =
  | ('last' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly' | 'within' | 'minimum' | 'all')
  | ('failed' | 'expired')
  | ('pinned' | 'unfinished' | 'flagged' | 'future' | 'undated')

export interface Kept {
  readonly name: string
  readonly by: readonly KeepWord[]
}

export interface Expired {
  readonly name: string
  readonly reason: string
}

export interface RetainedParts {
  /** All of one schedule, in any order. Those that are being deleted are neither kept nor expired, and count for nothing. */
  readonly runs: readonly Run[]
  /** Absent, or without a keep… rule: all stay. */
  readonly rules: RetentionRules | undefined
  /** IANA name. Where it is not known, all stay. */
  readonly timeZone: string
  readonly nowMs: number
  /** Names of those that the guard does not take for good (guard.ts). */
  readonly flagged?: ReadonlySet<string>
}

export interface Retained {
  /** The newest first. */
  readonly keep: readonly Kept[]
  /** The oldest first: so they go. */
  readonly expire: readonly Expired[]
}

/** A good one has a time. */
export type GoodRun = Run & { readonly timeMs: number }

/** The words of the rules that count, each with its field. */
const counted = {
  last: 'keepLast',
  hourly: 'keepHourly',
  daily: 'keepDaily',
  weekly: 'keepWeekly',
  monthly: 'keepMonthly',
  yearly: 'keepYearly',
  minimum: 'minimum',
} as const satisfies Partial<Record<KeepWord, keyof RetentionRules>>
type CountWord = keyof typeof counted
const countWords = Object.keys(counted) as readonly CountWord[]

export function retain(parts: RetainedParts): Retained {
  const all = parts.runs.filter(({ isBeingDeleted }) => !isBeingDeleted).toSorted(newestFirst)
  const words = wordsFor(all, parts)
  const wordsOf = (run: Run): readonly KeepWord[] => words.get(run) ?? []
  return {
    keep: all.filter((run) => wordsOf(run).length > 0).map((run) => ({ name: run.name, by: wordsOf(run) })),
    expire: all
      .filter((run) => wordsOf(run).length === 0)
      .map((run) => ({ name: run.name, reason: whyNot(run) }))
      .toReversed(),
  }
}

/** The good ones, the newest first. */
export function goodRuns(parts: Omit<RetainedParts, 'rules' | 'timeZone'>): readonly GoodRun[] {
  return parts.runs
    .filter((run): run is GoodRun => !run.isBeingDeleted && standingOf(run, parts) === 'good')
    .toSorted(newestFirst)
}

type Standing =
  | 'good'
  | Extract<KeepWord, 'failed' | 'expired' | 'pinned' | 'unfinished' | 'flagged' | 'future' | 'undated'>
const numbered = ['failed', 'expired'] as const

function standingOf(run: Run, { nowMs, flagged }: Pick<RetainedParts, 'nowMs' | 'flagged'>): Standing {
  // An earlier version knows no tombstones.
  const phase: string = run.phase
  if (run.isPinned) return 'pinned'
  if (phase === 'Failed') return 'failed'
  if (phase === 'Expired') return 'expired'
  if (phase !== 'Completed') return 'unfinished'
  if (run.timeMs === undefined) return 'undated'
  if (run.timeMs > nowMs + futureMs) return 'future'
  return flagged?.has(run.name) === true ? 'flagged' : 'good'
}

type Words = Map<Run, readonly KeepWord[]>

/** @param all the newest first */
function wordsFor(all: readonly Run[], parts: RetainedParts): Words {
  const words: Words = new Map()
  const groups = Map.groupBy(all, (run) => standingOf(run, parts))
  const bucketsOf = bucketsIn(parts.timeZone)
  const rules = hasRule(parts.rules) && bucketsOf !== undefined ? { ...parts.rules, bucketsOf } : undefined
  for (const [standing, runs] of groups) {
    if (rules !== undefined && standing === 'good') applyRules(words, runs as readonly GoodRun[], rules)
    else {
      const most = rules !== undefined && isNumbered(standing) ? rules.failed : Infinity
      for (const run of runs.slice(0, most)) words.set(run, [standing === 'good' ? 'all' : standing])
    }
  }
  return words
}

function isNumbered(standing: Standing): boolean {
  return numbered.some((word) => word === standing)
}

interface Counter {
  readonly word: CountWord
  readonly count: number
  readonly seen: Set<string | number>
}

/** @param good the newest first */
function applyRules(
  words: Words,
  good: readonly GoodRun[],
  rules: RetentionRules & { readonly bucketsOf: BucketsOf },
): void {
  const counters = countWords.map((word): Counter => ({ word, count: rules[counted[word]] ?? 0, seen: new Set() }))
  const oldestMs = (good[0]?.timeMs ?? 0) - durationMs(rules.keepWithin ?? '')
  for (const [index, run] of good.entries()) {
    const open = counters.filter(({ count, seen }) => seen.size < count)
    // What a calendar says costs more than all the rest.
    const byCalendar = open.some(({ word }) => word !== 'last' && word !== 'minimum') ? rules.bucketsOf(run.timeMs) : {}
    const buckets: Partial<Buckets> & { last: number; minimum: number } = { last: index, minimum: index, ...byCalendar }
    const by: KeepWord[] = open.filter(({ word, seen }) => isNew(seen, buckets[word])).map(({ word }) => word)
    if (rules.keepWithin !== undefined && run.timeMs >= oldestMs) by.push('within')
    words.set(run, by)
  }
}

/** The newest of its bucket. */
function isNew(seen: Set<string | number>, bucket: string | number = ''): boolean {
  if (seen.has(bucket)) return false
  seen.add(bucket)
  return true
}

/** By the server's clock; what the server has not begun, by the API server's. One order, whatever order they come in. */
function newestFirst(one: Run, other: Run): number {
  const byTime = (other.timeMs ?? other.createdMs) - (one.timeMs ?? one.createdMs)
  const byCreation = other.createdMs - one.createdMs
  return byTime || byCreation || (one.name < other.name ? 1 : -1)
}

function whyNot({ phase }: Run): string {
  if (phase === 'Completed') return 'no rule keeps it'
  return phase === 'Failed' ? 'it failed, and newer failed ones are enough' : 'its files are gone already'
}
