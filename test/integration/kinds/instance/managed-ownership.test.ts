// What bears the names of a managed instance's objects, on a real API server: left alone where it is others', taken back where it lost its owner.
// And whose Services send traffic to the server.
import { describe, expect, test, vi } from 'vitest'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import { meiliInstances } from '../../../../src/api/instance.ts'
import type { Condition } from '../../../../src/api/meta.ts'
import type { KubeObject, Ref, Resource } from '../../../../src/kube/resource.ts'
import { persistentVolumeClaims, pods, secrets, services, statefulSets } from '../../../../src/kube/resource.ts'
import { Connections } from '../../../../src/perform/meilisearch-connections.ts'
import { TransientError } from '../../../../src/errors.ts'
import { Performer } from '../../../../src/perform/perform.ts'
import { managedInstances } from '../../../support/meilisearch/managed-instances.ts'

const on = managedInstances()
const { apply, get, pass, serve, settle } = on

describe('what is not ours', () => {
  test.each([
    [
      'StatefulSet',
      statefulSets,
      {
        spec: {
          selector: { matchLabels: { a: 'b' } },
          serviceName: 'x',
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        },
      },
    ],
    ['Service', services, { spec: { ports: [{ port: 1 }] } }],
    [
      'PersistentVolumeClaim',
      persistentVolumeClaims,
      { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    ],
    ['Secret', secrets, { stringData: { MEILI_MASTER_KEY: 'theirs' } }],
  ] as const)('a %s of its name is named, and stays as it is', async (kind, resource, body) => {
    const name = resource === persistentVolumeClaims ? 'movies-data' : resource === secrets ? 'movies-keys' : 'movies'
    const theirs = await on.api.kube.create(resource, {
      apiVersion: resource.group === '' ? 'v1' : 'apps/v1',
      kind,
      metadata: { namespace: on.namespace, name },
      ...body,
    } as never)
    await apply()
    const { status } = await settle()
    expect(status?.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
      reason: 'NameTaken',
      message: expect.stringContaining(
        `${kind} ${name} exists and was not made for this MeiliInstance. It was not touched.`,
      ) as string,
    })
    expect((await get(resource, name)).metadata.resourceVersion).toBe((theirs as KubeObject).metadata.resourceVersion)
  })

  test('one that comes in between look and write is not taken over either', async () => {
    await apply()
    await pass()
    const theirs = await on.api.kube.create(services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: on.namespace, name: 'movies' },
      spec: { ports: [{ name: 'http', port: 1 }] },
    } as never)
    const performer = new Performer({
      kube: on.kube,
      connections: new Connections(on.kube),
      isLeader: () => true,
      record: () => undefined,
    })
    const { service } = await import('../../../../src/kinds/instance/children/children.ts')
    const instance = await get<MeiliInstance>(meiliInstances, 'movies')
    await expect(
      performer.perform(
        { kind: 'Apply', child: service(instance, instance.spec.managed!) },
        { resource: meiliInstances, object: instance, writtenAt: undefined },
      ),
    ).rejects.toMatchObject({ name: 'Conflict', code: 'AlreadyExists' })
    expect((await get(services, 'movies')).metadata.resourceVersion).toBe(
      (theirs as KubeObject).metadata.resourceVersion,
    )
  })
})

