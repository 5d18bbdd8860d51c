// The CRDs and install.yaml on a real API server: accepted whole, no difference the second time, and readable in kubectl get.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { kinds } from '../../../src/api/kinds.ts'
import { complete, objectOf } from './objects/complete-objects.ts'
import { pathOf, realServer, repository } from './real-server.ts'
import type { Loose } from './real-server.ts'

const server = realServer()

const install = join(repository, 'install.yaml')
const manifests = parseAllDocuments(readFileSync(install, 'utf8'), { version: '1.1' }).map(
  (document) => document.toJS() as Loose,
)
const crdPath = (plural: string): string =>
  `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.meili-operator.dev`

test.each(kinds.map(({ plural }) => plural))('%s is accepted, structural and established', async (plural) => {
  const { body } = await server.call('GET', crdPath(plural))
  const conditions = Object.fromEntries(
    (body['status'].conditions as { type: string; status: string }[]).map(({ type, status }) => [type, status]),
  )
  expect(conditions).toMatchObject({ NamesAccepted: 'True', Established: 'True' })
  expect(conditions['NonStructuralSchema']).toBeUndefined()
})

test.each(kinds.map((kind) => [kind.plural] as const))(
  '%s is stored as it is written: no difference in Git',
  async (plural) => {
    const { body } = await server.call('GET', crdPath(plural))
    const written = manifests.find(({ metadata }) => metadata.name === `${plural}.meili-operator.dev`)!
    expect(body['spec']).toEqual(written['spec'])
  },
)

test('install.yaml is accepted whole, and the second time changes nothing', async () => {
  const versions = async (): Promise<unknown> =>
    await Promise.all(
      manifests.map(
        async ({ kind, metadata }) =>
          await server.kubectl(
            'get',
            kind as string,
            metadata.name as string,
            '-n',
            (metadata.namespace as string | undefined) ?? 'default',
            '-o',
            'jsonpath={.metadata.resourceVersion}',
          ),
      ),
    )
  expect(await server.kubectl('apply', '--server-side', '-f', install)).not.toMatch(/warning|error/i)
  const before = await versions()
  await server.kubectl('apply', '--server-side', '-f', install)
  expect(await versions()).toEqual(before)
})

test('the pod of the Deployment passes Pod Security "restricted"', async () => {
  await server.kubectl('apply', '--server-side', '-f', install)
  const { spec, metadata } = manifests.find(({ kind }) => kind === 'Deployment')!['spec'].template as Loose
  const pods = '/api/v1/namespaces/meili-operator-system/pods?dryRun=All'
  const pod = (change: Loose): Loose => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: 'operator' },
    spec: { ...spec, ...change },
  })
  expect((await server.call('POST', pods, pod({}))).body).not.toMatchObject({ kind: 'Status' })
  const refused = await server.call('POST', pods, pod({ securityContext: {} }))
  expect(refused.body['message'], 'the namespace enforces it').toContain('violates PodSecurity "restricted')
})

test.each(kinds.map((kind) => [kind.kind, kind] as const))(
  'kubectl get shows the progress of a %s',
  async (_name, kind) => {
    const object = objectOf(kind.kind, 'shown')
    const { code, body } = await server.call('POST', pathOf(kind), object)
    expect(code).toBe(201)
    const { body: stored } = await server.call('PUT', `${pathOf(kind, 'shown')}/status`, {
      ...body,
      status: complete[kind.kind]!.status,
    })
    expect(stored['status']).toEqual(complete[kind.kind]!.status)

    const [head = '', row = ''] = (
      await server.kubectl('get', kind.shortNames[0]!, '-n', 'default', '-o', 'wide')
    ).split('\n')
    expect(head.split(/ {2,}/).map((word) => word.trim())).toEqual([
      'NAME',
      ...kind.columns.map(({ name }) => name.toUpperCase()),
    ])
    expect(row, 'every column has a value').not.toMatch(/<none>|<unknown>|<invalid>/)
    expect(row.split(/ {2,}/).filter((word) => word !== '')).toHaveLength(kind.columns.length + 1)
    const [narrow = ''] = (await server.kubectl('get', kind.plural, '-n', 'default')).split('\n')
    expect(narrow.split(/ {2,}/).map((word) => word.trim())).toEqual([
      'NAME',
      ...kind.columns.filter((column) => !('priority' in column)).map(({ name }) => name.toUpperCase()),
    ])
  },
)

test('every example is accepted', async () => {
  const examples = readdirSync(join(repository, 'examples')).filter((name) => name.endsWith('.yaml'))
  expect(examples).toContain('managed.yaml')
  for (const name of examples)
    expect(
      await server.kubectl(
        'apply',
        '--server-side',
        '--dry-run=server',
        '-n',
        'default',
        '-f',
        join(repository, 'examples', name),
      ),
      name,
    ).not.toMatch(/warning|error/i)
})

test('kubectl get meili lists every kind', async () => {
  for (const kind of kinds) await server.call('POST', pathOf(kind), objectOf(kind.kind, 'listed'))
  const listed = await server.kubectl('get', 'meili', '-n', 'default')
  for (const { singular } of kinds) expect(listed).toContain(`${singular}.meili-operator.dev/listed`)
})

test('kubectl explain tells what a field is for', async () => {
  expect(await server.kubectl('explain', 'msnap.spec.deadlines.start')).toContain('For everything to be in place')
})
