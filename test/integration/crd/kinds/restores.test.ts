// What the API server makes of restores: what a short one shows, and the three changes that one may see: applied, confirmed, rolled back.
import { describe, expect, test } from 'vitest'
import { meiliRestores } from '../../../../src/api/restore.ts'
import { objectOf } from '../objects/complete-objects.ts'
import { pathOf, realServer } from '../real-server.ts'
import type { Answer, Loose } from '../real-server.ts'

const server = realServer()

const inPlace = { inPlace: { instanceRef: { name: 'movies' } } }
const aRestore = (name: string, spec: Loose = {}): Loose => ({
  ...objectOf('MeiliRestore', name),
  spec: { source: { snapshotRef: { name: 'nightly' } }, target: inPlace, ...spec },
})
const create = async (object: Loose, query = ''): Promise<Answer> =>
  await server.call('POST', `${pathOf(meiliRestores)}${query}`, object)
const change = async (name: string, spec: Loose): Promise<Answer> =>
  await server.call('PATCH', pathOf(meiliRestores, name), { spec })
const causesOf = ({ body }: Answer): readonly string[] =>
  ((body['details']?.causes ?? []) as { message: string }[]).map(({ message }) => message)

test('a short restore shows all that will be done', async () => {
  const { code, body } = await create(aRestore('short', { confirm: 'movies' }))
  expect(code).toBe(201)
  expect(body['spec']).toEqual({
    source: { snapshotRef: { name: 'nightly' } },
    target: inPlace,
    mode: 'Apply',
    confirm: 'movies',
    version: 'Exact',
    sanitize: { tasks: 'Keep', webhooks: 'Keep' },
    safety: { snapshot: 'Auto' },
    rollback: false,
    deadlines: { start: '1h', fill: '6h', switch: '30m' },
    mover: { stream: { mode: 'Never', maxSize: '10Gi' } },
  })
})

test.each([
  ['a claim', { claim: { name: 'meilisearch-0' } }, { claim: { name: 'meilisearch-0', directory: 'data.ms' } }],
  ['a drill', { scratch: {} }, { scratch: { egress: 'Allowed' } }],
  [
    'a drill with a search',
    { scratch: { queries: [{ index: 'movies' }] } },
    { scratch: { egress: 'Allowed', queries: [{ index: 'movies', q: '', minHits: 1 }] } },
  ],
])('%s is a target, with what is filled in', async (_name, target, whole) => {
  const { code, body } = await create(aRestore('target', { target, confirm: 'meilisearch-0' }), '?dryRun=All')
  expect(code).toBe(201)
  expect(body['spec'].target).toEqual(whole)
})

describe('confirm', () => {
  test('is asked for before data is replaced, and not for a plan or a drill', async () => {
    expect(causesOf(await create(aRestore('bare')))).toEqual([expect.stringContaining('confirm must be the name')])
    for (const spec of [{ mode: 'DryRun' }, { target: { scratch: {} } }])
      expect((await create(aRestore('bare', spec), '?dryRun=All')).code).toBe(201)
  })

  test('a plan is applied with it, on the same object, and only with it', async () => {
    await create(aRestore('planned', { mode: 'DryRun' }))
    expect(causesOf(await change('planned', { mode: 'Apply' }))).toEqual([
      expect.stringContaining('confirm must be the name of the instance'),
    ])
    expect((await change('planned', { mode: 'Apply', confirm: 'shows' })).code).toBe(422)
    expect((await change('planned', { mode: 'Apply', confirm: 'movies' })).code).toBe(200)
    expect(causesOf(await change('planned', { mode: 'DryRun' }))).toEqual([
      expect.stringContaining('mode goes from DryRun to Apply, and not back'),
    ])
  })
})

test('the way back is one write, and final', async () => {
  await create(aRestore('back', { confirm: 'movies' }))
  expect((await change('back', { rollback: true })).code).toBe(200)
  expect(causesOf(await change('back', { rollback: false }))).toEqual([
    expect.stringContaining('rollback is not taken back'),
  ])
})

test('only mode, confirm and rollback may change: what is carried out once stays on record', async () => {
  await create(aRestore('fixed', { mode: 'DryRun' }))
  for (const [field, value] of Object.entries({
    source: { snapshotRef: { name: 'another' } },
    target: { inPlace: { instanceRef: { name: 'shows' } } },
    version: 'AllowUpgrade',
    safety: { snapshot: 'Never' },
    deadlines: { fill: '7h' },
    mover: { priorityClassName: 'low' },
  }))
    expect(causesOf(await change('fixed', { [field]: value }))).toEqual([
      expect.stringContaining(`${field} is immutable: a MeiliRestore is carried out once; create another one instead`),
    ])
})

test('the same YAML applied again is no change', async () => {
  const object = aRestore('again', { confirm: 'movies' })
  await create(object)
  const { code, body } = await change('again', object['spec'] as Loose)
  expect(code).toBe(200)
  expect(body['metadata'].generation).toBe(1)
})

test.each(['movies/daily', 'ä b/data.ms.snapshot', "it's $(id); #", 'a'.repeat(1024), 'x.y/z...'])(
  'a file may lie at %j, whoever made it',
  async (path) => {
    const source = { file: { claim: { name: 'backups' }, path } }
    expect((await create(aRestore('odd', { source, mode: 'DryRun' }), '?dryRun=All')).code).toBe(201)
  },
)
