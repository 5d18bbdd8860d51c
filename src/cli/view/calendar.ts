// Draws months side by side, a character for each day. Pure.
const dayMs = 86_400_000
const weekLine = 'M  T  W  T  F  S  S'
const names = 'January February March April May June July August September October November December'.split(' ')
const gap = '     '

/** @param marks by day, such as 2026-03-01; a day without one is a dot. @param most the newest so many months that have a mark */
export function calendarLines(marks: ReadonlyMap<string, string>, most: number): string[] {
  const months = [...new Set([...marks.keys()].map((day) => day.slice(0, 7)))].toSorted().slice(-most)
  const blocks = months.map((month) => monthLines(month, marks))
  const height = Math.max(0, ...blocks.map((block) => block.length))
  return Array.from({ length: height }, (_, line) =>
    blocks
      .map((block) => (block[line] ?? '').padEnd(weekLine.length))
      .join(gap)
      .trimEnd(),
  )
}

/** @param month such as 2026-03 */
function monthLines(month: string, marks: ReadonlyMap<string, string>): string[] {
  const firstMs = Date.parse(`${month}-01T00:00:00Z`)
  const first = new Date(firstMs)
  const days = (Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1) - firstMs) / dayMs
  // From Monday.
  const before = (first.getUTCDay() + 6) % 7
  const cells = Array.from({ length: before + days }, (_, cell) =>
    cell < before ? ' ' : (marks.get(new Date(firstMs + (cell - before) * dayMs).toISOString().slice(0, 10)) ?? '·'),
  )
  const weeks = Array.from({ length: Math.ceil(cells.length / 7) }, (_, week) =>
    cells.slice(week * 7, week * 7 + 7).join('  '),
  )
  return [`${names[first.getUTCMonth()] ?? ''} ${first.getUTCFullYear()}`, weekLine, ...weeks]
}
