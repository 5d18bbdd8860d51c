// The three programs as they are shipped: each one file that needs nothing beside Node, and none with what only another one needs.
import { builtinModules } from 'node:module'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import type { OutputChunk, OutputOptions } from 'rolldown'
import { beforeAll, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import config from '../../../rolldown.config.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const chunks = new Map<string, OutputChunk[]>()

beforeAll(async () => {
  for (const options of config) {
    await using bundle = await rolldown({ ...options, cwd: root })
    const output = options.output as OutputOptions
    const { output: files } = await bundle.generate(output)
    chunks.set(
      output.file!,
      files.filter((file) => file.type === 'chunk'),
    )
  }
}, 60_000)

/** Below the project, wherever that is. */
const modulesOf = (file: string): readonly string[] =>
  chunks.get(file)!.flatMap(({ moduleIds }) => moduleIds.map((id) => relative(root, id)))

const programs = ['dist/operator.js', 'dist/mover.js', 'dist/kubectl-meili.cjs']

test('three programs, one file each', () => {
  expect([...chunks.keys()]).toEqual(programs)
  for (const list of chunks.values()) expect(list).toHaveLength(1)
})

test.each(programs)('%s imports nothing but what Node brings', (file) => {
  const [chunk] = chunks.get(file)!
  const own = [...builtinModules, ...builtinModules.map((name) => `node:${name}`)]
  expect([...chunk!.imports, ...chunk!.dynamicImports].filter((name) => !own.includes(name))).toEqual([])
})

test.each(programs)('%s knows its version', (file) => {
  expect(chunks.get(file)![0]!.code).toContain(manifest.version)
})

test('the mover carries no Kubernetes, no HTTP and no engine', () => {
  const foreign =
    /node_modules\/(@kubernetes|undici|@prometheus-io)|src\/(kube|meilisearch|runtime|reconcile|perform|kinds)\/(?!timers\.ts)/
  expect(modulesOf('dist/mover.js').filter((id) => foreign.test(id))).toEqual([])
  expect(chunks.get('dist/mover.js')![0]!.code.length).toBeLessThan(200_000)
})

test('the plugin carries no engine, no client of Meilisearch and nothing that writes for the operator', () => {
  expect(
    modulesOf('dist/kubectl-meili.cjs').filter((id) =>
      /src\/(runtime|meilisearch|telemetry|mover|perform)\/(?!version\.ts|timers\.ts)|reconcile\/reconciler|kinds\/\w+\/(observe\/|controller)/.test(
        id,
      ),
    ),
  ).toEqual([])
})

test('the plugin can be run by a shell under any name, and is what npm links', () => {
  const [chunk] = chunks.get('dist/kubectl-meili.cjs')!
  expect(chunk!.code.split('\n')[0]).toBe('#!/usr/bin/env node')
  expect(manifest.bin).toEqual({ 'kubectl-meili': 'dist/kubectl-meili.cjs' })
})

test('no tests are shipped, and the schema emitter only with the plugin, which compares CRDs', () => {
  for (const file of programs) expect(modulesOf(file).filter((id) => /^(test|lint|crds|bench)\//.test(id))).toEqual([])
  for (const file of programs.slice(0, 2))
    expect(modulesOf(file).filter((id) => /api\/crd\/|src\/cli\//.test(id))).toEqual([])
})
