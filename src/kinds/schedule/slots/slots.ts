// The slots of a schedule in its time zone: when it is due, as instants in ms. Pure; what was read once is kept.
import { cronSchedule } from '../../../api/fields/schedule.ts'
import type { MeiliSnapshotScheduleSpec } from '../../../api/schedule.ts'
import { readCron } from './cron.ts'
import type { CronFields } from './cron.ts'
import { memoize } from './memoize.ts'
import { invalidSchedule, noSlot, unknownTimeZone } from './problems.ts'
import type { SlotProblem } from './problems.ts'
import { distances, wallAfter, wallUpTo } from './wall.ts'
import { instantsOf, offsetsNear, zoneNamed } from './zone.ts'
import type { Zone } from './zone.ts'

export interface Slots {
  /** The first slot later than that. Undefined where none comes within eight years. */
  readonly nextAfter: (timeMs: number) => number | undefined
  /** The last slot that is not later than `timeMs`, and later than `afterMs`. */
  readonly lastUpTo: (timeMs: number, afterMs: number) => number | undefined
  /** Between two slots, by the clock on the wall: an hour that it is put forward or back does not count. */
  readonly longestMs: number
  readonly shortestMs: number
  /** What growth is measured by: on office hours there are many slots a day, and none for a weekend. */
  readonly meanMs: number
}

type Clock = Pick<MeiliSnapshotScheduleSpec, 'schedule' | 'timeZone'>

export const isProblem = (slots: Slots | SlotProblem): slots is SlotProblem => 'reason' in slots

/**
 * Named hours run once for each time that the clock on the wall shows: one that it jumps over comes later by as much as it jumped, one that it
 * shows twice comes at the earlier. `*` and `*\/n` hours run by elapsed time: also when it shows the time again. Two that fall together are one slot.
 */
export const readSlots = ({ schedule, timeZone }: Clock): Slots | SlotProblem => slotsOf(`${timeZone} ${schedule}`)

/** A time zone's name has no space in it. */
const slotsOf = memoize(2000, (key: string): Slots | SlotProblem => {
  const end = key.indexOf(' ')
  return makeSlots({ timeZone: key.slice(0, end), schedule: key.slice(end + 1) })
})

function makeSlots({ schedule, timeZone }: Clock): Slots | SlotProblem {
  const fields = fieldsOf(schedule)
  if ('reason' in fields) return fields
  const zone = zoneNamed(timeZone)
  if (zone === undefined) return unknownTimeZone(timeZone)
  const between = distances(fields)
  if (between === undefined) return noSlot(schedule)
  return {
    nextAfter: (timeMs) => nextAfter(fields, zone, timeMs),
    lastUpTo: (timeMs, afterMs) => {
      const slotMs = lastUpTo(fields, zone, timeMs)
      return slotMs !== undefined && slotMs > afterMs ? slotMs : undefined
    },
    ...between,
  }
}

function fieldsOf(schedule: string): CronFields | SlotProblem {
  try {
    return cronSchedule.safeParse(schedule).success ? readCron(schedule) : invalidSchedule(schedule)
  } catch {
    return invalidSchedule(schedule)
  }
}

/** Where the clock is put forward or back, a later wall time may come first: it goes on until none can. */
function nextAfter(fields: CronFields, zone: Zone, timeMs: number): number | undefined {
  let next = Infinity
  let wallMs = wallAfter(fields, timeMs + offsetsNear(zone, timeMs)[0])
  while (wallMs !== undefined) {
    const instants = slotsAt(fields, zone, wallMs)
    if (wallMs - offsetsNear(zone, instants[0])[1] >= next) break
    next = Math.min(next, ...instants.filter((slotMs) => slotMs > timeMs))
    wallMs = wallAfter(fields, wallMs)
  }
  return next === Infinity ? undefined : next
}

function lastUpTo(fields: CronFields, zone: Zone, timeMs: number): number | undefined {
  let last = -Infinity
  let wallMs = wallUpTo(fields, timeMs + offsetsNear(zone, timeMs)[1])
  while (wallMs !== undefined) {
    const instants = slotsAt(fields, zone, wallMs)
    if (wallMs - offsetsNear(zone, instants.at(-1) ?? instants[0])[0] <= last) break
    last = Math.max(last, ...instants.filter((slotMs) => slotMs <= timeMs))
    wallMs = wallUpTo(fields, wallMs - 1)
  }
  return last === -Infinity ? undefined : last
}

/** Of one wall time. */
function slotsAt({ isByElapsedTime }: CronFields, zone: Zone, wallMs: number): readonly [number, ...number[]] {
  const instants = instantsOf(zone, wallMs)
  return isByElapsedTime ? instants : [instants[0]]
}
