// docs/failures.md holds every reason that can appear, and no other; and each line of what is tried names tests that there are.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { instanceReasons } from '../../../src/api/instance.ts'
import { snapshotReasons } from '../../../src/api/snapshot.ts'

const [, ofSnapshots = '', ofInstances = '', tried = ''] = readFileSync(new URL('../../../docs/failures.md', import.meta.url), 'utf8').split(/^## (?:Meili\w+|What is tried)$/m)

const documented = (section: string): string[] => [...section.matchAll(/^\| `(\w+)` \| .+ \| .+ \|$/gm)].map(([, reason]) => reason ?? '')

test.each([
  ['MeiliSnapshot', ofSnapshots, snapshotReasons],
  ['MeiliInstance', ofInstances, instanceReasons],
])('each reason of a %s has its line', (_, section, reasons) => {
  expect(documented(section).toSorted()).toEqual(Object.values(reasons).toSorted())
})

const tests = new URL('../../', import.meta.url)
const sources = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(new URL(name, tests), 'utf8'))
const rows = tried.split('\n').filter((line) => line.startsWith('| ')).slice(1)

test('there are lines of what is tried', () => {
  expect(rows.length).toBeGreaterThan(15)
})

test.each(rows.map((row) => row.split(' | ')))('%s: is shown by tests that there are', (...cells) => {
  const named = [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '').filter((name) => !name.startsWith('npm '))
  expect(named.length).toBeGreaterThan(0)
  for (const name of named) expect(sources.some((source) => source.includes(name)), name).toBe(true)
})
