// What a schedule's slots are, said again in the simplest way: every minute of the days is looked at, by the clock that Intl shows for it.
// It knows nothing of src/kinds/schedule/slots.

const minuteMs = 60_000

/** What the clock on the wall shows at each minute from then on, as if it were UTC. */
export interface Table {
  readonly startMs: number
  readonly walls: readonly number[]
}

/** An hour that is sixty minutes on the wall too is not asked minute by minute. */
export function tableOf(timeZone: string, startMs: number, days: number): Table {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  const wallAt = (timeMs: number): number => Date.parse(`${format.format(timeMs).replace(' ', 'T')}Z`)
  const walls: number[] = []
  for (let hour = 0; hour < days * 24; hour += 1) {
    const hourMs = startMs + hour * 60 * minuteMs
    const [first, next] = [wallAt(hourMs), wallAt(hourMs + 60 * minuteMs)]
    const isPlain = next - first === 60 * minuteMs
    for (let minute = 0; minute < 60; minute += 1)
      walls.push(isPlain ? first + minute * minuteMs : wallAt(hourMs + minute * minuteMs))
  }
  return { startMs, walls }
}

/** The indexes of minutes before which the clock was put forward or back. */
export const jumpsIn = ({ walls }: Table): readonly number[] =>
  [...walls.keys()].filter((index) => index > 0 && (walls[index] ?? 0) - (walls[index - 1] ?? 0) !== minuteMs)

const names = 'sun mon tue wed thu fri sat'.split(' ')
const months = ' jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')

const numberOf = (text: string): number => {
  const name = text.toLowerCase()
  return Math.max(names.indexOf(name), months.indexOf(name), name === '' ? 0 : -1) >= 0
    ? Math.max(names.indexOf(name), months.indexOf(name))
    : Number(text)
}

/** The values that a field names, from the lowest that it may have to the highest. */
function valuesOf(field: string, lowest: number, highest: number): ReadonlySet<number> {
  const values = new Set<number>()
  for (const item of field.split(',')) {
    const [range = '', step = '1'] = item.split('/')
    const [from = lowest, to = range === '*' ? highest : from] = range === '*' ? [] : range.split('-').map(numberOf)
    // Sunday is a 7 at the end of a range, and else a 0.
    const last = to < from ? 7 : to
    for (let value = from; value <= last; value += Number(step)) values.add(value)
  }
  return values
}

/** Whether the five fields name that time on the wall. */
export function matcherOf(schedule: string): (wallMs: number) => boolean {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = schedule.split(/ +/)
  const [minutes, hours] = [valuesOf(minute, 0, 59), valuesOf(hour, 0, 23)]
  const [days, inMonths, weekdays] = [valuesOf(day, 1, 31), valuesOf(month, 1, 12), valuesOf(weekday, 0, 6)]
  const isRestricted = (field: string): boolean => !field.split(',').some((item) => item === '*' || item === '*/1')
  return (wallMs) => {
    const ofDay = Math.floor(wallMs / minuteMs) % 1440
    if (!minutes.has(ofDay % 60) || !hours.has(Math.floor(ofDay / 60))) return false
    const date = new Date(wallMs)
    if (!inMonths.has(date.getUTCMonth() + 1)) return false
    const isDay = days.has(date.getUTCDate())
    const isWeekday = weekdays.has(date.getUTCDay()) || (date.getUTCDay() === 0 && weekdays.has(7))
    return isRestricted(day) && isRestricted(weekday) ? isDay || isWeekday : isDay && isWeekday
  }
}

/** All slots in (fromMs, toMs], as instants, in order. */
export function slotsIn(
  { startMs, walls }: Table,
  schedule: string,
  [fromMs, toMs]: readonly [number, number],
): readonly number[] {
  const matches = matcherOf(schedule)
  const isByElapsedTime = (schedule.split(/ +/)[1] ?? '').includes('*')
  const slots = new Set<number>()
  // A day earlier: what the clock jumped over comes later.
  const first = Math.max(0, (fromMs - startMs) / minuteMs - 1440)
  let latestMs = (walls[first] ?? 0) - minuteMs
  for (let index = first; index <= (toMs - startMs) / minuteMs; index += 1) {
    const wallMs = walls[index] ?? 0
    const timeMs = startMs + index * minuteMs
    if (matches(wallMs) && (isByElapsedTime || wallMs > latestMs)) slots.add(timeMs)
    for (let over = latestMs + minuteMs; over < wallMs; over += minuteMs)
      if (matches(over)) slots.add(timeMs + over - latestMs - minuteMs)
    latestMs = Math.max(latestMs, wallMs)
  }
  return [...slots].filter((slotMs) => slotMs > fromMs && slotMs <= toMs).toSorted((one, other) => one - other)
}
