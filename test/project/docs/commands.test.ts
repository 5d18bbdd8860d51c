// Every script that a page runs by npm, and every program that it runs by npx, is one of this project.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { programFor } from '../../../src/cli/program/program.ts'
import { Terminal } from '../../../src/cli/terminal/terminal.ts'
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

const plugin = programFor(
  new Terminal({ out: process.stdout, error: process.stderr, environment: { TERM: 'dumb' } }),
  {},
)

/** `kubectl meili`, a command, and where that has commands of its own, one of those. */
function unknownOfThePlugin(text: string): readonly string[] {
  return [...text.matchAll(/kubectl meili ([a-z]+)(?: ([a-z]+))?/g)].flatMap(([whole, name, inner]) => {
    const command = plugin.commands.find((each) => each.name() === name)
    if (command === undefined) return [whole]
    const { commands, registeredArguments } = command
    // `restore` takes a snapshot's name, and has commands of its own.
    const takesAny = inner === undefined || commands.length === 0 || registeredArguments.length > 0
    const isKnown = takesAny || commands.some((each) => each.name() === inner)
    return isKnown ? [] : [whole]
  })
}

describe('the commands of', () => {
  test.each(pages)('%s, of the plugin', (page) => {
    expect(unknownOfThePlugin(readFileSync(join(repository, page), 'utf8'))).toEqual([])
  })

  test.each(pages)('%s', (page) => {
    expect(unknownCommands(readFileSync(join(repository, page), 'utf8'))).toEqual([])
  })

  test('a page that names a script and a program that are not there', () => {
    expect(unknownOfThePlugin('kubectl meili status -A, kubectl meili schedule gone, kubectl meili nothing')).toEqual([
      'kubectl meili schedule gone',
      'kubectl meili nothing',
    ])
    expect(unknownCommands('`npm run check`, `npm run test:gone -- --all`, `npx oxfmt`, `npx nothing`')).toEqual([
      'test:gone',
      'nothing',
    ])
  })
})
