// Why a schedule names no slots, in sentences that say what to write. Pure.
import { scheduleReasons } from '../../../api/schedule.ts'

export interface SlotProblem {
  readonly reason: 'InvalidSchedule' | 'UnknownTimeZone' | 'NoSlot' | 'JitterTooLong'
  /** What is wrong, and what to write. */
  readonly message: string
}

interface Field {
  readonly name: string
  readonly first: number
  readonly last: number
  /** The longest step that is read. */
  readonly size: number
  readonly values?: readonly string[]
}

const fields: readonly Field[] = [
  { name: 'minute', first: 0, last: 59, size: 60 },
  { name: 'hour', first: 0, last: 23, size: 24 },
  { name: 'day', first: 1, last: 31, size: 31 },
  {
    name: 'month',
    first: 1,
    last: 12,
    size: 12,
    values: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  // Monday to Sunday: whoever writes a range over Sunday means 7 by 0.
  { name: 'weekday', first: 1, last: 7, size: 7, values: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]

/** Of a schedule that cron.ts cannot read. */
export function invalidSchedule(schedule: string): SlotProblem {
  const texts = schedule.split(/ +/)
  const complaint = texts.length === fields.length ? firstComplaint(texts) : undefined
  const why = complaint ?? 'five fields are read, minute hour day month weekday: write for example 0 3 * * *'
  return { reason: scheduleReasons.InvalidSchedule, message: `spec.schedule cannot be read: ${why}` }
}

function firstComplaint(texts: readonly string[]): string | undefined {
  for (const [index, field] of fields.entries())
    for (const item of texts[index]?.split(',') ?? []) {
      const complaint = complaintOf(item, field)
      if (complaint !== undefined) return complaint
    }
  return undefined
}

/** Of `*`, `*\/n`, `a`, `a-b`, `a-b/n`. */
function complaintOf(item: string, field: Field): string | undefined {
  const [range = '', stepText = '1'] = item.split('/')
  const [low = field.first, high = field.last] =
    range === '*' ? [] : range.split('-').map((text) => valueOf(text, field))
  const step = Number(stepText)
  if (low > high && range.includes('-'))
    return `${field.name} ${item} runs backwards, write ${aroundTheEnd({ low, high, step }, field)}`
  if (step > field.size)
    return `in ${field.name} ${item} the step is longer than the field, which has ${field.size} values: write ${low} for that value alone`
  return undefined
}

const valueOf = (text: string, { values }: Field): number => {
  const index = values?.indexOf(text.toLowerCase()) ?? -1
  return index === -1 ? Number(text) : index
}

interface Span {
  readonly low: number
  readonly high: number
  readonly step: number
}

/** `22-3` of hours → `22-23,0-3`, `22-3/2` → `22,0,2`. */
function aroundTheEnd({ low, high, step }: Span, { first, last }: Field): string {
  if (step > 1) {
    const length = last - first + 1
    const count = Math.floor((high + length - low) / step) + 1
    return Array.from({ length: count }, (_, index) => first + ((low - first + index * step) % length)).join(',')
  }
  const ranges = [[low, last] as const, [first, high] as const]
  return ranges
    .filter(([from, to]) => from <= to)
    .map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
    .join(',')
}

export const unknownTimeZone = (timeZone: string): SlotProblem => ({
  reason: scheduleReasons.UnknownTimeZone,
  message: `spec.timeZone ${timeZone} is no time zone that is known: write for example Europe/Berlin or Etc/UTC`,
})

export const noSlot = (schedule: string): SlotProblem => ({
  reason: scheduleReasons.NoSlot,
  message: `spec.schedule ${schedule} names no day that ever comes: write for example 0 3 * * *, or 0 3 1 * * for the first day of each month`,
})
