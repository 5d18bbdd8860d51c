// The house's lint rules at work: each bad snippet is refused by the rule that is meant, in words that say what to do instead.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { badFiles, badImports, goodFiles } from './bad-snippets.ts'

interface Finding {
  readonly filename: string
  readonly code: string
  readonly message: string
  readonly help?: string
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const directories: string[] = []

/** Modules that snippets import, so that no finding is about a missing one. */
const modules = [
  'src/kube/client.ts',
  'src/meilisearch/client.ts',
  'src/api/meta.ts',
  'src/api/conditions.ts',
  'src/kinds/snapshot/job/commands/move.ts',
  'src/kinds/snapshot/decide.ts',
  'src/telemetry/logger.ts',
  'src/mover/contract.ts',
  'src/runtime/backoff.ts',
  'src/errors.ts',
  'src/cli/cluster.ts',
]
const stub = 'export const [a, b, c, x] = [1, 2, 3, 4].map(String)'

/** Lints files in a house of their own, with the real configuration and the real rules. */
async function lint(files: ReadonlyMap<string, string>): Promise<readonly Finding[]> {
  const house = await mkdtemp(join(tmpdir(), 'house-lint-'))
  directories.push(house)
  await Promise.all(
    ['.oxlintrc.json', 'lint', 'tsconfig.json', '.gitignore', 'package.json'].map((name) =>
      cp(join(root, name), join(house, name), { recursive: true }),
    ),
  )
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'))
  for (const [file, code] of files) {
    await mkdir(dirname(join(house, file)), { recursive: true })
    await writeFile(join(house, file), code)
  }
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'node_modules/oxlint/bin/oxlint'), '-f', 'json', ...files.keys()],
      { cwd: house, maxBuffer: 1e8 },
      (_error, stdout) => resolve(stdout),
    )
  })
  return (JSON.parse(output) as { diagnostics: Finding[] }).diagnostics
}

afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))))

const opened = (code: string): string => (code === '' ? 'export const x = 1\n' : `// A snippet.\n${code}\n`)

/** Snippets that need the same file go into different houses; where the name does not matter (`a.ts`) each gets its own. */
const houses: Map<string, string>[] = []
const places = new Map<object, { readonly house: number; readonly file: string }>()
for (const [number, bad] of [...badImports, ...badFiles].entries()) {
  const file = bad.file.replace(/\/a(\.test)?\.ts$/, `/a${number}$1.ts`)
  let house = houses.findIndex((one) => !one.has(file))
  if (house === -1) house = houses.push(new Map()) - 1
  houses[house]!.set(file, opened(bad.code))
  places.set(bad, { house, file })
}

const findings: (readonly Finding[])[] = []
beforeAll(async () => {
  findings.push(...(await Promise.all(houses.map(lint))))
}, 120_000)

describe.each([
  ['imports', badImports],
  ['files', badFiles],
] as const)('refused %s', (_name, table) => {
  test.each(table)('$what: $rule', (bad) => {
    const { house, file } = places.get(bad)!
    const here = findings[house]!.filter(({ filename }) => filename.endsWith(file))
    const told = here.filter(({ code }) => code === bad.rule).map(({ message, help = '' }) => `${message} ${help}`)
    expect(told.join('\n'), JSON.stringify(here.map(({ code }) => code))).toContain(bad.says)
  })
})

test('what the house allows passes without a word', async () => {
  const files = new Map([
    ...modules.map((file) => [file, opened(stub)] as const),
    ...goodFiles.map(({ file, code }) => [file, opened(code)] as const),
  ])
  expect(await lint(files)).toEqual([])
}, 60_000)
