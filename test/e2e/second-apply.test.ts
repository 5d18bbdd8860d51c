// A second apply changes nothing, however long the operator has worked: no tool that compares what it applied with what is there finds a difference.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { eventually } from '../support/eventually.ts'
import { kubectl, installYaml, World } from './world.ts'

interface Named {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly resourceVersion?: string; readonly generation?: number }
  readonly status?: { readonly observedGeneration?: number }
}

const read = (name: string): string => readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8')
const objectsIn = (text: string): Named[] => parseAllDocuments(text).map((document) => document.toJS() as Named).filter((object) => object !== null)

/** What an apply would change, as kubectl shows it; nothing where nothing. */
async function differences(text: string, namespace: readonly string[]): Promise<string> {
  return await kubectl.run([...namespace, 'diff', '--server-side', '--force-conflicts', '-f', '-'], { input: text }).then((out) => out.trim(), String)
}

/** The objects that a dry run of an apply would write, with what is stored. */
async function rewritten(text: string, namespace: readonly string[]): Promise<string[]> {
  const dry = JSON.parse(await kubectl.run([...namespace, 'apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-', '-o', 'json'], { input: text })) as Named & { items?: Named[] }
  const stored = JSON.parse(await kubectl.run([...namespace, 'get', '-f', '-', '-o', 'json'], { input: text })) as Named & { items?: Named[] }
  const specs = ({ items, ...object }: Named & { items?: Named[] }): string[] => (items ?? [object]).map(({ status: _, metadata: { resourceVersion: __, ...metadata }, ...rest }) => JSON.stringify({ ...rest, metadata: { ...metadata, managedFields: undefined } }))
  const before = specs(stored)
  return specs(dry).filter((text_) => !before.includes(text_))
}

test('of install.yaml', async () => {
  const world = await World.create()
  expect(await differences(installYaml(), [])).toBe('')
  expect(await rewritten(installYaml(), [])).toEqual([])
  await world.destroy()
})

test("of Argo CD's hook there is none: each sync makes another one, which the API server takes", async () => {
  const world = await World.create()
  const create = ['-n', world.namespace, 'create', '--dry-run=server', '-o', 'name', '-f', join(import.meta.dirname, '../../examples/gitops/argocd/shop/pre-deploy-snapshot.yaml')]
  const made = await Promise.all([kubectl.run(create), kubectl.run(create)])
  for (const name of made) expect(name).toMatch(/^meilisnapshot\.meili-operator\.dev\/pre-deploy-\w{5}$/m)
  expect(new Set(made).size).toBe(2)
  await world.destroy()
})

/** They name the same server: each set has a namespace of its own. */
const sets = [{ names: ['managed.yaml', 'snapshot.yaml', 'managed-production.yaml'] }, { names: ['managed-shared-volume.yaml', 'snapshot-streamed.yaml'] }, { names: ['existing.yaml'] }]

test.concurrent.for(sets)('of $names, after the operator has worked on them', async ({ names }, { expect: expectHere }) => {
  const world = await World.create()
  const namespace = ['-n', world.namespace]
  const text = names.map(read).join('\n---\n')
  await kubectl.run([...namespace, 'apply', '--server-side', '-f', '-'], { input: text })
  for (const { kind, metadata: { name } } of objectsIn(text).filter((object) => object.kind.startsWith('Meili'))) {
    await eventually(`${kind} ${name} to be looked at`, async () => {
      const found = await kubectl.find<Named>(world.namespace, kind, name)
      return found?.status?.observedGeneration === found?.metadata.generation ? true : undefined
    })
  }
  if (names.includes('managed.yaml')) await world.completed('first')
  expectHere(await differences(text, namespace)).toBe('')
  expectHere(await rewritten(text, namespace)).toEqual([])
  // By the older way, too, that many pipelines still use.
  const [instance] = objectsIn(text).filter(({ kind }) => kind === 'MeiliInstance')
  expectHere(await kubectl.run([...namespace, 'diff', '-f', '-'], { input: JSON.stringify(instance) }).then((out) => out.trim(), String)).toBe('')
  await world.destroy()
})
