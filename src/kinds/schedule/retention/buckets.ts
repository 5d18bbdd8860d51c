// The hours, days, weeks, months and years of a time zone: the same value, the same one. Pure.
import { wallOf, zoneNamed } from '../slots/zone.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

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
  return (instantMs) => {
    const wallMs = wallOf(zone, instantMs)
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