describe('brought back by a backup tool', () => {
  /** As it comes back: a new object with name, labels and annotations, and without owners. */
  async function broughtBack(resource: Resource, name: string): Promise<void> {
    const {
      metadata: { labels, annotations },
      status: _,
      ...rest
    } = await get(resource, name)
    await on.api.kubectl.run(['-n', on.namespace, 'delete', resource.plural, name])
    const { clusterIP: _ip, clusterIPs: _ips, ...spec } = (rest['spec'] ?? {}) as Record<string, unknown>
    await on.api.kube.create(
      resource,
      {
        ...rest,
        ...(rest['spec'] === undefined ? {} : { spec }),
        metadata: { namespace: on.namespace, name, labels, annotations },
      } as never,
      { fieldManager: 'velero' },
    )
  }

  const children = [
    [statefulSets, 'movies'],
    [services, 'movies'],
    [secrets, 'movies-connection'],
  ] as const

  async function deleteAndReapply(managed: object = {}): Promise<void> {
    await apply(managed)
    await settle()
    await serve()
    await settle()
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'meiliinstance',
      'movies',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ])
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'meiliinstance', 'movies'])
    for (const [resource, name] of children) await broughtBack(resource, name)
    const set = await get(statefulSets, 'movies')
    await on.api.kube.updateStatus(statefulSets, {
      ...set,
      status: { observedGeneration: set.metadata.generation, replicas: 1, updateRevision: 'r1' },
    } as never)
    on.events = []
  }

  test('is adopted: the same objects with an owner, the same pod, everything in place, and reported once', async () => {
    await deleteAndReapply()
    const before = [
      (await get(pods, 'movies-0')).metadata.uid,
      ...(await Promise.all(children.map(async ([resource, name]) => (await get(resource, name)).metadata.uid))),
    ]
    const { data } = await get<{ data: object }>(secrets, 'movies-connection')
    await apply()
    const { metadata, status } = await settle()
    expect(
      status?.conditions
        ?.filter(({ type }) => type === 'Ready' || type === 'Applied')
        .map(({ type, status: verdict }) => `${type}=${verdict}`),
    ).toEqual(['Ready=True', 'Applied=True'])
    expect([
      (await get(pods, 'movies-0')).metadata.uid,
      ...(await Promise.all(children.map(async ([resource, name]) => (await get(resource, name)).metadata.uid))),
    ]).toEqual(before)
    for (const [resource, name] of children)
      expect((await get(resource, name)).metadata.ownerReferences, name).toMatchObject([
        { uid: metadata.uid, controller: true },
      ])
    expect((await get<{ data: object }>(secrets, 'movies-connection')).data).toEqual(data)
    expect(on.events.filter((event) => event.includes('Adopting'))).toEqual([
      'Normal Adopting: Adopted StatefulSet movies, Service movies, Secret movies-connection: made for this MeiliInstance, and without an owner.',
    ])
  })

  test('is ours alone from then on: a field that is no longer wanted goes, though it came back with the rest', async () => {
    await deleteAndReapply({ nodeSelector: { disk: 'ssd' } })
    await apply({ nodeSelector: { disk: 'ssd' } })
    await settle()
    expect((await get(statefulSets, 'movies'))['spec'].template.spec.nodeSelector).toEqual({ disk: 'ssd' })
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'meiliinstance',
      'movies',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/spec/managed/nodeSelector"}]',
    ])
    await settle()
    expect((await get(statefulSets, 'movies'))['spec'].template.spec.nodeSelector).toBeUndefined()
  })

  /** Who stands for fields of the object itself. */
  const managersOf = async (resource: Resource, name: string): Promise<string[]> =>
    ((await get(resource, name)).metadata.managedFields ?? [])
      .filter(({ subresource }) => (subresource ?? '') === '')
      .map(({ manager, operation }) => `${manager} ${operation}`)
      .toSorted()
  const theirs = { 'example.com/theirs': 'kept' }

  test('is ours alone also where the operator is cut off in the middle', async () => {
    await deleteAndReapply()
    await apply()
    const patch = on.kube.patch.bind(on.kube)
    {
      using _ = vi.spyOn(on.kube, 'patch').mockImplementation(async (resource, ref, how) => {
        if (resource.plural === services.plural && how.type === 'merge') throw new TransientError('cut off')
        return await patch(resource, ref, how)
      })
      for (let round = 0; round < 3; round += 1)
        await pass().catch((error: unknown) => expect(error).toBeInstanceOf(TransientError))
      expect(await managersOf(services, 'movies')).toEqual(['meili-operator Apply', 'velero Update'])
    }
    const { metadata } = await settle()
    for (const [resource, name] of children.slice(0, 2)) {
      expect((await get(resource, name)).metadata.ownerReferences, name).toMatchObject([{ uid: metadata.uid }])
      expect(await managersOf(resource, name), name).toEqual(['meili-operator Apply'])
    }
  })

  test.each<[string, (place: Ref) => Promise<unknown>, string[]]>([
    [
      'writes to it',
      async (place) =>
        await on.api.kube.patch(services, place, {
          type: 'merge',
          fieldManager: 'somebody',
          body: { metadata: { annotations: theirs } },
        }),
      ['meili-operator Apply', 'somebody Update'],
    ],
    [
      'deletes it',
      async (place) => await on.api.kubectl.run(['-n', on.namespace, 'delete', 'service', place.name]),
      ['meili-operator Apply'],
    ],
  ])('is ours, and what others add stays theirs, where somebody %s meanwhile', async (_, happens, managers) => {
    await deleteAndReapply()
    await apply()
    const patch = on.kube.patch.bind(on.kube)
    let isFirst = true
    using _spy = vi.spyOn(on.kube, 'patch').mockImplementation(async (resource, ref, how) => {
      const object = await patch(resource, ref, how)
      if (isFirst && resource.plural === services.plural) {
        isFirst = false
        await happens(ref)
      }
      return object
    })
    const { metadata } = await settle()
    expect((await get(services, 'movies')).metadata.ownerReferences).toMatchObject([{ uid: metadata.uid }])
    expect(await managersOf(services, 'movies')).toEqual(managers)
  })

  test('a claim that goes with its instance from now on was never brought back: whoever stands for fields of it still does', async () => {
    await apply()
    await settle()
    await on.api.kube.patch(
      persistentVolumeClaims,
      { namespace: on.namespace, name: 'movies-data' },
      { type: 'merge', fieldManager: 'somebody', body: { metadata: { labels: { team: 'search' } } } },
    )
    await on.api.kube.patch(
      persistentVolumeClaims,
      { namespace: on.namespace, name: 'movies-data' },
      {
        type: 'apply',
        fieldManager: 'gitops',
        force: true,
        body: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { labels: { 'app.kubernetes.io/managed-by': 'meili-operator' } },
        },
      },
    )
    await apply({}, { deletionPolicy: 'Delete' })
    const { metadata } = await settle()
    expect((await get(persistentVolumeClaims, 'movies-data')).metadata.ownerReferences).toMatchObject([
      { uid: metadata.uid },
    ])
    expect(await managersOf(persistentVolumeClaims, 'movies-data')).toEqual([
      'gitops Apply',
      'meili-operator Apply',
      'somebody Update',
    ])
  })

  test('is put right where it is not as it was applied; a Secret for applications that says otherwise is written anew', async () => {
    await deleteAndReapply()
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'service',
      'movies',
      '--type=merge',
      '-p',
      '{"spec":{"selector":{"meili-operator.dev/instance":"other"}}}',
    ])
    await on.api.kubectl.run(['-n', on.namespace, 'annotate', 'service', 'movies', 'example.com/theirs=kept'])
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'secret',
      'movies-connection',
      '--type=merge',
      '-p',
      '{"stringData":{"url":"http://elsewhere","searchKey":"theirs"}}',
    ])
    await apply()
    await settle()
    const service = await get(services, 'movies')
    expect(service['spec'].selector).toEqual({ 'meili-operator.dev/instance': 'movies' })
    expect(service.metadata.annotations).toMatchObject({ 'example.com/theirs': 'kept' })
    const { data } = await get<{ data: Record<string, string> }>(secrets, 'movies-connection')
    expect(Buffer.from(data['url'] ?? '', 'base64').toString()).toBe(`http://movies.${on.namespace}.svc:7700`)
    expect(Buffer.from(data['searchKey'] ?? '', 'base64').toString()).not.toBe('theirs')
  })
})

