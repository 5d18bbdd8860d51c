// What a schedule's slots ask for now: which one runs, which never do, when the next one comes. Pure; nothing is enumerated from the past.
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import type { Run } from '../run.ts'
import { jitterOf, jitterProblem } from './jitter.ts'
import { pastOf } from './past.ts'
import type { Past } from './past.ts'
import { isProblem, readSlots } from './slots.ts'
import type { SlotProblem } from './problems.ts'
import type { Slots } from './slots.ts'
import { lateMs, turnOf } from './turn.ts'
import type { Scene, Turn } from './turn.ts'

export interface SlotPlan extends Turn, Pick<Past, 'observed' | 'slotsAfterMs' | 'clockWentBack' | 'takeBack'> {
  /** Nothing runs until somebody changes the schedule. */
  readonly problem?: SlotProblem
  /** When the next snapshot is made, jitter included. Absent while it is suspended. */
  readonly nextRunMs?: number
  /** The longest time between two slots. */
  readonly intervalMs?: number
  /** When to look again, at the latest. */
  readonly requeueAtMs: number
}

/** A clock that was put forward is noticed after so long, whatever timers say. */
const longestSleepMs = 3_600_000

/**
 * Reads of status: `observed`, `slotsAfter`, `lastSlot`, `lastRunName`, `run` (its `name` and `slot`). What it says is for one write, so that nothing counts twice:
 * - `observed` and `slotsAfterMs` are written as they are. What is skipped or too late does not stand after `slotsAfterMs`.
 * - The run on record that is among `runs` is taken for the last one: `lastSlot` and `lastRunName` become its, and `run` goes. No other slot moves `lastSlot`.
 * - `takeBack`, after that: `lastSlot` and `lastRunName` go, as the clock stood wrong when that slot ran.
 * - `due`: `run` is of it. `skip`, `giveUp`: `run` goes where it is of that slot or an earlier one.
 * - `missed` is added to `counts.missed`. What is on record in `run` has been looked at, and is not among them.
 * @param runs all that carry the schedule's label
 */
export function planSlots(schedule: MeiliSnapshotSchedule, runs: readonly Run[], nowMs: number): SlotPlan {
  const past = pastOf(schedule, runs, nowMs)
  const { pending: _, afterMs: __, ...ground } = past
  const slots = usableSlots(schedule)
  if (isProblem(slots)) return { ...ground, problem: slots, missed: 0, requeueAtMs: nowMs + longestSleepMs }
  const scene = { schedule, runs, nowMs, slots, past }
  const turn = turnOf(scene)
  const next = schedule.spec.suspend ? undefined : nextRun(scene)
  return {
    ...ground,
    ...turn,
    slotsAfterMs: Math.max(ground.slotsAfterMs, turn.skip?.slotMs ?? -Infinity, tooLate(turn)),
    intervalMs: slots.longestMs,
    ...(next === undefined ? {} : { nextRunMs: next }),
    requeueAtMs: Math.min(
      nowMs + longestSleepMs,
      next ?? Infinity,
      turn.due ? lateMs(scene, turn.due.slotMs) + 1 : Infinity,
    ),
  }
}

function usableSlots(schedule: MeiliSnapshotSchedule): Slots | SlotProblem {
  const slots = readSlots(schedule.spec)
  return isProblem(slots) ? slots : (jitterProblem(schedule, slots) ?? slots)
}

const tooLate = ({ giveUp }: Turn): number => (giveUp?.why === 'TooLate' ? giveUp.slotMs : -Infinity)

function nextRun({ schedule, nowMs, slots, past }: Scene): number | undefined {
  const jitterMs = jitterOf(schedule)
  const slotMs = slots.nextAfter(Math.max(nowMs - jitterMs, past.afterMs))
  return slotMs === undefined ? undefined : slotMs + jitterMs
}
