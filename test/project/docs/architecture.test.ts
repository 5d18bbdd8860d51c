// docs/architecture.md names files and folders that are there, all folders of src among them, and its path through the code stays short.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { knownFolders } from '../../../lint/known-folders.ts'

const repository = join(import.meta.dirname, '../../..')
const page = readFileSync(join(repository, 'docs/architecture.md'), 'utf8')

/** `src/kube/`, `docs/failures.md`, `decide.ts`. */
const isPath = (span: string): boolean => /^[\w.-]+\/[\w./-]*$|^[\w-]+\.(?:ts|md|yaml)$/.test(span)

function pathsIn(text: string): readonly string[] {
  const spans = text.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)
  return [...new Set([...spans].map(([, span = '']) => span).filter(isPath))]
}

/** One that ends in a slash is a folder. What every kind has, such as `decide.ts`, the snapshot has. */
function isThere(path: string): boolean {
  const found = [path, `src/kinds/snapshot/${path}`]
    .map((each) => join(repository, each))
    .find((each) => existsSync(each))
  return found !== undefined && statSync(found).isDirectory() === path.endsWith('/')
}

const paths = pathsIn(page)

/** The numbered files between this heading and the next. */
function steps(): readonly string[] {
  const section = page.split(/^## /m).find((each) => each.startsWith('From the watch event to the status write\n'))
  return (section ?? '').split('\n').filter((line) => /^\d+\. /.test(line))
}

describe('docs/architecture.md', () => {
  test('has paths', () => {
    expect(paths.length).toBeGreaterThan(50)
  })

  test.each(paths)('%s is there', (path) => {
    expect(isThere(path)).toBe(true)
  })

  test('a path that is not there, or has a slash too many, would be found', () => {
    const wrong = ['src/kinds/snapshot/learn.ts', 'nowhere/', 'src/errors.ts/', 'rooms.ts']
    expect(pathsIn(`${wrong.map((path) => `\`${path}\``).join(', ')}, \`kubectl wait\`, \`spec.managed\``)).toEqual(
      wrong,
    )
    expect(wrong.filter(isThere)).toEqual([])
  })

  test('names every folder of src', () => {
    expect([...knownFolders].filter((folder) => !paths.includes(`src/${folder}/`))).toEqual([])
  })

  test('its path through the code is at most ten files beyond the engine, each of them first in its line', () => {
    const files = new Set(steps().flatMap((step) => pathsIn(step).filter((path) => !path.startsWith('src/runtime/'))))
    expect(steps().length).toBeGreaterThan(5)
    expect(files.size).toBeLessThanOrEqual(10)
    for (const step of steps()) expect(step).toMatch(/^\d+\. `src\/[\w/-]+\.ts` /)
  })
})
