// A server that the operator runs, on the real cluster with the real Meilisearch: from the smallest object to its end.
import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../support/kubernetes/eventually.ts'
import { kubectl, operatorNamespace, readyOf, scaleOperator } from '../../support/world.ts'
import type { Server } from '../../support/world.ts'
import { managedServers, restrictedWorld } from '../../support/managed-servers.ts'

const world = restrictedWorld()
afterAll(async () => {
  await scaleOperator(1)
})

const { documents, events, find, patch, pod, replaced } = managedServers(world)

describe('a life', () => {
  let server: Server
  let key: string

  test('the smallest object becomes Ready, and an application finds url and key in its Secret', async () => {
    server = await world.run('movies')
    await server.load(500)
    key = server.options.masterKey
    const connection = await world.secret('movies-connection')
    expect(connection['url']).toBe(`http://movies.${world.namespace}.svc:7700`)
    const asApplication = server.as(connection['searchKey'] ?? '')
    expect(await asApplication.hits('films', 'alien')).toBe(await server.api.hits('films', 'alien'))
    await expect(asApplication.counts()).rejects.toThrow('invalid_api_key')
    const { status } = await world.instance('movies')
    expect(status).toMatchObject({
      version: '1.21.0',
      connectionSecretName: 'movies-connection',
      storage: [{ role: 'data', claimName: 'movies-data', requestedBytes: 2 ** 30 }],
    })
    expect(status?.conditions?.map(({ type, status: verdict }) => `${type}=${verdict}`)).toEqual([
      'Ready=True',
      'Applied=True',
      'PodFound=True',
      'Reachable=True',
      'Authorized=True',
      'SnapshotVolumeReady=True',
    ])
  })

  test('no key stands in status, Events or the StatefulSet', async () => {
    const connection = await world.secret('movies-connection')
    const printed =
      (await kubectl.run([
        '-n',
        world.namespace,
        'get',
        'meiliinstance,statefulset,pod,service,pvc,events',
        '-o',
        'yaml',
      ])) + (await kubectl.run(['-n', operatorNamespace, 'logs', 'deployment/meili-operator']))
    expect(printed).not.toContain(key)
    expect(printed).not.toContain(connection['searchKey'])
  })

  test('what somebody changes is put back, and reported once; what others add stays', async () => {
    await kubectl.run(['-n', world.namespace, 'annotate', 'statefulset', 'movies', 'example.com/theirs=kept'])
    await patch('service', 'movies', { spec: { selector: { 'meili-operator.dev/instance': 'nothing' } } })
    await eventually('the Service to be put back', async () =>
      (await find<{ spec: { selector: Record<string, string> } }>('service', 'movies'))?.spec.selector[
        'meili-operator.dev/instance'
      ] === 'movies'
        ? true
        : undefined,
    )
    await world.instanceReady('movies')
    const printed = await eventually(
      'the Event of it',
      async () =>
        (await events('movies')).match(
          /DriftFound: .*spec\.selector\.meili-operator\.dev\/instance of Service movies/g,
        ) ?? undefined,
    )
    expect(printed).toHaveLength(1)
    expect(
      (await find<{ metadata: { annotations: Record<string, string> } }>('statefulset', 'movies'))?.metadata
        .annotations['example.com/theirs'],
    ).toBe('kept')
  })

  test('a child that is deleted comes back; documents survive', async () => {
    const before = await pod('movies')
    await kubectl.run([
      '-n',
      world.namespace,
      'delete',
      'statefulset,service,secret',
      'movies',
      'movies-connection',
      '--ignore-not-found',
      '--timeout=60s',
    ])
    await kubectl.run(['-n', world.namespace, 'delete', 'secret', 'movies-connection', '--ignore-not-found'])
    await replaced('movies', before)
    await patch('meiliinstance', 'movies', { metadata: { annotations: { 'example.com/look': 'now' } } })
    await world.instanceReady('movies')
    for (const [kind, name] of [
      ['service', 'movies'],
      ['secret', 'movies-connection'],
    ] as const)
      expect(await find(kind, name), name).toBeDefined()
    expect(await documents('movies')).toBe(500)
  })

  test('the operator goes and comes back: nothing is touched meanwhile, and nothing then', async () => {
    const before = await pod('movies')
    await scaleOperator(0)
    await scaleOperator(1)
    // Ready it was before. That this is in place as well says that the new one has looked at everything.
    await patch('meiliinstance', 'movies', {
      spec: { managed: { service: { annotations: { 'example.com/look': 'then' } } } },
    })
    await world.instanceReady('movies')
    expect(
      (await find<{ metadata: { annotations: Record<string, string> } }>('service', 'movies'))?.metadata.annotations[
        'example.com/look'
      ],
    ).toBe('then')
    expect((await pod('movies'))?.metadata.uid).toBe(before?.metadata.uid)
  })

  test('the key is changed: the pod is replaced, the applications get another key, snapshots go on', async () => {
    const [before, searchKey] = [await pod('movies'), (await world.secret('movies-connection'))['searchKey']]
    const next = randomBytes(24).toString('base64url')
    await kubectl.run([
      '-n',
      world.namespace,
      'patch',
      'secret',
      'movies-keys',
      '-p',
      JSON.stringify({ stringData: { MEILI_MASTER_KEY: next } }),
    ])
    await patch('meiliinstance', 'movies', { metadata: { annotations: { 'example.com/look': 'again' } } })
    await replaced('movies', before)
    await eventually('another key for applications', async () =>
      (await world.secret('movies-connection'))['searchKey'] === searchKey ? undefined : true,
    )
    await world.instanceReady('movies')
    const { searchKey: fresh = '' } = await world.secret('movies-connection')
    expect(await (await world.connectManaged('movies')).as(fresh).hits('films', 'alien')).toBeGreaterThan(0)
    await world.snapshot('rotated', {
      instance: 'movies',
      claim: { name: 'backups', template: { resources: { requests: { storage: '1Gi' } } } },
    })
    expect((await world.waitForCompletion('rotated')).status?.artifact?.documents).toBe(500)
    key = next
  })

  test('suspended it is Ready and runs nothing; resumed it serves the same', async () => {
    await patch('meiliinstance', 'movies', { spec: { managed: { suspend: true } } })
    const { status } = await world.instanceReady('movies')
    expect(readyOf({ status } as never)).toMatchObject({ status: 'True', reason: 'Suspended' })
    expect(await pod('movies')).toBeUndefined()
    await patch('meiliinstance', 'movies', { spec: { managed: { suspend: false } } })
    await world.untilInstance('movies', 'to answer again', (instance) => readyOf(instance)?.reason === 'Ready')
    expect(await documents('movies')).toBe(500)
  })

  test('a larger size expands its claim', async () => {
    await patch('meiliinstance', 'movies', { spec: { managed: { storage: { size: '10Gi' } } } })
    const { status } = await world.untilInstance(
      'movies',
      'to have more space',
      (instance) => instance.status?.storage?.[0]?.capacityBytes === 10 * 2 ** 30,
    )
    expect(status?.storage?.[0]).toMatchObject({ requestedBytes: 10 * 2 ** 30 })
    await expect(patch('meiliinstance', 'movies', { spec: { managed: { storage: { size: '1Gi' } } } })).rejects.toThrow(
      'a volume never gets smaller',
    )
  })

  test('deleted, its claim and key stay, and say so; made again it serves the same with the same keys', async () => {
    const before = await world.secret('movies-connection')
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'movies', '--timeout=60s'])
    await eventually('the Event of what stays', async () =>
      (await events('movies')).includes('Retained: These stay: claim movies-data, Secret movies-keys.')
        ? true
        : undefined,
    )
    await eventually('the pod to be gone', async () => ((await pod('movies')) === undefined ? true : undefined))
    expect((await world.secret('movies-keys'))['MEILI_MASTER_KEY']).toBe(key)
    await world.run('movies', { storage: { size: '10Gi' } })
    expect(await world.secret('movies-connection')).toEqual(before)
    expect(await documents('movies')).toBe(500)
  })

  test('with deletionPolicy Delete all of it goes, after a snapshot that runs', async () => {
    await patch('meiliinstance', 'movies', { spec: { deletionPolicy: 'Delete' } })
    await world.instanceReady('movies')
    await world.snapshot('last', { instance: 'movies' })
    await world.until('last', 'to have asked', ({ status }) => status?.request?.taskUid !== undefined)
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'movies', '--timeout=120s'])
    await world.waitForCompletion('last')
    await eventually('claim and key to be gone', async () =>
      (await find('pvc', 'movies-data')) === undefined && (await find('secret', 'movies-keys')) === undefined
        ? true
        : undefined,
    )
  })
})
