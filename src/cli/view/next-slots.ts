// Lists the next slots of a schedule as people read clocks, and says where the clock is put forward or back. Pure.
import type { MeiliSnapshotScheduleSpec } from '../../api/schedule.ts'
import { instant } from '../../api/status/conditions.ts'
import { spanText } from '../../reconcile/format.ts'
import { readCron } from '../../kinds/schedule/slots/cron.ts'
import type { CronFields } from '../../kinds/schedule/slots/cron.ts'
import { isProblem, readSlots } from '../../kinds/schedule/slots/slots.ts'
import { instantsOf, wallOf, zoneNamed } from '../../kinds/schedule/slots/zone.ts'
import type { Zone } from '../../kinds/schedule/slots/zone.ts'

export interface NextSlot {
  /** The instant, as `2026-03-29T01:00:00Z`. */
  readonly slot: string
  /** `Sun 2026-03-29 03:00 +02:00` */
  readonly local: string
  /** What the clock does that night; empty on other days. */
  readonly note: string
}

type Clock = Pick<MeiliSnapshotScheduleSpec, 'schedule' | 'timeZone'>

export interface NextSlots {
  /** What keeps it from having any. */
  readonly problem?: string
  readonly slots: readonly NextSlot[]
}

/** As many as there are, at most `most`, later than that. */
export function nextSlots(clock: Clock, afterMs: number, most: number): NextSlots {
  const read = readSlots(clock)
  if (isProblem(read)) return { problem: read.message, slots: [] }
  const zone = zoneNamed(clock.timeZone)
  const night = zone && { zone, fields: readCron(clock.schedule) }
  const slots: NextSlot[] = []
  let beforeMs = afterMs
  for (let slotMs = read.nextAfter(beforeMs); slots.length < most; slotMs = read.nextAfter(beforeMs)) {
    if (slotMs === undefined || night === undefined) break
    slots.push({ slot: instant(slotMs), local: localText(night.zone, slotMs), note: noteOf(night, slotMs, beforeMs) })
    beforeMs = slotMs
  }
  return { slots }
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const pad = (value: number): string => String(value).padStart(2, '0')

/** `Sun 2026-03-29 03:00 +02:00` */
function localText(zone: Zone, ms: number): string {
  const wall = new Date(wallOf(zone, ms))
  const offsetMinutes = Math.round(zone.offsetMs(ms) / 60_000)
  const size = Math.abs(offsetMinutes)
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`
  return `${weekdays[wall.getUTCDay()] ?? ''} ${wall.toISOString().slice(0, 16).replace('T', ' ')} ${offset}`
}

interface Night {
  readonly zone: Zone
  readonly fields: CronFields
}

function noteOf({ zone, fields }: Night, slotMs: number, beforeMs: number): string {
  const changeMs = zone.offsetMs(slotMs) - zone.offsetMs(beforeMs)
  const turned =
    changeMs === 0
      ? []
      : [`after the clock is put ${changeMs > 0 ? 'forward' : 'back'} by ${spanText(Math.abs(changeMs))}`]
  return [...turned, ...shiftText(fields, wallOf(zone, slotMs)), ...twiceText(zone, slotMs)].join('; ')
}

/** What the clock jumps over comes later by as much. */
function shiftText({ hours, minutes }: CronFields, wallMs: number): readonly string[] {
  const wall = new Date(wallMs)
  const isNamed = hours.includes(wall.getUTCHours()) && minutes.includes(wall.getUTCMinutes())
  return isNamed ? [] : ['the time that is asked for does not exist then: it runs once, later by as much']
}

function twiceText(zone: Zone, slotMs: number): readonly string[] {
  const [first, second] = instantsOf(zone, wallOf(zone, slotMs))
  if (second === undefined) return []
  return [`the clock shows this time twice: this is the ${slotMs === first ? 'first' : 'second'}`]
}
