// How the snapshots of a schedule grow, from what the newest good ones took; one odd size among them changes nothing. Pure.

export interface Point {
  readonly timeMs: number
  readonly bytes: number
}

/** Of the newest good snapshots, as they are to be expected. */
export interface Growth {
  readonly bytesPerMs: number
  readonly nextBytes: number
  readonly newestMs: number
  /** At a time after (or, below zero, before) the newest one. Never falls with time. */
  readonly sizeAt: (afterMs: number) => number
}

/** Fewer say nothing. */
const fewestPoints = 4
/** Growth is carried on for so many times the span that it was seen in, and is taken for over after that. */
const reach = 3
const ofLast = 5

/**
 * The next size is the second largest of the last five, each carried to the next slot by the growth: their 90th percentile, rounded down to one that
 * was there, as the largest may be the odd one. Growth is Siegel's repeated median, Theil and Sen's estimate where one wrong point of four does no harm.
 *
 * @param points by time, no two at the same
 * @param intervalMs between two slots
 */
export function growthOf(points: readonly Point[], intervalMs: number): Growth | undefined {
  const [oldest, newest] = [points[0], points.at(-1)]
  if (points.length < fewestPoints || oldest === undefined || newest === undefined) return undefined
  const bytesPerMs = slopeOf(points)
  const farthestMs = reach * (newest.timeMs - oldest.timeMs)
  const carry = (fromMs: number, toMs: number): number => bytesPerMs * Math.min(toMs - fromMs, farthestMs)
  const nextMs = newest.timeMs + intervalMs
  const expected = points.slice(-ofLast).map(({ timeMs, bytes }) => Math.max(0, bytes + carry(timeMs, nextMs)))
  const nextBytes = lowerPercentile(expected, 0.9)
  const smallest = Math.min(nextBytes, ...points.map(({ bytes }) => bytes))
  return {
    bytesPerMs,
    nextBytes,
    newestMs: newest.timeMs,
    sizeAt: (afterMs) => {
      if (bytesPerMs <= 0) return nextBytes
      return Math.max(smallest, nextBytes + bytesPerMs * Math.min(afterMs - intervalMs, farthestMs))
    },
  }
}

function slopeOf(points: readonly Point[]): number {
  return median(
    points.map((from) =>
      median(points.filter((to) => to !== from).map((to) => (to.bytes - from.bytes) / (to.timeMs - from.timeMs))),
    ),
  )
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

function lowerPercentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(part * (values.length - 1))] ?? 0
}
