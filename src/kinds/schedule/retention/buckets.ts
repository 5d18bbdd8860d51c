// The hours, days, weeks, months and years of a time zone, as numbers that say only which instants are in the same one. Pure but for a bounded cache.
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
export type BucketOf = (ms: number) => Buckets

/** One for each time zone in use: making one costs more than a hundred uses. */
const formats = new Map<string, Intl.DateTimeFormat>()
const mostFormats = 64

/** Undefined where there is no such time zone. */
export function bucketsIn(timeZone: string): BucketOf | undefined {
  const format = formatIn(timeZone)
  return format === undefined ? undefined : (ms) => bucketsAt(ms, offsetMs(format.format(ms)))
}

function bucketsAt(ms: number, offset: number): Buckets {
  const local = ms + offset
  const day = Math.floor(local / dayMs)
  const date = new Date(local)
  const year = date.getUTCFullYear()
  return {
    hourly: `${Math.floor(local / hourMs)}/${offset}`,
    daily: day,
    // 1970 began on a Thursday.
    weekly: Math.floor((day + 3) / 7),
    monthly: year * 12 + date.getUTCMonth(),
    yearly: year,
  }
}

/** Of `3/1/2026, GMT+01:00`; of UTC it is `GMT` alone. */
function offsetMs(text: string): number {
  const [, sign, hours, minutes, seconds] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? []
  if (sign === undefined) return 0
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds ?? 0)) * 1000
  return sign === '-' ? -ms : ms
}

function formatIn(timeZone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    if (formats.size >= mostFormats) formats.clear()
    formats.set(timeZone, format)
    return format
  } catch {
    return undefined
  }
}