describe('a Service of somebody else', () => {
  const foreign = async (): Promise<Condition | undefined> =>
    (await pass())?.status?.conditions?.find(({ type }) => type === 'ForeignService')

  test('that selects the pod is named while it does, and nothing else changes', async () => {
    await apply({ podLabels: { team: 'search' } })
    await settle()
    await serve()
    await settle()
    expect(await foreign()).toBeUndefined()
    on.events = []
    const theirs = await on.api.kube.create(services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: on.namespace, name: 'team' },
      spec: { selector: { team: 'search' }, ports: [{ port: 80, targetPort: 7700 }] },
    } as never)
    expect(await foreign()).toMatchObject({
      status: 'True',
      message: expect.stringMatching(/: team\. .* out of podLabels/) as string,
    })
    const { status } = await settle()
    expect(status?.conditions?.map(({ type, status: verdict }) => `${type}=${verdict}`)).toEqual([
      'Ready=True',
      'Applied=True',
      'ForeignService=True',
      'PodFound=True',
      'Reachable=True',
      'Authorized=True',
      'SnapshotVolumeReady=False',
    ])
    expect(on.events.map((event) => event.split(':')[0])).toEqual(['Warning ForeignService'])
    expect((await get(services, 'team')).metadata.resourceVersion).toBe((theirs as KubeObject).metadata.resourceVersion)
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'service', 'team'])
    expect(await foreign()).toBeUndefined()
  })

  test('among many is found where it is one of the first 500 by name; the read ends there', async () => {
    await apply({ podLabels: { team: 'search' } })
    await settle()
    await serve()
    for (let from = 0; from < 120; from += 40)
      await on.api.kubectl.apply(
        ...Array.from({ length: 40 }, (_, index) => ({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { namespace: on.namespace, name: `many-${from + index}` },
          spec: { selector: { team: from + index === 119 ? 'search' : 'other' }, ports: [{ port: 80 }] },
        })),
      )
    expect((await foreign())?.message).toContain(': many-119.')
  })
})
