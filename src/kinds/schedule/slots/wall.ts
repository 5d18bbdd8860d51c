// Enumerates the wall times that a schedule's fields name. A wall time is written as if it were UTC, in ms; time zones are unknown here. Pure.
import type { CronFields } from './cron.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

/** Eight years: around 2100 there are so many from one 29 February to the next. */
const farthestDays = 8 * 366

/** The first one after that time; undefined where none comes within eight years. */
export function wallAfter(fields: CronFields, wallMs: number): number | undefined {
  const today = Math.floor(wallMs / dayMs)
  const minute = Math.floor((wallMs - today * dayMs) / minuteMs)
  const later = isDay(fields, today) ? minuteAfter(fields, minute) : undefined
  if (later !== undefined) return today * dayMs + later * minuteMs
  for (let day = today + 1; day <= today + farthestDays; day += 1)
    if (isDay(fields, day)) return day * dayMs + firstMinute(fields) * minuteMs
  return undefined
}

/** The last one at that time or before; undefined where there was none for eight years. */
export function wallUpTo(fields: CronFields, wallMs: number): number | undefined {
  const today = Math.floor(wallMs / dayMs)
  const minute = Math.floor((wallMs - today * dayMs) / minuteMs)
  const earlier = isDay(fields, today) ? minuteUpTo(fields, minute) : undefined
  if (earlier !== undefined) return today * dayMs + earlier * minuteMs
  for (let day = today - 1; day >= today - farthestDays; day -= 1)
    if (isDay(fields, day)) return day * dayMs + lastMinute(fields) * minuteMs
  return undefined
}

const has = (mask: number, value: number): boolean => (mask & (1 << value)) !== 0

interface CalendarDay {
  /** 1–12. */
  readonly month: number
  readonly date: number
  /** 0 is Sunday. */
  readonly weekday: number
}

function calendarDay(day: number): CalendarDay {
  const date = new Date(day * dayMs)
  return { month: date.getUTCMonth() + 1, date: date.getUTCDate(), weekday: date.getUTCDay() }
}

const isDay = (fields: CronFields, day: number): boolean => isNamed(fields, calendarDay(day))

function isNamed({ days, months, weekdays, isEitherDay }: CronFields, { month, date, weekday }: CalendarDay): boolean {
  if (!has(months, month)) return false
  const [isDate, isWeekday] = [has(days, date), has(weekdays, weekday)]
  return isEitherDay ? isDate || isWeekday : isDate && isWeekday
}

const first = (values: readonly number[]): number => values[0] ?? 0
const last = (values: readonly number[]): number => values.at(-1) ?? 0

const firstMinute = ({ hours, minutes }: CronFields): number => first(hours) * 60 + first(minutes)
const lastMinute = ({ hours, minutes }: CronFields): number => last(hours) * 60 + last(minutes)

/** Of the day. */
function minuteAfter({ hours, minutes }: CronFields, minute: number): number | undefined {
  const hour = Math.floor(minute / 60)
  const inHour = hours.includes(hour) ? minutes.find((value) => value > minute % 60) : undefined
  if (inHour !== undefined) return hour * 60 + inHour
  const next = hours.find((value) => value > hour)
  return next === undefined ? undefined : next * 60 + first(minutes)
}

function minuteUpTo({ hours, minutes }: CronFields, minute: number): number | undefined {
  const hour = Math.floor(minute / 60)
  const inHour = hours.includes(hour) ? minutes.findLast((value) => value <= minute % 60) : undefined
  if (inHour !== undefined) return hour * 60 + inHour
  const previous = hours.findLast((value) => value < hour)
  return previous === undefined ? undefined : previous * 60 + last(minutes)
}

/** 28 years: then dates fall on the same weekdays again. */
const cycleDays = 28 * 365 + 7
/** 2001-01-01, so that no century without a leap day is in the way. */
const cycleStart = 11_323

let cycle: readonly CalendarDay[] | undefined
/** Made once: a thousand schedules that are read at the start of the operator take 50 ms by it, and would take more than a second. */
const cycleDay = (day: number): CalendarDay => {
  cycle ??= Array.from({ length: cycleDays }, (_, index) => calendarDay(cycleStart + index))
  return cycle[day % cycleDays] ?? calendarDay(cycleStart + day)
}

interface Distances {
  readonly longestMs: number
  readonly shortestMs: number
  /** Over 28 years. */
  readonly meanMs: number
}

/**
 * The longest, the shortest and the mean time between two slots, by the clock on the wall: an hour that it is put forward or back does not count.
 * Undefined where no day is ever named. In ms.
 */
export function distances(fields: CronFields): Distances | undefined {
  const gaps = dayGaps(fields)
  if (gaps === undefined) return undefined
  const overnight = firstMinute(fields) - lastMinute(fields)
  const within = minuteGaps(fields)
  return {
    longestMs: Math.max(gaps.longest * dayMs + overnight * minuteMs, ...within.map((gap) => gap * minuteMs)),
    shortestMs: Math.min(gaps.shortest * dayMs + overnight * minuteMs, ...within.map((gap) => gap * minuteMs)),
    meanMs: (cycleDays * dayMs) / (gaps.count * fields.hours.length * fields.minutes.length),
  }
}

interface DayGaps {
  readonly longest: number
  readonly shortest: number
  /** How many days are named in 28 years. */
  readonly count: number
}

function dayGaps(fields: CronFields): DayGaps | undefined {
  let [longest, shortest, previous, count] = [0, Infinity, NaN, 0]
  for (let day = 0; day < 2 * cycleDays; day += 1) {
    if (!isNamed(fields, cycleDay(day))) continue
    if (!Number.isNaN(previous)) {
      longest = Math.max(longest, day - previous)
      shortest = Math.min(shortest, day - previous)
    }
    if (day >= cycleDays) break
    previous = day
    count += 1
  }
  return shortest === Infinity ? undefined : { longest, shortest, count }
}

/** Two at most matter: inside an hour, and from an hour to the next. */
function minuteGaps({ hours, minutes }: CronFields): readonly number[] {
  const betweenMinutes = differences(minutes)
  const overHours = differences(hours).map((gap) => gap * 60 + first(minutes) - last(minutes))
  return [...betweenMinutes, ...overHours]
}

const differences = (values: readonly number[]): readonly number[] =>
  values.slice(1).map((value, index) => value - (values[index] ?? 0))
