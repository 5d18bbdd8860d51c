// What the API server makes of our objects: defaults, pruning, int-or-string, what may change and what may not.
import { describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import { kinds } from '../../../src/api/kinds.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import { complete, objectOf } from './objects/complete-objects.ts'
import { pathOf, realServer } from './real-server.ts'
import type { Answer, Loose } from './real-server.ts'

const server = realServer()

const snapshot = (name: string, spec: Loose = {}): Loose => ({
  ...objectOf('MeiliSnapshot', name),
  spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } }, ...spec },
})
const create = async (object: Loose): Promise<Answer> => await server.call('POST', pathOf(meiliSnapshots), object)

describe('defaults', () => {
  test('a short MeiliSnapshot shows all that will be done', async () => {
    const { code, body } = await create(snapshot('short'))
    expect(code).toBe(201)
    expect(body['spec']).toEqual({
      source: { instanceRef: { name: 'movies' } },
      destination: { claim: { name: 'backups' } },
      sourcePolicy: 'Keep',
      deletionPolicy: 'Retain',
      verification: { mode: 'Archive' },
      deadlines: { start: '1h', task: '6h', move: '6h' },
      mover: { stream: { mode: 'Never', maxSize: '10Gi' } },
    })
  })

  test('a short MeiliInstance too', async () => {
    const podSelector = { matchLabels: { app: 'movies' } }
    const { body } = await server.call('POST', pathOf(meiliInstances), {
      ...objectOf('MeiliInstance', 'short'),
      spec: { existing: { podSelector } },
    })
    expect(body['spec']).toEqual({ existing: { podSelector, port: 7700, scheme: 'HTTP' }, deletionPolicy: 'Retain' })
  })

  test('and a managed one', async () => {
    const { body } = await server.call('POST', pathOf(meiliInstances), {
      ...objectOf('MeiliInstance', 'managed'),
      spec: { managed: { version: '1.21.0', storage: { size: '20Gi' } } },
    })
    expect(body['spec']).toEqual({
      managed: {
        version: '1.21.0',
        image: { repository: 'getmeili/meilisearch', pullPolicy: 'IfNotPresent' },
        environment: 'Production',
        storage: { size: '20Gi' },
        service: { type: 'ClusterIP', port: 7700 },
        suspend: false,
        upgrade: { strategy: 'SnapshotFirst' },
      },
      deletionPolicy: 'Retain',
    })
  })

  test.each(kinds.map((kind) => [kind.kind, kind] as const))(
    'a fresh %s does not count as done: its observedGeneration is -1',
    async (_name, kind) => {
      const { body } = await server.call('POST', pathOf(kind), {
        ...objectOf(kind.kind, 'fresh'),
        status: { observedGeneration: 7 },
      })
      expect(body).toMatchObject({ metadata: { generation: 1 }, status: { observedGeneration: -1 } })
      expect((await server.call('GET', pathOf(kind, 'fresh'))).body['status']).toEqual({ observedGeneration: -1 })
    },
  )
})

test.each(kinds.map((kind) => [kind.kind, kind] as const))('unknown fields of a %s are pruned', async (_name, kind) => {
  const object = objectOf(kind.kind, 'pruned')
  const { code, body } = await server.call('POST', pathOf(kind), {
    ...object,
    spec: { ...object['spec'], unknown: { a: 1 } },
    extra: true,
  })
  expect(code).toBe(201)
  expect(body['extra']).toBeUndefined()
  expect(body['spec']).toEqual(object['spec'])
  const strict = await server.call('POST', `${pathOf(kind)}?fieldValidation=Strict&dryRun=All`, {
    ...object,
    metadata: { name: 'x' },
    spec: { ...object['spec'], unknown: 1 },
  })
  expect(strict.body['message'], 'as kubectl asks').toContain('unknown field "spec.unknown"')
})

test('a quantity is stored as it was written, number or text', async () => {
  const spec = (storage: unknown): Loose => ({
    destination: { claim: { name: 'backups', template: { resources: { requests: { storage } } } } },
  })
  for (const [index, storage] of [1_073_741_824, '20Gi', '0.5Ti', '1e3', 9_000_000_000_000_000].entries()) {
    const { code, body } = await create(snapshot(`quantity-${index}`, spec(storage)))
    expect(code).toBe(201)
    expect(body['spec'].destination.claim.template.resources.requests.storage).toBe(storage)
  }
})

test('status is written through /status alone, and spec is not', async () => {
  const { body } = await create(snapshot('halves'))
  const direct = await server.call('PUT', pathOf(meiliSnapshots, 'halves'), {
    ...body,
    status: complete['MeiliSnapshot']!.status,
  })
  expect(direct.body['status']).toEqual({ observedGeneration: -1 })
  const status = await server.call('PUT', `${pathOf(meiliSnapshots, 'halves')}/status`, {
    ...direct.body,
    spec: { ...direct.body['spec'], verification: { mode: 'None' } },
    status: { observedGeneration: 1, phase: 'Pending' },
  })
  expect(status.body).toMatchObject({
    metadata: { generation: 1 },
    spec: { verification: { mode: 'Archive' } },
    status: { observedGeneration: 1, phase: 'Pending' },
  })
})

test('a status on a stale resourceVersion is a conflict', async () => {
  const { body } = await create(snapshot('stale'))
  const write = async (): Promise<number> =>
    (
      await server.call('PUT', `${pathOf(meiliSnapshots, 'stale')}/status`, {
        ...body,
        status: { observedGeneration: Math.floor(performance.now()), phase: 'Pending' },
      })
    ).code
  expect(await write()).toBe(200)
  expect(await write()).toBe(409)
})

test('labels and finalizers may change on an object whose spec may not', async () => {
  await create(snapshot('labelled'))
  const { code, body } = await server.call('PATCH', pathOf(meiliSnapshots, 'labelled'), {
    metadata: { labels: { a: 'b' }, finalizers: ['meili-operator.dev/x'] },
  })
  expect(code).toBe(200)
  expect(body['metadata']).toMatchObject({ generation: 1, labels: { a: 'b' } })
})

test('applying the same short object again is no change', async () => {
  await create(snapshot('again'))
  const { code, body } = await server.call('PATCH', pathOf(meiliSnapshots, 'again'), {
    spec: snapshot('again')['spec'] as Loose,
  })
  expect(code).toBe(200)
  expect(body['metadata'].generation).toBe(1)
})
