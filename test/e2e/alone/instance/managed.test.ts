// Servers that the operator runs, on the real cluster with the real Meilisearch: from the smallest object to its end.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import { Diary } from '../../../gitops/diary.ts'
import { shellOnClaim } from '../../../support/meilisearch/artifact.ts'
import { eventually } from '../../../support/kubernetes/eventually.ts'
import { managedOf } from '../../../support/meilisearch/managed-objects.ts'
import { claimOf, secretOf, serviceOf, statefulSetOf } from '../../../support/meilisearch/objects.ts'
import type { ServerOptions } from '../../../support/meilisearch/objects.ts'
import { Plugin } from '../../../support/kubernetes/plugin.ts'
import { conditionOf, kubectl, operatorNamespace, readyOf, scaleOperator, toolbox, World } from '../../support/world.ts'
import type { Server } from '../../support/world.ts'

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string }
  readonly spec: { readonly nodeName: string; readonly containers: readonly { readonly image: string }[] }
}

let world: World
beforeAll(async () => {
  world = await World.create()
  await kubectl.run(['label', 'namespace', world.namespace, 'pod-security.kubernetes.io/enforce=restricted'])
})
afterAll(async () => {
  await scaleOperator(1)
  await world.destroy()
})

const find = async <T>(kind: string, name: string): Promise<T | undefined> =>
  await kubectl.find<T>(world.namespace, kind, name)
const pod = async (name: string): Promise<Pod | undefined> => await find<Pod>('pod', `${name}-0`)
const patch = async (kind: string, name: string, body: object): Promise<string> =>
  await kubectl.run(['-n', world.namespace, 'patch', kind, name, '--type=merge', '-p', JSON.stringify(body)])
const events = async (name: string): Promise<string> =>
  await kubectl.run([
    '-n',
    world.namespace,
    'get',
    'events',
    '--field-selector',
    `involvedObject.kind=MeiliInstance,involvedObject.name=${name}`,
    '-o',
    'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}',
  ])
/** What the server holds, asked through a door to the pod that runs now. */
const documents = async (name: string): Promise<number | undefined> =>
  (await (await world.managedDoor(name)).api.counts())['films']

async function replaced(name: string, before: Pod | undefined): Promise<Pod> {
  return await eventually(`another pod of ${name}`, async () => {
    const now = await pod(name)
    return now !== undefined && now.metadata.uid !== before?.metadata.uid ? now : undefined
  })
}

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
    const told =
      (await kubectl.run([
        '-n',
        world.namespace,
        'get',
        'meiliinstance,statefulset,pod,service,pvc,events',
        '-o',
        'yaml',
      ])) + (await kubectl.run(['-n', operatorNamespace, 'logs', 'deployment/meili-operator']))
    expect(told).not.toContain(key)
    expect(told).not.toContain(connection['searchKey'])
  })

  test('what somebody changes is put back, and told once; what others add stays', async () => {
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
    const told = await eventually(
      'the Event of it',
      async () =>
        (await events('movies')).match(
          /DriftFound: .*spec\.selector\.meili-operator\.dev\/instance of Service movies/g,
        ) ?? undefined,
    )
    expect(told).toHaveLength(1)
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
    expect(await (await world.managedDoor('movies')).as(fresh).hits('films', 'alien')).toBeGreaterThan(0)
    await world.snapshot('rotated', {
      instance: 'movies',
      claim: { name: 'backups', template: { resources: { requests: { storage: '1Gi' } } } },
    })
    expect((await world.completed('rotated')).status?.artifact?.documents).toBe(500)
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
      'to have more room',
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
    await world.completed('last')
    await eventually('claim and key to be gone', async () =>
      (await find('pvc', 'movies-data')) === undefined && (await find('secret', 'movies-keys')) === undefined
        ? true
        : undefined,
    )
  })
})

