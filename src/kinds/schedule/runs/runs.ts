// Which MeiliSnapshot is created now: what is on record comes to its end, then one is begun, or tried again. Pure.
import { runNowAnnotation } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { durationMs } from '../../../api/meta.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { firstOf } from '../../../reconcile/rung.ts'
import { runNowHash, runNowName } from '../../../reconcile/names/schedule.ts'
import { noCounts } from '../run.ts'
import type { Run } from '../run.ts'
import type { SlotPlan } from '../slots/plan.ts'
import { beginRecord, closeRecord, markHandled, isClosed, retryAtMs, settle, tryAgain } from './record.ts'
import type { RunRecord } from './record.ts'

type Status = MeiliSnapshotScheduleStatus

interface Seen {
  readonly schedule: MeiliSnapshotSchedule
  /** All of the schedule. */
  readonly runs: readonly Run[]
  readonly slots: SlotPlan
  readonly nowMs: number
  /** What makes the run of that name. */
  readonly create: (name: string) => Effect
}

interface Next {
  /** Undefined: it stays as it is. */
  readonly run?: RunRecord
  readonly runNow?: Status['runNow']
  readonly effects?: readonly Effect[]
  readonly againAtMs?: number
}

export interface RunsPlan {
  /** Only the fields that are about runs differ from what was there. */
  readonly status: Status
  readonly effects: readonly Effect[]
  readonly againAtMs?: number
}

/** Slots first: one that is asked for by hand waits, and is given up where it was refused and a slot comes. */
const nextOf = firstOf<[Seen, RunRecord | undefined], Next>([
  slotDue, // the slot that has come, once and again
  tooLate, // one by hand is not tried for ever
  byHand, // one by hand that may not be there yet
  isThere, // a value that has had its snapshot
  askedFor, // a new value of the annotation
])

export function planRuns(seen: Seen): RunsPlan {
  const before = endRecord(seen, countSlots(seen))
  const { run, runNow, effects = [], againAtMs } = nextOf(seen, openRecord(before)) ?? {}
  return {
    status: {
      ...before,
      ...(run !== undefined && isByHand(before.run) && before.run.name !== run.name
        ? { runNow: markHandled(before.run) }
        : {}),
      ...(runNow === undefined ? {} : { runNow }),
      ...(run === undefined ? {} : { run }),
    },
    effects,
    ...(againAtMs === undefined ? {} : { againAtMs }),
  }
}

const isByHand = (run: RunRecord | undefined): run is RunRecord =>
  run !== undefined && run.slot === undefined && !isClosed(run)

const openRecord = ({ run }: Status): RunRecord | undefined => (run === undefined || isClosed(run) ? undefined : run)

/** What the plan of slots says is for one write (slots/plan.ts). */
function countSlots({ schedule: { status = {} }, slots }: Seen): Status {
  const counts = status.counts ?? noCounts
  return {
    ...status,
    observed: slots.observed,
    slotsAfter: instant(slots.slotsAfterMs),
    counts: {
      ...counts,
      skipped: counts.skipped + (slots.skip === undefined ? 0 : 1),
      missed: counts.missed + slots.missed,
    },
  }
}

/** It is there, or is never tried again. */
function endRecord({ schedule, runs, slots }: Seen, status: Status): Status {
  const settled = settleSeen(status, runs)
  const { run, lastSlot, lastRunName, ...rest } = settled
  const taken = slots.takeBack === undefined ? { lastSlot, lastRunName } : {}
  return { ...rest, ...taken, ...withRun(run, schedule, slots) }
}

function settleSeen(status: Status, runs: readonly Run[]): Status {
  const run = openRecord(status)
  return run !== undefined && runs.some(({ name }) => name === run.name) ? settle(status, run) : status
}

function withRun(run: RunRecord | undefined, { spec }: MeiliSnapshotSchedule, slots: SlotPlan): Pick<Status, 'run'> {
  if (run === undefined) return {}
  if (isClosed(run)) return spec.suspend ? {} : { run }
  const endsAtMs = Math.max(slots.skip?.slotMs ?? -Infinity, slots.giveUp?.slotMs ?? -Infinity)
  if (run.slot === undefined || Date.parse(run.slot) > endsAtMs) return { run }
  const closed = slots.giveUp?.why === 'TooLate' ? closeRecord(run) : undefined
  return closed === undefined ? {} : { run: closed }
}

function slotDue({ schedule, slots: { due }, nowMs, create }: Seen, open: RunRecord | undefined): Next | undefined {
  if (due === undefined) return undefined
  if (open?.name === due.name) return again(open, create, nowMs)
  return { run: beginRecord(due, nowMs, schedule.status?.run), effects: [create(due.name)] }
}

/** Each try is a write of status, which is what fences it. */
function again(open: RunRecord, create: Seen['create'], nowMs: number): Next {
  const againAtMs = retryAtMs(open, nowMs)
  if (againAtMs !== undefined) return { againAtMs }
  return { run: tryAgain(open, nowMs), effects: [create(open.name)] }
}

/** Refused for as long as a slot would be tried. */
function tooLate({ schedule: { spec }, nowMs }: Seen, open: RunRecord | undefined): Next | undefined {
  if (!isByHand(open) || open.failure === undefined) return undefined
  if (nowMs <= Date.parse(open.startedAt) + durationMs(spec.startingDeadline)) return undefined
  const { retryAt: _, ...closed } = open
  return { run: closed, runNow: markHandled(open) }
}

function byHand({ create, nowMs }: Seen, open: RunRecord | undefined): Next | undefined {
  return isByHand(open) ? again(open, create, nowMs) : undefined
}

/** Undefined where it has had its snapshot. */
function wantedByHand({ metadata, status }: MeiliSnapshotSchedule): { hash: string; name: string } | undefined {
  const value = metadata.annotations?.[runNowAnnotation]
  if (value === undefined || value === '') return undefined
  const hash = runNowHash(value)
  return status?.runNow?.hash === hash ? undefined : { hash, name: runNowName({ metadata }, value) }
}

/** As where the schedule was made again, with the annotation that it had. */
function isThere({ schedule, runs }: Seen): Next | undefined {
  const wanted = wantedByHand(schedule)
  return wanted !== undefined && runs.some(({ name }) => name === wanted.name) ? { runNow: wanted } : undefined
}

/** Also while it is suspended, and where its schedule cannot be read. */
function askedFor({ schedule, nowMs, create }: Seen, open: RunRecord | undefined): Next | undefined {
  const wanted = wantedByHand(schedule)
  if (wanted === undefined || open !== undefined) return undefined
  return { run: beginRecord({ name: wanted.name }, nowMs), effects: [create(wanted.name)] }
}
