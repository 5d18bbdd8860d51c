import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runnable } from '../../docs/blocks.ts'
import { follow } from '../../docs/page.ts'
import { Session } from '../../docs/session.ts'

describe('a page, followed in a shell', () => {
  let directory: string
  let session: Session

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'docs-session-'))
    session = new Session({ directory, cwd: directory, environment: { PATH: process.env['PATH'] } })
  })
  afterEach(() => {
    session[Symbol.dispose]()
    rmSync(directory, { recursive: true, force: true })
  })

  const read = async (...lines: string[]): Promise<void> => {
    for (const step of runnable(lines.join('\n').replaceAll("'''", '```'))) await follow(session, step)
  }

  test('what one block sets, the next one finds', async () => {
    await read("'''sh", 'name=movies; cd /', "'''", "'''console", '$ echo "$name in $PWD"', 'movies in /', "'''")
  })

  test('a command that fails ends the page, wherever in its block it stands', async () => {
    await expect(read("'''sh", 'echo before', 'ls /nowhere', 'echo after', "'''")).rejects.toThrow(
      /^ended with 2, the page expects 0\. Printed:\nbefore\nls: [^\n]+$/,
    )
  })

  test('a command that fails in a pipe ends it too', async () => {
    await expect(read("'''sh", 'ls /nowhere | cat', "'''")).rejects.toThrow('ended with 2')
  })

  test('a command that ought to fail and does not is as wrong', async () => {
    await read('<!-- exits 3: so it is -->', "'''sh", '(exit 3)', "'''")
    await expect(read('<!-- exits 3: so it is -->', "'''sh", 'true', "'''")).rejects.toThrow(
      'ended with 0, the page expects 3',
    )
  })

  test('an output that is not what the page shows ends it', async () => {
    await expect(read("'''console", '$ echo 5', '6', "'''")).rejects.toThrow(
      'The page shows 6, which was not printed there. Printed:\n5',
    )
  })

  test('both outputs count', async () => {
    await read("'''console", '$ echo out; echo err >&2', 'out', 'err', "'''")
  })

  test('what waits for input gets none, and what stays in the background holds nothing up', async () => {
    await read("'''sh", 'cat', 'sleep 100 &', "'''")
  })

  test('a block that does not end is ended, and the page with it', async () => {
    await expect(session.run('sleep 100', 50)).rejects.toThrow('did not end within 0.05 s')
    await expect(session.run('true', 1000)).rejects.toThrow('ended')
  })

  test('a block that ends the shell is reported', async () => {
    await expect(session.run('exit 0', 5000)).rejects.toThrow('it ended the shell')
  })
})
