// Each decision says in one shape what it is called, since when it holds, whether it still does, and what was rejected for it.
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const directory = join(import.meta.dirname, '../../../docs/decisions')
const files = globSync('*', { cwd: directory }).toSorted()

const superseded = String.raw`superseded by \[(?<by>\d{4})\]\((?<successor>\k<by>-[a-z0-9-]+\.md)\)`
const head = new RegExp(
  String.raw`^# (?<number>\d{4})\. \S.*\n\nDate: (?<date>\d{4}-\d\d-\d\d) · Status: (?:accepted|${superseded})\n\n(?=[^\n#])`,
)
const rejection = /^- \*\*[^*]+\*\*[^:]*: \S.*[.)]$/

/** What is wrong with a decision, or nothing. */
function faults(name: string, text: string): readonly string[] {
  const { number, date = '', successor } = head.exec(text)?.groups ?? {}
  if (number === undefined) return ['the head is not "# NNNN. Title", then "Date: YYYY-MM-DD · Status: …"']
  const [, rejected, more] = text.split('\n## Rejected\n\n')
  const lines = rejected?.trimEnd().split('\n') ?? []
  return [
    ...(/^\d{4}-[a-z0-9-]+\.md$/.test(name) ? [] : ['the file is not NNNN-title.md']),
    ...(name.startsWith(`${number}-`) ? [] : ['the file has another number']),
    ...(new Date(`${date}T00:00:00Z`).toJSON().startsWith(date) ? [] : ['there is no such day']),
    ...(successor === undefined || files.includes(successor) ? [] : ['what supersedes it is not there']),
    ...(rejected !== undefined && more === undefined ? [] : ['it does not end with one section "## Rejected"']),
    ...lines.filter((line) => !rejection.test(line)).map((line) => `not "- **What**: why.": ${line}`),
  ]
}

const good =
  '# 0007. A title\n\nDate: 2026-11-24 · Status: accepted\n\nText.\n\n## Rejected\n\n- **Another way**: slower.\n'

describe('a decision', () => {
  test.each(files)('%s has number, date, status and what was rejected', (name) => {
    expect(faults(name, readFileSync(join(directory, name), 'utf8'))).toEqual([])
  })

  test('no number is given twice, and there are some', () => {
    const numbers = files.map((name) => basename(name).slice(0, 4))
    expect(numbers.length).toBeGreaterThan(20)
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  test('one of the right shape passes, also when it is superseded', () => {
    expect(faults('0007-a-title.md', good)).toEqual([])
    const [later = ''] = files
    const status = `superseded by [${later.slice(0, 4)}](${later})`
    expect(faults('0007-a-title.md', good.replace('accepted', status))).toEqual([])
  })

  test.each([
    ['no number', good.replace('0007. ', '')],
    ['the number of another file', good.replace('0007', '0008')],
    ['no date', good.replace('Date: 2026-11-24 · ', '')],
    ['no such day', good.replace('11-24', '11-31')],
    ['no status', good.replace(' · Status: accepted', '')],
    ['a status of its own', good.replace('accepted', 'mostly accepted')],
    ['superseded by nothing', good.replace('accepted', 'superseded by [9999](9999-nothing.md)')],
    ['no text', good.replace('Text.\n\n', '')],
    ['nothing rejected', good.replace('- **Another way**: slower.\n', '')],
    ['no section for it', good.replace('## Rejected\n\n', '')],
    ['rejected for no reason', good.replace(': slower.', '.')],
    ['a section behind it', `${good}\n## More\n\nText.\n`],
  ])('%s is a fault', (_, text) => {
    expect(faults('0007-a-title.md', text)).not.toEqual([])
  })

  test('a file of another name is a fault', () => {
    expect(faults('formatter.md', good)).not.toEqual([])
  })
})
