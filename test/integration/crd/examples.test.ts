// What we show is what the API server takes: every file of examples/, applied and applied again, and every whole object in the docs.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { blocksOf } from '../../docs/blocks.ts'
import { apiServer } from '../../support/kubernetes/api-server.ts'

const repository = join(import.meta.dirname, '../../..')
/** Those for a tool hold objects of its own kinds, too: they are tried with it. */
const examples = globSync(['examples/*.yaml', 'examples/{gitops,restore}/*.yaml'], { cwd: repository }).toSorted()

/** Without fragments, which show a part of an object. */
const shown = ['README.md', ...globSync('docs/*.md', { cwd: repository }).toSorted()].flatMap((page) =>
  blocksOf(readFileSync(join(repository, page), 'utf8'))
    .filter(({ language, text }) => language === 'yaml' && /^apiVersion: meili-operator\.dev/m.test(text))
    .map(({ line, text }) => ({ page, line, text })),
)

describe('what the docs show', () => {
  const api = apiServer()

  test.each(examples)('%s is taken, and another apply would change nothing', async (example) => {
    const namespace = await api.namespace()
    const apply = ['-n', namespace, 'apply', '--server-side', '-f', join(repository, example)]
    const first = await api.kubectl.run(apply)
    const objects = parseAllDocuments(readFileSync(join(repository, example), 'utf8')).length
    expect(first.trim().split('\n')).toHaveLength(objects)
    // It ends with 1 where another apply would change anything.
    expect(await api.kubectl.run(['-n', namespace, 'diff', '--server-side', '-f', join(repository, example)])).toBe('')
  })

  test.each(shown)('$page, line $line', async ({ text }) => {
    expect(
      await api.kubectl.run(['-n', await api.namespace(), 'apply', '--server-side', '-f', '-'], { input: text }),
    ).toContain('serverside-applied')
  })

  test('every example is shown somewhere', () => {
    const pages = ['README.md', ...globSync('docs/*.md', { cwd: repository })]
      .map((page) => readFileSync(join(repository, page), 'utf8'))
      .join('\n')
    expect(examples.filter((example) => !pages.includes(example))).toEqual([])
  })
})
