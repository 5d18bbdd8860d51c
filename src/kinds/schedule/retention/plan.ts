// What retention says and does now: what is kept and why, what goes next, the one snapshot that may be deleted, what holds it. Pure.
// Where status.removing or its `remove` is there, the pass reads the runs afresh from the API server, plans once more, and asks removal.ts.
import { confirmAnnotation, hasRule } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Run } from '../run.ts'
import { announce, exactly } from './announcement.ts'
import { guardRuns } from './guard.ts'
import type { GuardVerdict } from './guard.ts'
import { clockHold, guardHold, holdText, refusalHold, stoppedHold, stuckMs } from './hold.ts'
import type { Held, Hold, HoldReason } from './hold.ts'
import { keptIn } from './kept.ts'
import { goodRuns, retain } from './retain.ts'
import type { Expired, GoodRun, Kept, Retention } from './retain.ts'

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
export type RetentionStatus = Pick<Status, 'kept' | 'expiring' | 'announced' | 'held' | 'confirmed' | 'acceptedUntil'>

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

export function planRetention(parts: RetentionParts): RetentionPlan {
  const answers = answersOf(parts)
  const scene = look(parts, answers)
  const { schedule, nowMs } = parts
  const { status = {} } = schedule
  const announcement = hasRule(scene.retention)
    ? announce({ ...scene, status, retention: scene.retention, timeZone: schedule.spec.timeZone, nowMs, ...answers })
    : { expiring: [] }
  const hold = [...holdsOf(parts, scene, announcement.hold)].find(({ hash }) => !answers.isConfirmed(hash))
  const run = mayGo(parts, scene, hold)
  const againAtMs = nextLook(parts, announcement.expiring, hold)
  return {
    status: {
      ...keptIn(scene),
      ...(announcement.expiring.length === 0 ? {} : { expiring: announcement.expiring }),
      ...(announcement.announced === undefined ? {} : { announced: announcement.announced }),
      ...(hold === undefined ? {} : { held: heldOf(hold, parts) }),
      ...answers.confirmed(),
      ...(Number.isFinite(scene.acceptedUntilMs) ? { acceptedUntil: exactly(scene.acceptedUntilMs) } : {}),
    },
    ...(hold === undefined ? {} : { held: { reason: hold.reason, message: holdText(hold, schedule) } }),
    ...(run === undefined ? {} : { remove: { name: run.name, uid: run.uid } }),
    flagged: scene.flags.map(({ run: { name } }) => name),
    ...(againAtMs === undefined ? {} : { againAtMs }),
  }
}

interface Answers {
  readonly isConfirmed: (hash: string) => boolean
  /** With the answer that was used, if one was. */
  readonly confirmed: () => Pick<Status, 'confirmed'>
}

/** What somebody confirmed: by the annotation now, or on record. An answer to nothing that is asked is none. */
function answersOf({ schedule: { metadata, status = {} }, nowMs }: RetentionParts): Answers {
  const answer = metadata.annotations?.[confirmAnnotation]
  const before = status.confirmed
  let isUsed = false
  return {
    isConfirmed: (hash) => {
      isUsed ||= hash === answer
      return hash === answer || hash === before?.hash
    },
    confirmed: () => {
      if (isUsed && answer !== undefined && answer !== before?.hash)
        return { confirmed: { hash: answer, at: instant(nowMs) } }
      return before === undefined ? {} : { confirmed: before }
    },
  }
}

interface Scene extends GuardVerdict {
  readonly retention: Retention | undefined
  /** The newest first. */
  readonly good: readonly GoodRun[]
  readonly keep: readonly Kept[]
  readonly expire: readonly Expired[]
}

function look(parts: RetentionParts, answers: Answers): Scene {
  const { schedule, runs, nowMs } = parts
  const { retention, timeZone } = schedule.spec
  const guard = guardGood(parts, answers)
  const flagged = new Set(guard.flags.map(({ run }) => run.name))
  return {
    ...guard,
    retention,
    good: goodRuns({ runs, nowMs, flagged }),
    ...retain({ runs, rules: retention, timeZone, nowMs, flagged }),
  }
}

