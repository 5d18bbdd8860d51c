// Every path of ours that a page names in backticks, from the top of the project, leads to a file or folder.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const repository = join(import.meta.dirname, '../../..')
const pages = ['README.md', 'CHANGELOG.md', ...globSync('{docs,charts}/**/*.md', { cwd: repository })]

const ours = /`((?:src|test|lint|crds|charts|docs|examples|release|bench)\/[\w./-]*)`/g

function missingPaths(text: string): readonly string[] {
  const paths = [...text.matchAll(ours)].map(([, path = '']) => path)
  return paths.filter((path) => !existsSync(join(repository, path)))
}

describe('the paths of', () => {
  test.each(pages)('%s', (page) => {
    expect(missingPaths(readFileSync(join(repository, page), 'utf8'))).toEqual([])
  })

  test('a page that names one that is gone', () => {
    expect(missingPaths('`src/snapshot/decide.ts` and `src/kinds/snapshot/decide.ts`, `lint/rooms.ts`')).toEqual([
      'src/snapshot/decide.ts',
      'lint/rooms.ts',
    ])
  })
})
