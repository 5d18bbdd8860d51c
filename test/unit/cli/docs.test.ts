// docs/kubectl-meili.md and the program say the same: each command with its flags, each exit code.
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { exitCodes } from '../../../src/cli/exit-codes.ts'
import { programFor } from '../../../src/cli/program/program.ts'
import { Terminal } from '../../../src/cli/terminal/terminal.ts'

const text = readFileSync(new URL('../../../docs/kubectl-meili.md', import.meta.url), 'utf8')
const rows = text.split('\n').filter((line) => line.startsWith('|'))
const program = programFor(
  new Terminal({ out: process.stdout, error: process.stderr, environment: { TERM: 'dumb' } }),
  {},
)

/** Those that do something: `restore` does, and has commands of its own. */
function leaves(command: Command, path: string): (readonly [string, Command])[] {
  const inner = command.commands.flatMap((each) => leaves(each, `${path} ${each.name()}`))
  return inner.length === 0 || command.registeredArguments.length > 0 ? [[path, command], ...inner] : inner
}
const commands = leaves(program, 'kubectl meili')

test.each(commands)('%s stands in the table with exactly its flags', (path, command) => {
  const row = rows.find((line) => line.includes(`\`${path}\``) || line.includes(`\`${path} `)) ?? ''
  expect([...row.slice(row.lastIndexOf(' | ')).matchAll(/--[a-z-]+/g)].map(([flag]) => flag)).toEqual(
    command.options.map(({ long }) => long),
  )
})

test('no other command stands in it', () => {
  const named = rows.flatMap((line) => /^\| `(kubectl meili(?: [a-z]+)+)/.exec(line)?.[1] ?? [])
  expect(named).toEqual(commands.map(([path]) => path))
})

test('the flags of all commands, and the exit codes', () => {
  for (const { long } of program.options) if (long !== '--version') expect(text).toContain(long)
  expect(rows.flatMap((line) => /^\| (\d+) \|/.exec(line)?.[1] ?? []).map(Number)).toEqual(Object.values(exitCodes))
})
