// The two programs as they are shipped: each one file that needs nothing beside Node, and the mover without what only the operator needs.
import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import type { OutputChunk, OutputOptions } from 'rolldown'
import { beforeAll, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import config from '../../../rolldown.config.ts'

const chunks = new Map<string, OutputChunk[]>()

beforeAll(async () => {
  for (const options of config) {
    await using bundle = await rolldown({ ...options, cwd: fileURLToPath(new URL('../../../', import.meta.url)) })
    const output = options.output as OutputOptions
    const { output: files } = await bundle.generate(output)
    chunks.set(output.file!, files.filter((file) => file.type === 'chunk'))
  }
}, 60_000)

const modulesOf = (file: string): readonly string[] => chunks.get(file)!.flatMap(({ moduleIds }) => moduleIds)

test('two programs, one file each', () => {
  expect([...chunks.keys()]).toEqual(['dist/operator.js', 'dist/mover.js'])
  for (const list of chunks.values()) expect(list).toHaveLength(1)
})

test.each(['dist/operator.js', 'dist/mover.js'])('%s imports nothing but what Node brings', (file) => {
  const [chunk] = chunks.get(file)!
  const own = [...builtinModules, ...builtinModules.map((name) => `node:${name}`)]
  expect([...chunk!.imports, ...chunk!.dynamicImports].filter((name) => !own.includes(name))).toEqual([])
})

test.each(['dist/operator.js', 'dist/mover.js'])('%s knows its version', (file) => {
  expect(chunks.get(file)![0]!.code).toContain(manifest.version)
})

test('the mover carries no Kubernetes, no HTTP and no engine', () => {
  const foreign = /node_modules\/(@kubernetes|undici|@prometheus-io)|src\/(kube|meilisearch|runtime|reconcile|instance|snapshot)\//
  expect(modulesOf('dist/mover.js').filter((id) => foreign.test(id))).toEqual([])
  expect(chunks.get('dist/mover.js')![0]!.code.length).toBeLessThan(200_000)
})

test('no tests and no schema emitter are shipped', () => {
  for (const file of chunks.keys()) expect(modulesOf(file).filter((id) => /\/(test|lint|crds|bench)\/|api\/(crd|structural-schema|zod-inspection)/.test(id))).toEqual([])
})
