// What the house asks of its folders, and of files together: entries, folders that are known, no circle.
import { expect, test } from 'vitest'
import { lint, withOpening } from './linter.ts'

const numbered = (folder: string, count: number, ending = '.ts'): [string, string][] =>
  Array.from({ length: count }, (_, number) => [`${folder}/part${number}${ending}`, withOpening('export const x = 1')])

async function messages(files: readonly (readonly [string, string])[], rule: string): Promise<string[]> {
  const findings = await lint(new Map(files))
  return findings.filter(({ code }) => code === rule).map(({ message }) => message)
}

test.each(['src/kube', 'test/unit/kube', 'bench', 'release', 'crds', 'test'])(
  '%s has a dozen entries at most',
  async (folder) => {
    expect(await messages(numbered(folder, 12), 'house(entries)')).toEqual([])
    expect(await messages(numbered(folder, 13), 'house(entries)')).toEqual([
      `${folder}/ has 13 entries, 12 are the limit: a prefix that appears a third time is a folder that is missing.`,
    ])
  },
  60_000,
)

test('folders count as files do, where the folder has no source of its own too', async () => {
  const folders = Array.from({ length: 13 }, (_, number): [string, string] => [
    `test/unit/f${number}/part.test.ts`,
    withOpening('export const x = 1'),
  ])
  expect(await messages(folders, 'house(entries)')).toEqual([expect.stringContaining('test/unit/ has 13 entries')])
}, 60_000)

test('testdata is one entry, whatever is in it', async () => {
  const files = [...numbered('test/unit/kube', 11), ...numbered('test/unit/kube/testdata', 20)]
  expect(await messages(files, 'house(entries)')).toEqual([])
  expect(await messages([...files, ...numbered('test/unit/kube/testdata2', 1)], 'house(entries)')).toEqual([
    expect.stringContaining('test/unit/kube/ has 13 entries'),
  ])
}, 60_000)

test('a folder below src is one that the table of folders knows', async () => {
  const files = [...numbered('src/kinds/snapshot/sideways', 2), ...numbered('src/kinds/snapshot/move', 1)]
  expect(await messages(files, 'house(entries)')).toEqual([
    expect.stringContaining('src/kinds/snapshot/sideways/ is a folder that lint/known-folders.ts does not know'),
  ])
}, 60_000)

const circle = (first: string, second: string): readonly (readonly [string, string])[] => [
  ['src/kube/one.ts', withOpening(`${first} { Two } from './two.ts'\nexport interface One {\n  readonly two?: Two\n}`)],
  [
    'src/kube/two.ts',
    withOpening(`${second} { One } from './one.ts'\nexport interface Two {\n  readonly one?: One\n}`),
  ],
]

test('a circle is found where all its arrows are types', async () => {
  expect(await messages(circle('import type', 'import type'), 'import(no-cycle)')).toHaveLength(2)
}, 60_000)

test('an arrow that runs one way is none', async () => {
  const [one, [two, code]] = circle('import type', '') as [[string, string], [string, string]]
  const oneWay: [string, string][] = [one, [two, code.replace(/ \{ One \}.*\n/, '').replace('One', 'string')]]
  expect(await messages(oneWay, 'import(no-cycle)')).toEqual([])
}, 60_000)
