// How much space a schedule's snapshots will take, and when their claim is full. Pure: the same runs and the same free space say the same, whenever it is asked.
import { instant } from '../../../api/status/conditions.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { spanText } from '../../../reconcile/format.ts'
import type { Run } from '../run.ts'
import { growthOf } from './growth.ts'
import type { Growth, Point } from './growth.ts'
import { everything, lastOf, seriesOf } from './holdings.ts'
import type { Series } from './holdings.ts'

type Forecast = NonNullable<MeiliSnapshotScheduleStatus['forecast']>
type Sizes = NonNullable<MeiliSnapshotScheduleStatus['sizes']>

export interface ForecastInput {
  /** With the `sizes` and the `forecast` that are on record: what retention deleted is known from there. */
  readonly schedule: MeiliSnapshotSchedule
  /** Those that are Completed and there, pinned ones too, in any order; without those of the future. */
  readonly runs: readonly Run[]
  /** Names of all that retention deletes next, or would with DryRun. */
  readonly expiring: readonly string[]
  /** False with DryRun, and while retention is held. */
  readonly deletes: boolean
  /** Free on the destination claim of the template, as a mover saw it last: `status.destination` of `lastOnClaim`. */
  readonly observed?: { readonly freeBytes: number; readonly observedAt: string } | undefined
  /** The mean time between two slots, in ms: `meanMs` of `readSlots`. */
  readonly intervalMs: number
}

/** Both for status. */
export interface ForecastResult {
  readonly sizes?: Sizes
  readonly forecast?: Forecast
}

const mostSizes = 10
const mostPoints = 30
const minuteMs = 60_000
const dayMs = 86_400_000
const monthMs = 30 * dayMs
/** Where nothing is deleted there is no end. */
const yearMs = 366 * dayMs
/** Nobody's snapshots grow like that for longer. */
const longestMs = 10 * yearMs
/** No date beyond this has four digits. */
const lastInstantMs = Date.UTC(9999, 11, 31)
/** Of a series with more, so many are looked at. */
const samples = 64

/** To be called in each pass that knows the interval; what it returns changes only with a new size, a deletion, the rules, or when a mover has looked again. */
export function forecast(asked: ForecastInput): ForecastResult {
  const { schedule, runs } = asked
  const input = { ...asked, intervalMs: Math.max(minuteMs, asked.intervalMs) }
  const points = pointsOf(runs, schedule.status?.sizes ?? [])
  if (points.length === 0) return {}
  const sizes = points
    .slice(-mostSizes)
    .toReversed()
    .map(({ timeMs, bytes }) => ({ at: instant(timeMs), bytes }))
  const newest = points.slice(-mostPoints)
  const growth = growthOf(newest, input.intervalMs)
  return growth === undefined ? { sizes } : { sizes, forecast: forecastOf(input, growth, newest) }
}

/** Of whole seconds, as on record. */
function pointsOf(runs: readonly Run[], recorded: Sizes): readonly Point[] {
  const bytesAt = new Map<number, number>()
  const add = (timeMs: number, bytes: number): void => {
    const second = Math.floor(timeMs / 1000) * 1000
    if (!Number.isNaN(second)) bytesAt.set(second, Math.max(bytes, bytesAt.get(second) ?? 0))
  }
  for (const { at, bytes } of recorded) add(Date.parse(at), bytes)
  for (const { timeMs, sizeBytes } of runs) if (timeMs !== undefined && sizeBytes !== undefined) add(timeMs, sizeBytes)
  return [...bytesAt].map(([timeMs, bytes]) => ({ timeMs, bytes })).toSorted((a, b) => a.timeMs - b.timeMs)
}

function forecastOf(input: ForecastInput, growth: Growth, points: readonly Point[]): Forecast {
  const { schedule, expiring, intervalMs } = input
  const there = onClaim(input)
  const series = seriesOf(schedule.spec.retention, intervalMs)
  const steady = series && { series, stored: storedIn(there, expiring), growth, intervalMs }
  const spanMs = growth.newestMs - (points[0]?.timeMs ?? growth.newestMs)
  return {
    bytesPerDay: asInteger(growth.bytesPerMs * dayMs),
    nextBytes: asInteger(growth.nextBytes),
    ...(steady === undefined ? {} : { steadyBytes: asInteger(neededFor(steady, runsUntilSteady(steady))) }),
    ...spaceFor(input, growth, input.deletes ? steady : undefined),
    basis: `Sizes of the newest ${points.length} good snapshots, over ${spanText(spanMs)}; one more every ${spanText(intervalMs)}.`,
  }
}

