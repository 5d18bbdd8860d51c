// What retention says and does now: what is kept and why, what goes next, the one snapshot that may be deleted, what holds it. Pure.
// Where status.removing or its `remove` is there, the pass reads the runs afresh from the API server, plans once more, and asks removal.ts.
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus, scheduleReasons } from '../../../api/schedule.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Run } from '../run.ts'
import { goodRuns, retain } from './retain.ts'
import type { Expired, GoodRun, Kept } from './retain.ts'

export type HoldReason = (typeof scheduleReasons)[
  | 'MassExpiry'
  | 'SnapshotsStopped'
  | 'DocumentsDropped'
  | 'IndexVanished'
  | 'RemovalRefused'
  | 'ClockSuspicious']

type Status = MeiliSnapshotScheduleStatus

export interface RetentionParts {
  readonly schedule: MeiliSnapshotSchedule
  /** All of the schedule. */
  readonly runs: readonly Run[]
  /** The longest time between two slots. Absent where the schedule cannot be read: then nothing good is deleted. */
  readonly intervalMs: number | undefined
  readonly nowMs: number
  /** As slots/plan.ts says it. */
  readonly clockWentBack?: { readonly message: string; readonly hash: string } | undefined
}

/** The fields of status that it owns, as they are to be written. A field that is absent here is to be absent there. */
export interface RetentionStatus extends Pick<
  Status,
  'kept' | 'expiring' | 'announced' | 'held' | 'confirmed' | 'acceptedUntil'
> {}

export interface RetentionPlan {
  readonly status: RetentionStatus
  /** For the condition RetentionHeld: present exactly where status.held is. */
  readonly held?: { readonly reason: HoldReason; readonly message: string }
  /** The one that may be deleted now: what `status.removing` names, as long as it may go, else the next one. Where it is not what `status.removing` names, that one is not to go on. */
  readonly remove?: { readonly name: string; readonly uid: string }
  /** Names of those that the guard does not take for good. */
  readonly flagged: readonly string[]
  /** When to look again, if nothing else happens: the next one may go then. */
  readonly againAtMs?: number
}

/** So long everybody can see in status what goes next, before the first one goes. */
const noticeMs = 60_000
const mostNames = 100

export function planRetention(parts: RetentionParts): RetentionPlan {
  const { schedule, runs, nowMs } = parts
  const { retention, timeZone } = schedule.spec
  const { keep, expire } = retain({ runs, rules: retention, timeZone, nowMs })
  const expiring = announce(expire, parts)
  const remove = retention?.mode === 'Enforce' ? mayGo(parts, expire) : undefined
  return {
    status: {
      ...(keep.length === 0 ? {} : { kept: keptOf(goodRuns({ runs, nowMs }), keep) }),
      ...(expiring.length === 0 ? {} : { expiring }),
    },
    ...(remove === undefined ? {} : { remove: { name: remove.name, uid: remove.uid } }),
    flagged: [],
  }
}

type Expiring = NonNullable<Status['expiring']>

function announce(expire: readonly Expired[], { schedule, nowMs }: RetentionParts): Expiring {
  const before = new Map(schedule.status?.expiring?.map((each) => [each.name, each.notBefore]))
  return expire
    .slice(0, mostNames)
    .map(({ name, reason }) => ({ name, reason, notBefore: before.get(name) ?? instant(nowMs + noticeMs) }))
}

function mayGo({ schedule, runs, nowMs }: RetentionParts, expire: readonly Expired[]): Run | undefined {
  const { expiring = [], removing } = schedule.status ?? {}
  const goes = new Set(expire.map(({ name }) => name))
  if (removing !== undefined)
    return runs.find(({ name, uid, isBeingDeleted }) => uid === removing.uid && (isBeingDeleted || goes.has(name)))
  const next = expiring.find(({ name, notBefore }) => goes.has(name) && Date.parse(notBefore ?? '') <= nowMs)
  return runs.find(({ name }) => name === next?.name)
}

function keptOf(good: readonly GoodRun[], keep: readonly Kept[]): NonNullable<Status['kept']> {
  const bytes = good.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
  const [newest, oldest] = [good[0], good.at(-1)]
  return {
    count: good.length,
    bytes,
    size: sizeText(bytes),
    ...(oldest === undefined ? {} : { oldest: instant(oldest.timeMs) }),
    ...(newest === undefined ? {} : { newest: instant(newest.timeMs) }),
    rules: keep.slice(0, mostNames).map(({ name, by }) => ({ name, by: [...by] })),
    ...(keep.length > mostNames ? { more: keep.length - mostNames } : {}),
  }
}
