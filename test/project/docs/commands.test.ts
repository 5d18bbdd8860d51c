// Every script that a page runs by npm, and every program that it runs by npx, is one of this project.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }

const repository = join(import.meta.dirname, '../../..')
const pages = ['README.md', 'CHANGELOG.md', ...globSync('{docs,charts}/**/*.md', { cwd: repository })]

function unknownCommands(text: string): readonly string[] {
  const scripts = [...text.matchAll(/\bnpm run (?:--silent )?([a-z]+(?::[a-z]+)?)/g)].map(([, name = '']) => name)
  const programs = [...text.matchAll(/\bnpx ([a-z]+)/g)].map(([, name = '']) => name)
  return [
    ...scripts.filter((name) => !(name in manifest.scripts)),
    ...programs.filter((name) => !existsSync(join(repository, 'node_modules/.bin', name))),
  ]
}

describe('the commands of', () => {
  test.each(pages)('%s', (page) => {
    expect(unknownCommands(readFileSync(join(repository, page), 'utf8'))).toEqual([])
  })

  test('a page that names a script and a program that are not there', () => {
    expect(unknownCommands('`npm run check`, `npm run test:gone -- --all`, `npx oxfmt`, `npx nothing`')).toEqual([
      'test:gone',
      'nothing',
    ])
  })
})
