// A second apply changes nothing, however long the operator has worked: no tool that compares what it applied with what is there finds a difference.
// And on the way there nothing is said to be refused, also where the namespace is as new as the objects.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ObjectHistory } from '../../gitops/object-history.ts'
import type { Judged } from '../../gitops/states.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { conditionOf, installYaml, kubectl, World } from '../support/world.ts'

interface Named {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly resourceVersion?: string }
  readonly status?: object
}

/** Objects as they are applied, and where. */
interface Applied {
  readonly text: string
  readonly namespace: readonly string[]
}

const read = (name: string): string => readFileSync(join(import.meta.dirname, '../../../examples', name), 'utf8')
const objectsIn = (text: string): Named[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Named)
    .filter((object) => object !== null)

/** What an apply would change, as kubectl shows it; nothing where nothing. */
async function differences({ text, namespace }: Applied): Promise<string> {
  return await kubectl
    .run([...namespace, 'diff', '--server-side', '--force-conflicts', '-f', '-'], { input: text })
    .then((out) => out.trim(), String)
}

/** The objects that a dry run of an apply would write, with what is stored. */
async function rewritten({ text, namespace }: Applied): Promise<string[]> {
  const dry = JSON.parse(
    await kubectl.run(
      [...namespace, 'apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-', '-o', 'json'],
      { input: text },
    ),
  ) as Named & { items?: Named[] }
  const stored = JSON.parse(
    await kubectl.run([...namespace, 'get', '-f', '-', '-o', 'json'], { input: text }),
  ) as Named & { items?: Named[] }
  const specs = ({ items, ...object }: Named & { items?: Named[] }): string[] =>
    (items ?? [object]).map(({ status: _, metadata: { resourceVersion: __, ...metadata }, ...rest }) =>
      JSON.stringify({ ...rest, metadata: { ...metadata, managedFields: undefined } }),
    )
  const before = specs(stored)
  return specs(dry).filter((text_) => !before.includes(text_))
}

/** By the older way, too, that many pipelines still use. */
async function byClient({ text, namespace }: Applied): Promise<string> {
  const [instance] = objectsIn(text).filter(({ kind }) => kind === 'MeiliInstance')
  return await kubectl
    .run([...namespace, 'diff', '-f', '-'], { input: JSON.stringify(instance) })
    .then((out) => out.trim(), String)
}

/** What comparisons find while nobody writes to the objects: each reads twice, and what moves in between differs by that alone. */
async function atRest(
  applied: Applied,
  ...comparisons: readonly ((applied: Applied) => Promise<unknown>)[]
): Promise<readonly unknown[]> {
  const versions = async (): Promise<string> =>
    await kubectl.run([...applied.namespace, 'get', '-f', '-', '-o', 'jsonpath={..metadata.resourceVersion}'], {
      input: applied.text,
    })
  return await eventually('a moment in which nobody writes to the objects', async () => {
    const before = await versions()
    const found = await Promise.all(comparisons.map(async (compare) => await compare(applied)))
    return (await versions()) === before ? found : undefined
  })
}

test('of install.yaml', async () => {
  const world = await World.create()
  const applied = { text: installYaml(), namespace: [] }
  expect(await atRest(applied, differences, rewritten)).toEqual(['', []])
  await world.destroy()
})

test("of Argo CD's hook there is none: each sync makes another one, which the API server takes", async () => {
  const world = await World.create()
  const create = [
    '-n',
    world.namespace,
    'create',
    '--dry-run=server',
    '-o',
    'name',
    '-f',
    join(import.meta.dirname, '../../../examples/gitops/argocd/shop/pre-deploy-snapshot.yaml'),
  ]
  const made = await Promise.all([kubectl.run(create), kubectl.run(create)])
  for (const name of made) expect(name).toMatch(/^meilisnapshot\.meili-operator\.dev\/pre-deploy-\w{5}$/m)
  expect(new Set(made).size).toBe(2)
  await world.destroy()
})

/** Why an object is as it is, by Ready and, of a server that we run, by Applied. */
const reasonsOf = (object: Judged): string =>
  ['Ready', 'Applied']
    .map((type) => conditionOf(object, type)?.reason)
    .filter((reason) => reason !== undefined)
    .join(', ')

const served = /^Ready, Applied$/
const stored = /^Completed$/
const scheduled = /^Scheduled$/

/**
 * They name the same server: each set has a namespace of its own. Beside each object how it stands when the operator has nothing more to do for it:
 * a node of the test may be too small for a server for production, `existing.yaml` names a server that is not there, and `snapshot-streamed.yaml` a claim.
 */
const sets = [
  {
    names: [
      'managed.yaml',
      'snapshot.yaml',
      'managed-production.yaml',
      'nightly.yaml',
      'schedule-retention.yaml',
      'gitops/schedule.yaml',
    ],
    ends: {
      movies: served,
      first: stored,
      search: /^(Ready, Applied|PodFailing, PodFailing)$/,
      nightly: scheduled,
      'every-six-hours': scheduled,
      'movies-nightly': scheduled,
    },
  },
  {
    names: ['managed-shared-volume.yaml', 'snapshot-streamed.yaml'],
    ends: { movies: served, shared: stored, streamed: /^ClaimNotFound$/ },
  },
  { names: ['existing.yaml'], ends: { movies: /^PodNotFound$/ } },
] as const

interface Standing {
  readonly world: World
  readonly kind: string
  readonly name: string
}

async function stand(
  { world, kind, name }: Standing,
  what: string,
  holds: (object: Judged) => boolean,
): Promise<Judged> {
  if (kind === 'MeiliSnapshot') return await world.until(name, what, holds)
  if (kind === 'MeiliInstance') return await world.untilInstance(name, what, holds)
  return await eventually(`schedule ${name} ${what}`, async () => {
    const schedule = await kubectl.json<Judged>(['-n', world.namespace, 'get', 'msched', name])
    return holds(schedule) ? schedule : undefined
  })
}

test.concurrent.for(sets)(
  'of $names, after the operator has worked on them',
  async ({ names, ends }, { expect: expectHere, onTestFinished }) => {
    const world = await World.withoutNamespace()
    const applied = { text: names.map(read).join('\n---\n'), namespace: ['-n', world.namespace] }
    const history = await ObjectHistory.begin(kubectl, world.namespace)
    onTestFinished(() => history.end())
    const newNamespace = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: world.namespace } })
    await kubectl.run([...applied.namespace, 'apply', '--server-side', '-f', '-'], {
      input: `${newNamespace}\n---\n${applied.text}`,
    })
    for (const {
      kind,
      metadata: { name },
    } of objectsIn(applied.text).filter((object) => object.kind.startsWith('Meili'))) {
      const end = (ends as Record<string, RegExp>)[name]
      const [what, holds] = [
        `to stand as ${String(end)}`,
        (object: Judged): boolean => end?.test(reasonsOf(object)) === true,
      ]
      const { metadata } = await stand({ world, kind, name }, what, holds)
      await history.until(
        `${kind} ${name} as it is then`,
        (object) =>
          object.metadata.uid === metadata.uid && object.metadata.resourceVersion === metadata.resourceVersion,
      )
    }
    expectHere(await atRest(applied, differences, rewritten, byClient)).toEqual(['', [], ''])
    expectHere(
      history
        .objects()
        .flatMap(({ status }) => status?.conditions ?? [])
        .filter(({ reason }) => reason === 'ObjectRefused')
        .map(({ message }) => message),
    ).toEqual([])
    await world.destroy()
  },
)
