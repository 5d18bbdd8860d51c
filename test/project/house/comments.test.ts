// Every file that a comment of src names is there: `kube/reader.ts` is the end of a path of the project.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const repository = join(import.meta.dirname, '../../..')
const files = globSync('{src,test,lint,crds,release,bench}/**/*.ts', { cwd: repository })

/** A block comment begins its line: in code, `/*` may be part of a text. */
const comment = /^[ \t]*\/\*[^]*?\*\/|\/\/.*$/gm
const fileName = /[\w.-][\w./-]*\.ts\b/g

function missingFiles(text: string): readonly string[] {
  const names = [...text.matchAll(comment)].flatMap(([words]) => [...words.matchAll(fileName)].map(([name]) => name))
  return names.filter((name) => !files.some((file) => `/${file}`.endsWith(`/${name}`)))
}

describe('the files that comments name', () => {
  test('are there', () => {
    const missing = files
      .filter((file) => file.startsWith('src/'))
      .flatMap((file) =>
        missingFiles(readFileSync(join(repository, file), 'utf8')).map((name) => `${file} names ${name}`),
      )
    expect(missing).toEqual([])
  })

  test('one that is gone would be found, in each kind of comment', () => {
    const text = `// See kube/reader.ts and mover/frames.ts.
import { x } from './no-comment.ts' // as perform-children.ts does
  /** Not errors.ts, but
   * rors.ts. */`
    expect(missingFiles(text)).toEqual(['mover/frames.ts', 'perform-children.ts', 'rors.ts'])
  })
})
