// What stands on record of a run: it is written before the snapshot is created, so that whoever comes after a crash tries the same name again. Pure.
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'
import { noCounts } from '../run.ts'

type Status = MeiliSnapshotScheduleStatus
export type RunRecord = NonNullable<Status['run']>

const firstPauseMs = 30_000
const longestPauseMs = 300_000

const pauseMs = (tries: number): number => Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries - 1, 10))

/**
 * What refused the one before is believed to refuse this one, until the answer is there: else a full quota would turn Ready with each slot.
 * @param run `slotMs` absent: asked for by hand
 */
export function beginRecord(
  { name, slotMs }: { name: string; slotMs?: number },
  nowMs: number,
  before?: RunRecord,
): RunRecord {
  return {
    name,
    ...(slotMs === undefined ? {} : { slot: instant(slotMs) }),
    tries: 1,
    startedAt: instant(nowMs),
    ...(before?.reason === 'RunRefused'
      ? { reason: before.reason, failure: before.failure, retryAt: instant(nowMs + pauseMs(1)) }
      : {}),
  }
}

/** The first one may be lost with whoever sent it. */
const fewTries = 2
const noAnswer = 'The API server does not say what becomes of it: see the log of the operator.'

/** With the time of the next try already: what becomes of this one may never be known, and to hear nothing time and again is a failure, too. */
export const tryAgain = (run: RunRecord, nowMs: number): RunRecord => ({
  ...run,
  tries: run.tries + 1,
  retryAt: instant(nowMs + pauseMs(run.tries + 1)),
  ...(run.failure === undefined && run.tries >= fewTries ? { reason: 'RunRefused', failure: noAnswer } : {}),
})

/** What is not to be tried again stays on record until the next run, so that everybody can see it. */
export const isClosed = ({ failure, retryAt }: RunRecord): boolean => failure !== undefined && retryAt === undefined

export function closeRecord({ retryAt: _, ...run }: RunRecord): RunRecord | undefined {
  return run.failure === undefined ? undefined : run
}

/** Undefined where it may be tried now. A time beyond every pause is the word of another clock. */
export function retryAtMs({ retryAt }: RunRecord, nowMs: number): number | undefined {
  const atMs = Date.parse(retryAt ?? '')
  return atMs > nowMs && atMs <= nowMs + longestPauseMs ? atMs : undefined
}

/** The slots that are planned know nothing of one that nobody tries again. */
export function withoutClosed(schedule: MeiliSnapshotSchedule): MeiliSnapshotSchedule {
  const { run, ...status } = schedule.status ?? {}
  return run !== undefined && isClosed(run) ? { ...schedule, status } : schedule
}

/** It is there, whoever made it. */
export function settle(status: Status, run: RunRecord): Status {
  const { run: _, ...rest } = status
  const counts = status.counts ?? noCounts
  return {
    ...rest,
    ...(run.slot === undefined ? { runNow: markHandled(run) } : { lastSlot: run.slot, lastRunName: run.name }),
    counts: { ...counts, created: counts.created + 1 },
  }
}

/** The name ends with the hash of the annotation's value (reconcile/names/schedule.ts). */
export const markHandled = ({ name }: RunRecord): NonNullable<Status['runNow']> => ({ hash: name.slice(-8), name })

interface RunRefusal {
  readonly run: RunRecord
  readonly reason: NonNullable<RunRecord['reason']>
  readonly message: string
  readonly nowMs: number
}

/** A name that somebody else has stays his: this slot never runs. All else is tried again. */
export function refuse(status: Status, { run, reason, message, nowMs }: RunRefusal): Status {
  const { retryAt, ...rest } = run
  const refused = { ...rest, reason, failure: sentence(message) }
  if (reason === 'RunRefused')
    return { ...status, run: { ...refused, retryAt: retryAt ?? instant(nowMs + pauseMs(run.tries)) } }
  return {
    ...status,
    run: refused,
    ...(run.slot === undefined ? { runNow: markHandled(run) } : { slotsAfter: run.slot }),
  }
}