/** What an earlier template stored elsewhere takes no space here. */
function onClaim({ schedule, runs }: ForecastInput): readonly Run[] {
  const { name } = schedule.spec.template.spec.destination.claim
  return runs.filter(({ claim = name }) => claim === name)
}

interface Stored {
  readonly bytes: number
  /** Of them, what stays when retention has done what it says. */
  readonly stayingBytes: number
  /** How old the oldest one is that is not pinned, measured from the newest. */
  readonly oldestAgeMs: number
}

function storedIn(runs: readonly Run[], expiring: readonly string[]): Stored {
  const leaving = new Set(expiring)
  const bytesOf = (some: readonly Run[]): number => some.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
  const staying = runs.filter(({ name }) => !leaving.has(name))
  const times = staying.flatMap(({ isPinned, timeMs }) => (isPinned || timeMs === undefined ? [] : [timeMs]))
  return {
    bytes: bytesOf(runs),
    stayingBytes: bytesOf(staying),
    oldestAgeMs: times.length === 0 ? 0 : Math.max(...times) - Math.min(...times),
  }
}

interface Keeping {
  readonly series: readonly Series[]
  readonly stored: Stored
  readonly growth: Growth
  readonly intervalMs: number
}

/** A mover looks before retention deletes. So what was free is added to what was stored then, and stays on record until the next one looks. */
function spaceFor(input: ForecastInput, growth: Growth, rules: Keeping | undefined): Partial<Forecast> {
  const { schedule, observed, intervalMs } = input
  if (observed === undefined) return {}
  const all = storedIn(onClaim(input), [])
  const known = schedule.status?.forecast
  const isRecorded = known?.observedAt === observed.observedAt
  const spaceBytes = asInteger((isRecorded ? known?.spaceBytes : undefined) ?? observed.freeBytes + all.bytes)
  const freeBytes = Math.max(0, spaceBytes - all.bytes)
  const keeping = rules ?? { series: everything(intervalMs), stored: all, growth, intervalMs }
  const full = schedule.spec.suspend ? undefined : firstTooMany(keeping, spaceBytes)
  const { nextBytes, newestMs } = growth
  return {
    freeBytes,
    observedAt: observed.observedAt,
    spaceBytes,
    ...(nextBytes < 1 ? {} : { roomFor: Math.floor(freeBytes / nextBytes) }),
    ...(full === undefined ? {} : { fullAt: instant(Math.min(newestMs + full * intervalMs, lastInstantMs)) }),
  }
}

/** Which of the next snapshots does not fit any more, counted from one. */
function firstTooMany(keeping: Keeping, spaceBytes: number): number | undefined {
  let fits = 0
  let tooMany = runsUntilSteady(keeping)
  if (neededFor(keeping, tooMany) <= spaceBytes) return undefined
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2)
    if (neededFor(keeping, middle) <= spaceBytes) fits = middle
    else tooMany = middle
  }
  return tooMany
}

/** Until the rules hold all that they ever will, in a month at the earliest, and one more. */
function runsUntilSteady({ series, stored, intervalMs }: Keeping): number {
  const oldestMs = Math.max(...series.map(lastOf))
  const untilMs = Number.isFinite(oldestMs) ? Math.max(monthMs, oldestMs - stored.oldestAgeMs) : yearMs
  return Math.ceil(Math.min(untilMs, longestMs) / intervalMs) + 1
}

/** Retention runs after a success: beside the new one there is still all that was there before it. */
function neededFor(keeping: Keeping, run: number): number {
  const { stored, growth, intervalMs } = keeping
  return stored.stayingBytes + bytesAfter(keeping, run - 1) - bytesAfter(keeping, 0) + growth.sizeAt(run * intervalMs)
}

/** What the rules hold after so many more snapshots: only what changes with them counts, as the sizes of those that are there are known. */
function bytesAfter({ series, stored, growth, intervalMs }: Keeping, run: number): number {
  const nowMs = run * intervalMs
  return series.reduce((sum, { firstMs, everyMs, count }) => {
    const reached = Math.floor((nowMs + stored.oldestAgeMs - firstMs) / everyMs) + 1
    const there = Math.max(0, Math.min(count, reached))
    const looks = Math.min(there, samples)
    let bytes = 0
    for (let look = 0; look < looks; look += 1) {
      const index = ((look + 0.5) * there) / looks - 0.5
      bytes += growth.sizeAt(nowMs - firstMs - index * everyMs)
    }
    return sum + (looks === 0 ? 0 : (bytes * there) / looks)
  }, 0)
}

const asInteger = (bytes: number): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.round(bytes)))
