// What becomes of the newest slot that has passed, and of the one on record. Pure.
import { durationMs } from '../../../api/meta.ts'
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { isFinished } from '../../../api/snapshot.ts'
import { runName, secondRunName } from '../../../reconcile/names/schedule.ts'
import type { Run } from '../run.ts'
import { isTooEarly } from './clock.ts'
import { jitterOf } from './jitter.ts'
import type { Past, PlannedRun } from './past.ts'
import type { Slots } from './slots.ts'

export interface Turn {
  /** To be created, or tried again. */
  readonly due?: PlannedRun
  /** One snapshot runs and another one waits: this slot never runs. */
  readonly skip?: { readonly slotMs: number }
  /** This slot never runs. */
  readonly giveUp?: GivenUp
  /** How many slots nobody looked at, at most 1,000. */
  readonly missed: number
}

export interface GivenUp {
  readonly slotMs: number
  readonly why: 'TooLate' | 'Superseded' | 'Suspended' | 'Changed' | 'ClockWentBack'
}

export interface Scene {
  readonly schedule: MeiliSnapshotSchedule
  readonly runs: readonly Run[]
  readonly nowMs: number
  readonly slots: Slots
  readonly past: Past
}

/** A year of minutes is not counted to the end. */
const mostMissed = 1000

/** When the snapshot of a slot may be made at the latest. */
export const lateMs = ({ schedule }: Pick<Scene, 'schedule'>, slotMs: number): number =>
  slotMs + jitterOf(schedule) + durationMs(schedule.spec.startingDeadline)

export function turnOf(scene: Scene): Turn {
  const { schedule, nowMs, slots, past } = scene
  if (schedule.spec.suspend) return { missed: 0, ...giveUp(past.pending, 'Suspended') }
  const newestMs = slots.lastUpTo(nowMs - jitterOf(schedule), past.afterMs)
  return newestMs === undefined
    ? { missed: 0, ...giveUp(past.pending, whyNot(scene, -Infinity)) }
    : judge(scene, newestMs)
}

function judge(scene: Scene, newestMs: number): Turn {
  const { nowMs, past } = scene
  const isOnRecord = past.pending?.slotMs === newestMs
  const missed = isOnRecord ? 0 : countBetween(scene, newestMs)
  if (nowMs > lateMs(scene, newestMs))
    return { missed: isOnRecord ? 0 : missed + 1, ...giveUp({ slotMs: newestMs }, 'TooLate') }
  const due = { slotMs: newestMs, name: nameOf(scene, newestMs) }
  if (countUnfinished(scene, due.name) > 1) return { missed, skip: { slotMs: newestMs } }
  return { missed, due, ...giveUp(isOnRecord ? undefined : past.pending, whyNot(scene, newestMs)) }
}

function whyNot({ nowMs, past: { pending } }: Scene, newestMs: number): GivenUp['why'] {
  const slotMs = pending?.slotMs ?? -Infinity
  if (slotMs > nowMs) return 'ClockWentBack'
  return slotMs < newestMs ? 'Superseded' : 'Changed'
}

/** What was made a day early, by a clock that stood wrong, must not stand for the snapshot of that day. */
function nameOf({ schedule, runs }: Scene, slotMs: number): string {
  const name = runName(schedule, slotMs)
  const isTaken = runs.some((run) => run.name === name && isTooEarly(run, slotMs))
  return isTaken ? secondRunName(schedule, slotMs) : name
}

function giveUp(slot: Pick<PlannedRun, 'slotMs'> | undefined, why: GivenUp['why']): Pick<Turn, 'giveUp'> {
  return slot === undefined ? {} : { giveUp: { slotMs: slot.slotMs, why } }
}

/** Those that nobody looked at: what is on record was. */
function countBetween({ slots, past }: Scene, newestMs: number): number {
  const { afterMs: floorMs, pending } = past
  const afterMs = pending !== undefined && pending.slotMs < newestMs ? Math.max(floorMs, pending.slotMs) : floorMs
  let missed = 0
  let slotMs = slots.lastUpTo(newestMs - 1, afterMs)
  while (slotMs !== undefined && missed < mostMissed) {
    missed += 1
    slotMs = slots.lastUpTo(slotMs - 1, afterMs)
  }
  return missed
}

const countUnfinished = ({ runs }: Scene, except: string): number =>
  runs.filter((run) => run.name !== except && !run.isBeingDeleted && !isFinished({ status: run })).length
