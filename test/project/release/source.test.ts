// Which commit is released, asked of a real repository.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sourceOf } from '../../../release/source.ts'

let root = ''
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b.invalid', ...args], {
    encoding: 'utf8',
    env: { ...process.env, GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z' },
  }).trim()

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'source-'))
  git('init', '-q')
  writeFileSync(join(root, 'file'), 'one')
  git('add', '-A')
  git('commit', '-qm', 'first')
})

afterEach(() => rmSync(root, { recursive: true }))

test('a clean tree is its commit, at the time of the commit', async () => {
  expect(await sourceOf(root, false)).toEqual({
    revision: git('rev-parse', 'HEAD'),
    time: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
  })
})

test('a changed tree is refused, with the names of what changed', async () => {
  writeFileSync(join(root, 'file'), 'two')
  writeFileSync(join(root, 'new'), '')
  await expect(sourceOf(root, false)).rejects.toThrow(/in no commit:\n {3}M file\n {2}\?\? new\n.*--dirty/s)
})

test('a changed tree that is allowed says so in its revision', async () => {
  writeFileSync(join(root, 'file'), 'two')
  expect(await sourceOf(root, true)).toMatchObject({ revision: `${git('rev-parse', 'HEAD')}-dirty` })
})
