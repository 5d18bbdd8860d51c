// What is bundled must have a licence, in name and in words, and a hash: else there is no release.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bundledPackages } from '../../../release/notices/bundled-packages.ts'
import { licenseText } from '../../../release/notices/license-text.ts'

let root = ''

function write(file: string, content: unknown): void {
  const path = join(root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bundled-'))
  write('dist/operator.packages.json', ['node_modules/@one/a', 'node_modules/b'])
  write('dist/mover.packages.json', ['node_modules/b'])
  write('package-lock.json', {
    packages: { 'node_modules/@one/a': { integrity: 'sha512-AAAA' }, 'node_modules/b': { integrity: 'sha512-BBBB' } },
  })
  write('node_modules/@one/a/package.json', {
    name: '@one/a',
    version: '1.0.0',
    license: 'MIT',
    dependencies: { b: '^2.0.0' },
  })
  write('node_modules/@one/a/LICENSE.md', 'The words of a\r\n')
  write('node_modules/b/package.json', { name: 'b', version: '2.0.0', license: 'Apache-2.0' })
  write('node_modules/b/LICENCE', 'The words of b')
  write('node_modules/b/NOTICE.txt', 'What b must say')
})

afterEach(() => rmSync(root, { recursive: true }))

test('each package is listed once, with all programs that hold code of it', () => {
  expect(bundledPackages(root, ['operator.js', 'mover.js'])).toEqual([
    {
      name: '@one/a',
      version: '1.0.0',
      license: 'MIT',
      integrity: 'sha512-AAAA',
      programs: ['operator.js'],
      dependencies: ['b'],
      texts: ['The words of a'],
    },
    {
      name: 'b',
      version: '2.0.0',
      license: 'Apache-2.0',
      integrity: 'sha512-BBBB',
      programs: ['operator.js', 'mover.js'],
      dependencies: [],
      texts: ['The words of b', 'What b must say'],
    },
  ])
})

test('the text holds the words of every licence and notice', () => {
  const text = licenseText(bundledPackages(root, ['operator.js', 'mover.js']))
  for (const words of ['The words of a', 'The words of b', 'What b must say', '@one/a 1.0.0  MIT  in operator.js\n'])
    expect(text).toContain(words)
})

test('a package without the text of a licence is refused by name', () => {
  rmSync(join(root, 'node_modules/@one/a/LICENSE.md'))
  expect(() => bundledPackages(root, ['operator.js'])).toThrow('@one/a 1.0.0 has no file with the text of its licence')
})

test('a package that names no licence is refused by name', () => {
  write('node_modules/b/package.json', { name: 'b', version: '2.0.0' })
  expect(() => bundledPackages(root, ['mover.js'])).toThrow('b 2.0.0 names no licence')
})

test('a package that package-lock.json does not know is refused', () => {
  write('package-lock.json', { packages: {} })
  expect(() => bundledPackages(root, ['mover.js'])).toThrow('node_modules/b is not in package-lock.json')
})
