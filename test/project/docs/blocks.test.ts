import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runnable } from '../../docs/blocks.ts'
import { linesNotRun, toRun } from '../../docs/page.ts'

const page = (...lines: string[]): string => lines.join('\n').replaceAll("'''", '```')

describe('what of a page is run', () => {
  test('a block of sh is one step, with the line where it stands', () => {
    expect(runnable(page('# Title', '', "'''sh", 'echo one', 'echo two', "'''"))).toMatchObject([
      { line: 4, command: 'echo one\necho two', exits: 0, shown: undefined },
    ])
  })

  test('other languages are not run', () => {
    expect(runnable(page("'''yaml", 'a: 1', "'''", "'''mermaid", 'x', "'''"))).toEqual([])
  })

  test('a bare block right after is the output; one behind a sentence is not', () => {
    const [near, far] = runnable(
      page("'''sh", 'a', "'''", '', "'''", 'out', "'''", "'''sh", 'b', "'''", 'It may look so:', "'''", 'out', "'''"),
    )
    expect(near?.shown).toBe('out')
    expect(far?.shown).toBeUndefined()
  })

  test('a console block is a step for each command, with its own output', () => {
    expect(runnable(page("'''console", '$ echo a', 'a', '', '$ echo \\', '    b', 'b', '$ true', "'''"))).toMatchObject(
      [
        { line: 2, command: 'echo a', shown: 'a' },
        { line: 5, command: 'echo \\\n    b', shown: 'b' },
        { line: 8, command: 'true', shown: '' },
      ],
    )
  })

  test('a block in a list is read without its indent', () => {
    expect(runnable(page('1. First', '', "   '''sh", '   echo a', "   '''"))).toMatchObject([{ command: 'echo a' }])
  })

  test('a reason not to run it keeps it out, and is listed', () => {
    const steps = runnable(page('<!-- not run: it takes an hour -->', "'''sh", 'npm test', "'''"))
    expect(toRun(steps)).toEqual([])
    expect(linesNotRun('x.md', steps)).toEqual(['x.md:3: npm test (it takes an hour)'])
  })

  test('an exit code belongs to the last command of its block', () => {
    expect(
      runnable(page('<!-- exits 1: doctor found something -->', "'''console", '$ true', '$ false', "'''")),
    ).toMatchObject([{ exits: 0 }, { exits: 1 }])
  })

  test('another way runs after all else', () => {
    const steps = runnable(
      page('<!-- another way -->', "'''sh", 'helm install', "'''", "'''sh", 'kubectl delete', "'''"),
    )
    expect(steps.map(({ command }) => command)).toEqual(['kubectl delete', 'helm install'])
  })

  test.each([
    ['a block that is never closed', page("'''sh", 'echo')],
    ['a remark that means nothing here', page('<!-- skip -->', "'''sh", 'echo', "'''")],
    ['output without a command', page("'''console", 'out', "'''")],
  ])('%s is an error, not a block less', (_, text) => {
    expect(() => runnable(text)).toThrow(/^line \d/)
  })

  test.each(['README.md', 'docs/quick-start.md', 'docs/restore.md'])('of %s at least six steps are run', (name) => {
    expect(toRun(runnable(readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8'))).length).toBeGreaterThan(
      5,
    )
  })
})
