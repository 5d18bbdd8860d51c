// Maps wall times to instants and back, by what Intl knows of a time zone. A wall time is written as if it were UTC, in ms. Pure.
import { memoize } from './memoize.ts'

export interface Zone {
  /** How far the wall clock is ahead of UTC at that instant, in ms. */
  readonly offsetMs: (instantMs: number) => number
  /** Where the clock is put forward or back, no further from that instant than by how much. */
  readonly jumpNear: (instantMs: number) => Jump | undefined
}

interface Jump {
  readonly beforeMs: number
  readonly afterMs: number
  /** Infinity where the clock goes on evenly. */
  readonly atMs: number
}

/** A wall time is at most 14 hours away from its instant, and no clock was ever put forward or back by more than 24; no zone does that twice within two of these. */
const aroundMs = 40 * 3_600_000

const dayMs = 86_400_000

/** Undefined for a name that Intl does not know. A formatter costs 50 µs and 30 KB; there are 600 names, but strangers may write them in any case. */
export const zoneNamed = memoize(1000, makeZone)

function makeZone(timeZone: string): Zone | undefined {
  const format = formatIn(timeZone)
  if (format === undefined) return undefined
  // Intl is slow, and on all days of UTC but two a year it says the same all day.
  const jumpOn = memoize(1000, (day: number) => findJump((timeMs) => offsetIn(format.format(timeMs)), day * dayMs))
  return {
    offsetMs: (instantMs) => {
      const { atMs, beforeMs, afterMs } = jumpOn(Math.floor(instantMs / dayMs))
      return instantMs < atMs ? beforeMs : afterMs
    },
    jumpNear: (instantMs) => {
      const day = Math.floor(instantMs / dayMs)
      return [day - 1, day, day + 1].map(jumpOn).find((jump) => isNear(jump, instantMs))
    },
  }
}

const isNear = ({ atMs, beforeMs, afterMs }: Jump, instantMs: number): boolean =>
  Math.abs(instantMs - atMs) <= Math.abs(afterMs - beforeMs)

function formatIn(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function findJump(offsetAt: (timeMs: number) => number, startMs: number): Jump {
  let [fromMs, toMs] = [startMs, startMs + dayMs]
  const [beforeMs, afterMs] = [offsetAt(fromMs), offsetAt(toMs)]
  if (beforeMs === afterMs) return { beforeMs, afterMs, atMs: Infinity }
  while (toMs - fromMs > 1000) {
    const middleMs = fromMs + Math.floor((toMs - fromMs) / 2000) * 1000
    if (offsetAt(middleMs) === beforeMs) fromMs = middleMs
    else toMs = middleMs
  }
  return { beforeMs, afterMs, atMs: toMs }
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

/** The least and the greatest offset of all wall times that may count as that instant, or as one beyond it though they are shown before. */
export function offsetsNear(zone: Zone, instantMs: number): readonly [leastMs: number, greatestMs: number] {
  const jump = zone.jumpNear(instantMs)
  const offsetMs = zone.offsetMs(instantMs)
  if (jump === undefined) return [offsetMs, offsetMs]
  return [Math.min(jump.beforeMs, jump.afterMs), Math.max(jump.beforeMs, jump.afterMs)]
}

/**
 * The instants at which the clock on the wall shows that time, the earlier one first: two where it was put back, one elsewhere.
 * A time that the clock jumps over counts as later by as much as it jumped.
 */
export function instantsOf(zone: Zone, wallMs: number): readonly [number, ...number[]] {
  const [beforeMs, afterMs] = [zone.offsetMs(wallMs - aroundMs), zone.offsetMs(wallMs + aroundMs)]
  const byBefore = wallMs - beforeMs
  if (beforeMs === afterMs) return [byBefore]
  const shown = [byBefore, wallMs - afterMs].filter((instantMs) => wallOf(zone, instantMs) === wallMs)
  const [first = byBefore, ...more] = shown
  return [first, ...more]
}
