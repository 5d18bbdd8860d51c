// Where a page says what is tried, each line names tests that there are.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const tests = new URL('../../', import.meta.url)
const sources = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(new URL(name, tests), 'utf8').replaceAll("\\'", "'"))

/** The cells of each row below `## What is tried`. */
function rowsOf(page: string): string[][] {
  const section =
    readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8')
      .split(/^## /m)
      .find((each) => each.startsWith('What is tried')) ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((row) => row.split(' | '))
}

describe.each(['failures.md', 'security.md'])('what %s says is tried', (page) => {
  const rows = rowsOf(page)

  test('has lines', () => {
    expect(rows.length).toBeGreaterThan(15)
  })

  test.each(rows)('%s: is shown by tests that there are', (...cells) => {
    const named = [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')
    expect(named.length).toBeGreaterThan(0)
    for (const name of named.filter((each) => !each.startsWith('npm ')))
      expect(
        sources.some((source) => source.includes(name)),
        name,
      ).toBe(true)
  })
})
