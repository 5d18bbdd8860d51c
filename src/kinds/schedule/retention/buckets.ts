// The hours, days, weeks, months and years of a time zone: the same value, the same one. Pure.
import { zoneNamed } from '../slots/zone.ts'
import type { Zone } from '../slots/zone.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const weekMs = 7 * dayMs

export interface Buckets {
  /** The two hours of an overlap are two. */
  readonly hourly: string
  readonly daily: number
  /** ISO 8601: from Monday. */
  readonly weekly: number
  readonly monthly: number
  readonly yearly: number
}
export type BucketsOf = (instantMs: number) => Buckets

/** Undefined where there is no such time zone. */
export function bucketsIn(timeZone: string): BucketsOf | undefined {
  const zone = zoneNamed(timeZone)
  if (zone === undefined) return undefined
  const offsetMs = offsetsOf(zone)
  return (instantMs) => {
    const wallMs = instantMs + offsetMs(instantMs)
    const day = Math.floor(wallMs / dayMs)
    const date = new Date(wallMs)
    const year = date.getUTCFullYear()
    return {
      hourly: `${Math.floor(wallMs / hourMs)} ${wallMs - instantMs}`,
      daily: day,
      // 1970 began on a Thursday.
      weekly: Math.floor((day + 3) / 7),
      monthly: year * 12 + date.getUTCMonth(),
      yearly: year,
    }
  }
}

/** Asks the calendar once for each week in which no clock was changed: no zone changes it and changes it back within one. */
function offsetsOf(zone: Zone): Zone['offsetMs'] {
  const known = new Map<number, number>()
  const atWeek = (week: number): number => {
    const offset = known.get(week) ?? zone.offsetMs(week * weekMs)
    known.set(week, offset)
    return offset
  }
  return (instantMs) => {
    const week = Math.floor(instantMs / weekMs)
    return atWeek(week) === atWeek(week + 1) ? atWeek(week) : zone.offsetMs(instantMs)
  }
}
