// Maps wall times to instants and back, by what Intl knows of a time zone. A wall time is written as if it were UTC, in ms. Pure.
import { keepLast } from './keep.ts'

export interface Zone {
  /** How far the wall clock is ahead of UTC at that instant, in ms. */
  readonly offsetMs: (instantMs: number) => number
}

/** A wall time is at most 14 hours away from its instant, and no clock was ever put forward or back by more than 24; no zone does that twice within two of these. */
const aroundMs = 40 * 3_600_000

/** Undefined for a name that Intl does not know. A formatter costs 50 µs and 30 KB; there are 600 names, but strangers may write them in any case. */
export const zoneNamed = keepLast(1000, makeZone)

function makeZone(timeZone: string): Zone | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    return { offsetMs: (instantMs) => offsetIn(format.format(instantMs)) }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** `10/25/2026, GMT+02:00`; seconds only for years before there were time zones. */
function offsetIn(text: string): number {
  const [, sign, hours, minutes, seconds = '0'] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? []
  if (sign === undefined) return 0
  const sizeMs = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -sizeMs : sizeMs
}

/** What the clock on the wall shows at that instant. */
export const wallOf = (zone: Zone, instantMs: number): number => instantMs + zone.offsetMs(instantMs)

/** The offsets 40 hours before and after: two only where the clock is put forward or back meanwhile. Of a wall time or an instant. */
export function offsetsAround(zone: Zone, timeMs: number): readonly [beforeMs: number, afterMs: number] {
  return [zone.offsetMs(timeMs - aroundMs), zone.offsetMs(timeMs + aroundMs)]
}

/**
 * The instants at which the clock on the wall shows that time, the earlier one first: two where it was put back, one elsewhere.
 * A time that the clock jumps over counts as later by as much as it jumped.
 */
export function instantsOf(zone: Zone, wallMs: number): readonly [number, ...number[]] {
  const [beforeMs, afterMs] = offsetsAround(zone, wallMs)
  const byBefore = wallMs - beforeMs
  if (beforeMs === afterMs) return [byBefore]
  const shown = [byBefore, wallMs - afterMs].filter((instantMs) => wallOf(zone, instantMs) === wallMs)
  const [first = byBefore, ...more] = shown
  return [first, ...more]
}
