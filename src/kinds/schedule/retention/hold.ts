// What holds retention, why, and how to go on. Each hold has a hash that names what is to be confirmed, and stays the same until that changes. Pure.
import { createHash } from 'node:crypto'
import { confirmAnnotation, keepAnnotation } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus, scheduleReasons } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'
import { spanText } from '../../../reconcile/format.ts'
import { futureMs } from '../run.ts'
import type { Run } from '../run.ts'
import type { Flag } from './guard.ts'
import type { GoodRun } from './retain.ts'

export type HoldReason = (typeof scheduleReasons)[
  | 'MassExpiry'
  | 'SnapshotsStopped'
  | 'DocumentsDropped'
  | 'IndexVanished'
  | 'SourceChanged'
  | 'RemovalRefused'
  | 'ClockSuspicious']

export interface Hold {
  readonly reason: HoldReason
  readonly hash: string
  /** What, and why. How to go on is added by `holdText`. */
  readonly message: string
  /** How else it ends. */
  readonly orElse: string
  readonly name?: string
  /** Of MassExpiry: it is about those up to this time. */
  readonly untilMs?: number
  /** Of RemovalRefused: what the API server said. */
  readonly failure?: string
  /** Of RemovalRefused: when that one alone is tried again. */
  readonly retryAtMs?: number
}

type Status = MeiliSnapshotScheduleStatus
type Removing = NonNullable<Status['removing']>
export type Held = NonNullable<Status['held']>

/** So long a removal may take, with the deletions of others before it. */
export const stuckMs = 1_800_000
/** A policy, a webhook or a right comes back, and nobody is to confirm a thousand schedules then. */
const retryMs = 3_600_000
/** So that how to go on has room behind it in a condition. */
const longestFailure = 1000

/** Short enough to be typed, the same for the same parts. */
export function hashOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

export function holdText({ message, orElse, hash }: Hold, { metadata }: MeiliSnapshotSchedule): string {
  const { name, namespace } = metadata
  return `${message}. ${orElse}. To go on: kubectl meili schedule confirm ${name} -n ${namespace}, or the annotation ${confirmAnnotation}: ${hash}`
}

export function guardHold(flag: Flag): Hold {
  const { run, reason } = flag
  return {
    reason,
    hash: hashOf(reason, run.uid),
    name: run.name,
    message: `${comparison(flag)}: it does not count as good, and nothing is deleted`,
    orElse: `If it is not to count, delete it, or keep it out of this with the annotation ${keepAnnotation}: "true"`,
  }
}

function comparison({ run, reason, before, after }: Flag): string {
  if (reason === 'SourceChanged')
    return `${run.name} is of MeiliInstance ${after}, and the good one before it of ${before}, whose last ones would go in time`
  const what = reason === 'IndexVanished' ? ['index', 'indexes'] : ['document', 'documents']
  return `${run.name} has ${after} ${what[after === 1 ? 0 : 1] ?? ''}, and the good one before it had ${before}`
}

const refusalHash = ({ uid, startedAt }: Pick<Removing, 'uid' | 'startedAt'>): string =>
  hashOf('RemovalRefused', uid, startedAt)

/** For status.held, where the API server refused a step of the removal on record; from then on planRetention knows. Each refusal is asked about anew. */
export function recordRefusal({ held, removing }: Status, failure: string, nowMs: number): Held | undefined {
  if (removing === undefined) return held
  return {
    reason: 'RemovalRefused',
    hash: refusalHash(removing),
    since: held?.name === removing.name ? held.since : instant(nowMs),
    name: removing.name,
    failure: redact(failure.trim(), longestFailure),
    retryAt: instant(nowMs + retryMs),
  }
}

/** One that was refused stays refused as long as it is to go, and is tried again; one that does not end holds the others up. */
export function refusalHold(
  { held, removing, confirmed }: Status,
  goes: (name: string) => boolean,
  nowMs: number,
): Hold | undefined {
  const stuckAtMs = removing === undefined ? Infinity : Date.parse(removing.startedAt) + stuckMs
  const isStuck = nowMs >= stuckAtMs
  const base = {
    reason: 'RemovalRefused',
    orElse: 'It is tried again every hour, and ends when that snapshot is gone, or is to stay',
  } as const
  if (held?.reason === 'RemovalRefused' && held.name !== undefined && goes(held.name)) {
    const { name, hash, failure, retryAt } = held
    const message = `${name} could not be deleted${failure === undefined ? '' : `: ${failure}`}`
    const retryAtMs = Math.max(Date.parse(retryAt ?? held.since), isStuck ? stuckAtMs + retryMs : 0)
    return { ...base, hash, name, message, retryAtMs, ...(failure === undefined ? {} : { failure }) }
  }
  if (removing === undefined || !isStuck) return undefined
  const { name, uid, startedAt } = removing
  const message = `The deletion of ${name} has not ended in ${spanText(stuckMs)}: see kubectl describe meilisnapshot ${name}`
  // No confirmation ends it: nobody may forget that nothing goes on.
  const hash = hashOf('RemovalRefused', uid, startedAt, confirmed?.at)
  return { ...base, hash, name, message, retryAtMs: stuckAtMs + retryMs }
}

/** By its end, where it is known: one that takes longer than two intervals is no standstill. */
export function stoppedHold(newest: GoodRun, intervalMs: number | undefined, nowMs: number): Hold | undefined {
  const ofMs = Math.max(newest.timeMs, newest.completedMs ?? 0)
  if (intervalMs !== undefined && nowMs - ofMs <= 2 * intervalMs) return undefined
  const message =
    intervalMs === undefined
      ? 'The schedule cannot be followed, so no snapshots come: no good one is deleted meanwhile'
      : `Snapshots have stopped: the newest good one, ${newest.name}, is of ${instant(ofMs)}, more than two intervals (${spanText(intervalMs)} each) ago. No good one is deleted meanwhile`
  const orElse = 'It ends by itself with the next good one'
  return {
    reason: 'SnapshotsStopped',
    hash: hashOf('SnapshotsStopped', newest.uid),
    name: newest.name,
    message,
    orElse,
  }
}

/** The clock of slots, or one that stands an hour behind the API server's. */
export function clockHold(
  runs: readonly Run[],
  clockWentBack: { readonly message: string; readonly hash: string } | undefined,
  nowMs: number,
): Hold | undefined {
  const orElse = 'It ends by itself when the clock is right'
  if (clockWentBack !== undefined) return { reason: 'ClockSuspicious', ...clockWentBack, orElse }
  const ahead = runs.find(({ createdMs }) => createdMs > nowMs + futureMs)
  if (ahead === undefined) return undefined
  const message = `${ahead.name} was created at ${instant(ahead.createdMs)} by the API server's clock, and the operator's stands more than an hour before that: nothing is deleted`
  return { reason: 'ClockSuspicious', hash: hashOf('ClockSuspicious', ahead.uid), name: ahead.name, message, orElse }
}
