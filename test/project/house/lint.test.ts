// The house's lint rules at work: each bad snippet is refused by the rule that is meant, in words that say what to do instead.
import { beforeAll, describe, expect, test } from 'vitest'
import { lint, withOpening } from './linter.ts'
import type { Finding } from './linter.ts'
import { goodFiles } from './snippets/good.ts'
import { badCode } from './snippets/limits.ts'
import { badNames } from './snippets/names.ts'
import { badArrows } from './snippets/order.ts'
import { badDeeds } from './snippets/pure.ts'
import { badImports } from './snippets/imports.ts'
import { badSchemas } from './snippets/schemas.ts'
import { badWords } from './snippets/words.ts'

const tables = { badImports, badArrows, badDeeds, badSchemas, badNames, badWords, badCode } as const

/** Modules that snippets import, so that no finding is about a missing one. */
const modules = [
  'src/kube/client.ts',
  'src/meilisearch/client.ts',
  'src/api/meta.ts',
  'src/api/status/conditions.ts',
  'src/kinds/snapshot/job/commands/move.ts',
  'src/kinds/snapshot/decide.ts',
  'src/kinds/snapshot/move/next-move.ts',
  'src/kinds/snapshot/observation.ts',
  'src/telemetry/logger.ts',
  'src/mover/contract.ts',
  'src/runtime/backoff.ts',
  'src/errors.ts',
  'src/cli/cluster.ts',
]
const stub = 'export const [a, b, c, x] = [1, 2, 3, 4].map(String)'

/** Snippets that need the same file go into different houses; where the name does not matter (`a.ts`) each gets its own. */
const houses: Map<string, string>[] = []
const standing = new Map<object, { readonly house: number; readonly file: string }>()
for (const [number, bad] of Object.values(tables).flat().entries()) {
  const file = bad.file.replace(/\/a(\.test)?\.ts$/, `/a${number}$1.ts`)
  let house = houses.findIndex((one) => !one.has(file))
  if (house === -1) house = houses.push(new Map()) - 1
  houses[house]!.set(file, withOpening(bad.code))
  standing.set(bad, { house, file })
}

const findings: (readonly Finding[])[] = []
beforeAll(async () => {
  findings.push(...(await Promise.all(houses.map(lint))))
}, 120_000)

describe.each(Object.entries(tables))('%s', (_name, table) => {
  test.each(table)('$what: $rule', (bad) => {
    const { house, file } = standing.get(bad)!
    const here = findings[house]!.filter(({ filename }) => filename.endsWith(file))
    const words = here.filter(({ code }) => code === bad.rule).map(({ message, help = '' }) => `${message} ${help}`)
    expect(words.join('\n'), JSON.stringify(here.map(({ code }) => code))).toContain(bad.says)
  })
})

test('what the house allows passes without a word', async () => {
  const files = new Map([
    ...modules.map((file) => [file, withOpening(stub)] as const),
    ...goodFiles.map(({ file, code }) => [file, withOpening(code)] as const),
  ])
  expect(await lint(files)).toEqual([])
}, 60_000)
