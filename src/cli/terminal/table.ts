// Lays out rows of text in columns, as kubectl shows them. Pure.
import { printable, longestField, longestLine } from './printable.ts'

/** The head, then the rows: each column as wide as its widest cell, three spaces between, nothing after the last, which may hold a message. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const fits = (cell: string, column: number): string =>
    printable(cell, column === head.length - 1 ? longestLine : longestField)
  const all = [head, ...rows].map((row) => row.map(fits))
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
}

/** Without the columns that no row has anything to say in, except the first. */
export function withoutEmptyColumns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): { head: string[]; rows: string[][] } {
  const kept = head.map((_, column) => column === 0 || rows.some((row) => (row[column] ?? '') !== ''))
  const keep = (row: readonly string[]): string[] => row.filter((_, column) => kept[column] === true)
  return { head: keep(head), rows: rows.map(keep) }
}