/** Whoever confirms one says that it is good as it is: the next ones are compared with it. */
function guardGood({ schedule, runs, nowMs }: RetentionParts, { isConfirmed }: Answers): GuardVerdict {
  const { retention } = schedule.spec
  const recordMs = Date.parse(schedule.status?.acceptedUntil ?? '')
  const acceptedUntilMs = Number.isNaN(recordMs) ? -Infinity : recordMs
  if (!hasRule(retention)) return { flags: [], acceptedUntilMs }
  const good = goodRuns({ runs, nowMs })
  const { maxDropPercent } = retention.guard
  let verdict = guardRuns(good, { maxDropPercent, acceptedUntilMs })
  for (let [flag] = verdict.flags; flag !== undefined && isConfirmed(guardHold(flag).hash); [flag] = verdict.flags)
    verdict = guardRuns(good, { maxDropPercent, acceptedUntilMs: flag.run.timeMs })
  return verdict
}

/** The first one counts. Where nothing would be deleted, only what decides about more than that holds. */
function* holdsOf(parts: RetentionParts, scene: Scene, mass: Hold | undefined): Generator<Hold> {
  const { schedule, runs, intervalMs, nowMs, clockWentBack } = parts
  const names = new Set(scene.expire.map(({ name }) => name))
  const clock = clockHold(names.size === 0 ? [] : runs, clockWentBack, nowMs)
  if (clock !== undefined) yield clock
  const [flag] = scene.flags
  if (flag !== undefined) yield guardHold(flag)
  if (mass !== undefined) yield mass
  if (scene.retention?.mode !== 'Enforce') return
  const refusal = refusalHold(schedule.status ?? {}, (name) => names.has(name), nowMs)
  if (refusal !== undefined) yield refusal
  const [newest] = scene.good
  if (newest === undefined || !scene.good.some(({ name }) => names.has(name))) return
  const stopped = stoppedHold(newest, intervalMs, nowMs)
  if (stopped !== undefined) yield stopped
}

/** Announced by a pass before, and still to go; one alone, and to its end. */
function mayGo({ schedule, runs, nowMs }: RetentionParts, scene: Scene, hold: Hold | undefined): Run | undefined {
  const { expiring = [], removing } = schedule.status ?? {}
  const names = new Set(scene.expire.map(({ name }) => name))
  const goes = (run: Run): boolean =>
    scene.retention?.mode === 'Enforce' && names.has(run.name) && isFree(run, hold, nowMs)
  if (removing !== undefined) return runs.find((run) => run.uid === removing.uid && (run.isBeingDeleted || goes(run)))
  const due = expiring.filter(({ notBefore = '' }) => Date.parse(notBefore) <= nowMs)
  const byName = new Map(due.length === 0 ? [] : runs.map((run) => [run.name, run]))
  return due.flatMap(({ name }) => byName.get(name) ?? []).find(goes)
}

/** While snapshots have stopped the good ones stay; failed ones go on piling up. What was refused is tried again alone. */
function isFree({ name, phase }: Run, hold: Hold | undefined, nowMs: number): boolean {
  if (hold?.reason === 'SnapshotsStopped') return phase !== 'Completed'
  return hold === undefined || (hold.name === name && (hold.retryAtMs ?? Infinity) <= nowMs)
}

function heldOf({ reason, hash, name, untilMs, failure, retryAtMs }: Hold, { schedule, nowMs }: RetentionParts): Held {
  const before = schedule.status?.held
  return {
    reason,
    hash,
    since: before?.hash === hash ? before.since : instant(nowMs),
    ...(name === undefined ? {} : { name }),
    ...(untilMs === undefined ? {} : { until: exactly(untilMs) }),
    ...(failure === undefined ? {} : { failure }),
    ...(retryAtMs === undefined ? {} : { retryAt: instant(retryAtMs) }),
  }
}

function nextLook(
  { schedule, nowMs }: RetentionParts,
  expiring: NonNullable<Status['expiring']>,
  hold: Hold | undefined,
): number | undefined {
  const { removing } = schedule.status ?? {}
  if (removing !== undefined) return Math.max(nowMs, Date.parse(removing.startedAt) + stuckMs)
  const times =
    hold === undefined
      ? expiring.flatMap(({ notBefore = [] }) => notBefore).map(Date.parse)
      : [hold.retryAtMs ?? []].flat()
  return times.length === 0
    ? undefined
    : Math.max(
        nowMs,
        times.reduce((one, other) => Math.min(one, other)),
      )
}