describe('brought back by a backup tool', () => {
  interface Stored {
    readonly apiVersion: string
    readonly kind: string
    readonly metadata: {
      readonly name: string
      readonly labels: object
      readonly annotations: object
      readonly ownerReferences?: readonly { readonly uid: string }[]
    }
    readonly spec?: Record<string, unknown>
  }
  const children = [
    ['statefulset', 'restored'],
    ['service', 'restored'],
    ['secret', 'restored-connection'],
  ] as const
  const stored = async (): Promise<Stored[]> =>
    await Promise.all(
      children.map(async ([kind, name]) => await kubectl.json<Stored>(['-n', world.namespace, 'get', kind, name])),
    )

  /** Velero keeps names, labels and annotations; owners, uids and status are gone. */
  function withoutOwners({
    metadata: { name, labels, annotations },
    spec,
    ...object
  }: Stored & { status?: unknown }): object {
    const { clusterIP: _ip, clusterIPs: _ips, ...rest } = spec ?? {}
    return {
      ...object,
      status: undefined,
      metadata: { namespace: world.namespace, name, labels, annotations },
      ...(spec === undefined ? {} : { spec: rest }),
    }
  }

  test('objects without owners and an instance without a status are one again: the pod runs on, and an Event says what was adopted', async () => {
    await (await world.run('restored')).load(100)
    const [before, exported] = [await pod('restored'), await stored()]
    await scaleOperator(0)
    await patch('meiliinstance', 'restored', { metadata: { finalizers: null } })
    for (const [kind, name] of [['meiliinstance', 'restored'], ...children] as const)
      await kubectl.run(['-n', world.namespace, 'delete', kind, name, '--cascade=orphan', '--timeout=60s'])
    await kubectl.apply(...exported.map(withoutOwners), managedOf({ namespace: world.namespace, name: 'restored' }))
    await scaleOperator(1)
    const { metadata } = await world.instanceReady('restored')
    for (const child of await stored())
      expect(
        child.metadata.ownerReferences?.map(({ uid }) => uid),
        child.kind,
      ).toEqual([metadata.uid])
    expect((await pod('restored'))?.metadata.uid).toBe(before?.metadata.uid)
    expect(await documents('restored')).toBe(100)
    expect((await events('restored')).match(/Adopting: .*/g)).toEqual([
      'Adopting: Adopted StatefulSet restored, Service restored, Secret restored-connection: made for this MeiliInstance, and without an owner.',
    ])
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'restored', '--timeout=60s'])
    await eventually('the pod to be gone', async () => ((await pod('restored')) === undefined ? true : undefined))
  })
})

describe('neighbours', () => {
  test('two instances in one namespace, a name of 63 characters, and the same name elsewhere do not touch each other', async () => {
    const long = `a${'-very-long-name'.repeat(5)}`.slice(0, 62).padEnd(63, 'z')
    const elsewhere = `${world.namespace}-too`
    await kubectl.run(['create', 'namespace', elsewhere])
    try {
      await kubectl.apply(
        managedOf({ namespace: world.namespace, name: 'one' }),
        managedOf({ namespace: world.namespace, name: long }),
        managedOf({ namespace: elsewhere, name: 'one' }),
      )
      await Promise.all([
        world.instanceReady('one'),
        world.instanceReady(long),
        kubectl.run(['-n', elsewhere, 'wait', 'meiliinstance/one', '--for=condition=Applied', '--timeout=120s']),
      ])
      const pods = (
        await Promise.all(
          [world.namespace, elsewhere].map(
            async (namespace) =>
              await kubectl.json<{ items: unknown[] }>([
                '-n',
                namespace,
                'get',
                'pods',
                '-l',
                'app.kubernetes.io/component=server',
              ]),
          ),
        )
      ).map(({ items }) => items.length)
      expect(pods).toEqual([2, 1])
      const other = await kubectl.json<{ data: Record<string, string> }>(['-n', elsewhere, 'get', 'secret', 'one-keys'])
      expect(Buffer.from(other.data['MEILI_MASTER_KEY'] ?? '', 'base64').toString()).not.toBe(
        (await world.secret('one-keys'))['MEILI_MASTER_KEY'],
      )
    } finally {
      await kubectl.run(['delete', 'namespace', elsewhere, '--wait=false'])
      await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'one', long, '--timeout=60s'])
    }
  })

  test('an object of its name that is not its own is named, and not touched', async () => {
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: world.namespace, name: 'taken' },
      spec: { ports: [{ port: 1 }] },
    })
    await kubectl.apply(managedOf({ namespace: world.namespace, name: 'taken' }))
    const { status } = await world.untilInstance(
      'taken',
      'to be stalled',
      (instance) => conditionOf(instance, 'Stalled')?.reason === 'NameTaken',
    )
    expect(conditionOf({ status } as never, 'Applied')?.message).toContain(
      'Service taken exists and was not made for this MeiliInstance. It was not touched.',
    )
    expect((await find<{ spec: { ports: { port: number }[] } }>('service', 'taken'))?.spec.ports[0]?.port).toBe(1)
    await kubectl.run(['-n', world.namespace, 'delete', 'service', 'taken'])
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'taken', '--timeout=60s'])
  })

  test('a snapshot volume that is the destination, too: the very file that Meilisearch wrote is stored, without copying it', async () => {
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'shared-backups' }))
    const server = await world.run('shared', { snapshots: { claimName: 'shared-backups' } })
    await server.load(2000)
    await world.snapshot('beside', { instance: 'shared', claim: { name: 'shared-backups' } })
    const { status } = await world.completed('beside')
    const { status: instance } = await world.instance('shared')
    expect(instance?.snapshotVolume).toMatchObject({ claimName: 'shared-backups', subPath: 'meilisearch/shared' })
    expect(instance?.databaseClaims).toEqual([{ claimName: 'shared-data', subPath: 'data.ms' }])
    const checked = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'shared-backups' },
      `cd /backup/${status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS && stat -c '%h names' data.ms.snapshot`,
    )
    expect(checked).toContain('data.ms.snapshot: OK')
    expect(checked, 'the very file that Meilisearch wrote: nothing was copied').toContain('2 names')
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'shared', '--timeout=60s'])
  })

  test('its node is drained: it comes back there when it may, with its documents', async () => {
    const server = await world.run('drained')
    await server.load(100)
    const before = await pod('drained')
    const node = before?.spec.nodeName ?? ''
    await kubectl.run(['cordon', node])
    try {
      await kubectl.run([
        'drain',
        node,
        '--pod-selector=meili-operator.dev/instance=drained',
        '--ignore-daemonsets',
        '--timeout=60s',
      ])
      const { status } = await world.untilInstance(
        'drained',
        'to say why it has no node',
        (instance) => conditionOf(instance, 'Applied')?.reason === 'PodFailing',
      )
      expect(conditionOf({ status } as never, 'Applied')?.message).toMatch(
        /Pod drained-0 has no node: .*unschedulable|cordon|didn't match/,
      )
    } finally {
      await kubectl.run(['uncordon', node])
    }
    await world.instanceReady('drained')
    expect(await documents('drained')).toBe(100)
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'drained', '--timeout=60s'])
  })

  test('a release of the official chart of the same name: its Service sends nothing here, its adopted server and its snapshots go on', async () => {
    const release: ServerOptions = {
      namespace: world.namespace,
      name: 'films-meilisearch',
      release: 'films',
      image: toolbox.image,
      masterKey: randomBytes(18).toString('base64url'),
    }
    await kubectl.apply(secretOf(release), statefulSetOf(release), serviceOf(release))
    await kubectl.run(['-n', world.namespace, 'rollout', 'status', 'statefulset/films-meilisearch', '--timeout=120s'])
    using plugin = await Plugin.beside({
      kubectl: process.env['E2E_KUBECTL'] ?? '',
      kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
    })
    const adopted = JSON.parse(
      (await plugin.kubectl(['meili', 'adopt', 'statefulset/films-meilisearch', '-o', 'json', '-n', world.namespace]))
        .out,
    ) as object
    await kubectl.apply(adopted)
    await world.untilInstance('films-meilisearch', 'to be ready', (instance) => readyOf(instance)?.status === 'True')

    const slices = await Diary.begin(kubectl, world.namespace, [
      { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' },
      meiliInstances,
    ])
    try {
      await world.run('films')
      await world.snapshot('of-films', {
        instance: 'films-meilisearch',
        claim: { name: 'backups-of-films', template: { resources: { requests: { storage: '1Gi' } } } },
      })
      await world.completed('of-films')
      const seen = slices.objects() as readonly (MeiliInstance & {
        endpoints?: readonly { targetRef?: { name: string } }[]
      })[]
      const reached = (service: string): string[] =>
        seen
          .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
          .map(({ endpoints }) => (endpoints ?? []).map(({ targetRef }) => targetRef?.name).join(' '))
      expect(reached('films'), 'what the watch brought').toContain('films-0')
      expect(
        reached('films-meilisearch').filter((names) => names !== 'films-meilisearch-0'),
        'what the watch brought',
      ).toEqual([])
      const { endpoints } = (
        await kubectl.json<{ items: { endpoints: { targetRef: { name: string } }[] }[] }>([
          '-n',
          world.namespace,
          'get',
          'endpointslices',
          '-l',
          'kubernetes.io/service-name=films-meilisearch',
        ])
      ).items[0]!
      expect(endpoints.map(({ targetRef }) => targetRef.name)).toEqual(['films-meilisearch-0'])
      expect(
        seen.filter(
          ({ metadata, status }) =>
            metadata.name === 'films-meilisearch' &&
            status?.conditions !== undefined &&
            readyOf({ status } as never)?.status !== 'True',
        ),
      ).toEqual([])
    } finally {
      slices.end()
    }
    expect(conditionOf(await world.instance('films'), 'ForeignService')).toBeUndefined()
  })

  test('a Service that selects the pod all the same is named as long as it does', async () => {
    const look = async (): Promise<string> =>
      await patch('meiliinstance', 'films', {
        metadata: { annotations: { 'example.com/look': randomBytes(4).toString('hex') } },
      })
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: world.namespace, name: 'edge' },
      spec: { selector: { 'statefulset.kubernetes.io/pod-name': 'films-0' }, ports: [{ port: 80, targetPort: 7700 }] },
    })
    await look()
    const { status } = await world.untilInstance(
      'films',
      'to name it',
      (instance) => conditionOf(instance, 'ForeignService') !== undefined,
    )
    expect(conditionOf({ status } as never, 'ForeignService')).toMatchObject({
      status: 'True',
      message: expect.stringContaining(': edge.') as string,
    })
    expect(readyOf({ status } as never)?.status).toBe('True')
    await kubectl.run(['-n', world.namespace, 'delete', 'service', 'edge'])
    await look()
    await world.untilInstance(
      'films',
      'to name it no longer',
      (instance) => conditionOf(instance, 'ForeignService') === undefined,
    )
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'films', 'films-meilisearch', '--timeout=60s'])
  })
})
