// KubeClient against a real API server: what it writes is there, what it reads is all that is there.
import { beforeAll, describe, expect, test } from 'vitest'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { KubeList } from '../../../src/kube/reader.ts'
import { configMaps, jobs, leases, pods } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { Conflict, NotFound, TerminalError } from '../../../src/errors.ts'
import { apiServer, namespaceOn } from '../../support/kubernetes/api-server.ts'
import { configMap, namespaces } from '../../support/kubernetes/kube-api.ts'
import type { ConfigMap } from '../../support/kubernetes/kube-api.ts'

const api = apiServer()
const namespace = namespaceOn(api)

interface Snapshot extends KubeObject {
  readonly spec: { readonly deletionPolicy?: string }
  readonly status?: { readonly observedGeneration?: number; readonly phase?: string; readonly waitingFor?: string }
}

interface Pod extends KubeObject {
  readonly spec: object
}

const snapshot = (name: string): Snapshot => ({
  apiVersion: 'meili-operator.dev/v1alpha1',
  kind: 'MeiliSnapshot',
  metadata: { namespace, name },
  spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } } as object,
})
const isThere = async (resource: Resource, name: string): Promise<boolean> =>
  await api.kube.get(resource, { namespace, name }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof NotFound) return false
      throw error
    },
  )

describe.each([
  ['core', configMaps, (name: string): KubeObject => configMap({ namespace, name })],
  ['custom', meiliSnapshots, snapshot],
  ['batch', jobs, (name: string): KubeObject => ({ ...job, metadata: { namespace, name } })],
] as const)('an object of a %s group', (_, resource, make) => {
  test('is created, read, replaced and deleted', async () => {
    const name = api.name('life')
    const created = await api.kube.create<KubeObject>(resource, make(name))
    expect(created).toMatchObject({
      kind: resource.kind,
      metadata: { namespace, name, uid: expect.any(String) as string },
    })
    expect(await api.kube.get(resource, { namespace, name })).toEqual(created)

    const replaced = await api.kube.update(resource, {
      ...created,
      metadata: { ...created.metadata, labels: { colour: 'red' } },
    })
    expect(await api.kube.get(resource, { namespace, name })).toEqual(replaced)
    expect(replaced.metadata).toMatchObject({ uid: created.metadata.uid, labels: { colour: 'red' } })

    await api.kube.delete(resource, { namespace, name }, { propagationPolicy: 'Background' })
    expect(await isThere(resource, name)).toBe(false)
  })

  test('comes in a list with its apiVersion and kind, as from a read', async () => {
    const name = api.name('listed')
    const created = await api.kube.create<KubeObject>(resource, make(name))
    const items = await api.kube.listAll(resource, { namespace })
    expect(items.find(({ metadata }) => metadata.name === name)).toEqual(created)
  })
})

const podTemplate = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.com/main' }] } }
const job = { apiVersion: 'batch/v1', kind: 'Job', spec: { template: podTemplate } }

test('fields that no type of ours knows survive a read and a write', async () => {
  const name = api.name('whole')
  const spec = {
    ...podTemplate.spec,
    dnsConfig: { nameservers: ['192.0.2.1'] },
    tolerations: [{ key: 'a', operator: 'Exists' }],
  }
  await api.kube.create<Pod>(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec })
  const read = await api.kube.get<Pod>(pods, { namespace, name })
  const written = await api.kube.update(pods, { ...read, metadata: { ...read.metadata, labels: { seen: 'yes' } } })
  expect(written.spec).toEqual(read.spec)
  expect(written).toMatchObject({ spec: { dnsConfig: spec.dnsConfig }, metadata: { labels: { seen: 'yes' } } })
})

test('a cluster-wide object is found without a namespace, whatever signs its name has', async () => {
  const clusterRoles: Resource = {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    plural: 'clusterroles',
    kind: 'ClusterRole',
  }
  expect((await api.kube.get(namespaces, { name: namespace })).metadata.name).toBe(namespace)
  expect((await api.kube.get(clusterRoles, { name: 'system:discovery' })).metadata.name).toBe('system:discovery')
})

describe('status', () => {
  test('is written through its subresource, which leaves the spec alone', async () => {
    const created = await api.kube.create(meiliSnapshots, snapshot(api.name('status')))
    const changed = {
      ...created,
      spec: { ...created.spec, deletionPolicy: 'Delete' },
      status: { observedGeneration: 1, phase: 'Pending' },
    }
    const written = await api.kube.updateStatus(meiliSnapshots, changed)
    expect(await api.kube.get(meiliSnapshots, { namespace, name: created.metadata.name })).toEqual(written)
    expect(written).toMatchObject({
      metadata: { generation: 1 },
      spec: { deletionPolicy: 'Retain' },
      status: { observedGeneration: 1, phase: 'Pending' },
    })
  })

  test('is left alone by a write of the object', async () => {
    const created = await api.kube.create(meiliSnapshots, snapshot(api.name('status')))
    const written = await api.kube.update(meiliSnapshots, {
      ...created,
      status: { observedGeneration: 1, phase: 'Pending' },
    })
    expect(written.status).toEqual({ observedGeneration: -1 })
  })

  test('is not written over what somebody else wrote since', async () => {
    const created = await api.kube.create(meiliSnapshots, snapshot(api.name('status')))
    const first = await api.kube.updateStatus(meiliSnapshots, {
      ...created,
      status: { observedGeneration: 1, phase: 'Pending' },
    })
    await expect(
      api.kube.updateStatus(meiliSnapshots, { ...created, status: { observedGeneration: 1, phase: 'Failed' } }),
    ).rejects.toThrow(Conflict)
    expect(await api.kube.get(meiliSnapshots, { namespace, name: created.metadata.name })).toEqual(first)
  })
})

describe('a patch', () => {
  const createConfigMap = async (
    data: Record<string, string> = { a: '1', b: '2' },
  ): Promise<{ namespace: string; name: string }> => {
    const ref = { namespace, name: api.name('patched') }
    await api.kube.create(configMaps, configMap(ref, data))
    return ref
  }
  const data = async (ref: { namespace: string; name: string }): Promise<unknown> =>
    (await api.kube.get<ConfigMap>(configMaps, ref)).data

  test('of type merge changes what it names, and removes what is null', async () => {
    const ref = await createConfigMap()
    await api.kube.patch(configMaps, ref, { type: 'merge', body: { data: { a: null, c: '3' } } })
    expect(await data(ref)).toEqual({ b: '2', c: '3' })
  })

  test('of type merge with a resourceVersion is a Conflict where the object has changed since: never a refusal', async () => {
    const ref = await createConfigMap()
    const { metadata } = await api.kube.get<ConfigMap>(configMaps, ref)
    await api.kube.patch(configMaps, ref, { type: 'merge', body: { data: { a: '9' } } })
    await expect(
      api.kube.patch(configMaps, ref, {
        type: 'merge',
        body: { metadata: { resourceVersion: metadata.resourceVersion }, data: { b: '9' } },
      }),
    ).rejects.toThrow(Conflict)
    expect(await data(ref)).toEqual({ a: '9', b: '2' })
  })

  test('of type apply creates what is absent, and gives up fields that it no longer names', async () => {
    const ref = { namespace, name: api.name('applied') }
    const apply = async (content: Record<string, string>): Promise<unknown> =>
      (
        await api.kube.patch<ConfigMap>(configMaps, ref, {
          type: 'apply',
          fieldManager: 'first',
          body: configMap(ref, content),
        })
      ).data
    expect(await apply({ a: '1', b: '2' })).toEqual({ a: '1', b: '2' })
    expect(await apply({ b: '3' })).toEqual({ b: '3' })
  })

  test('of type apply takes another writer’s field only by force', async () => {
    const ref = { namespace, name: api.name('applied') }
    const apply = async (fieldManager: string, a: string, more: { force?: boolean } = {}): Promise<unknown> =>
      await api.kube.patch(configMaps, ref, { type: 'apply', fieldManager, body: configMap(ref, { a }), ...more })
    await apply('first', '1')
    await expect(apply('second', '2')).rejects.toThrow(Conflict)
    expect(await data(ref)).toEqual({ a: '1' })
    await apply('second', '2', { force: true })
    expect(await data(ref)).toEqual({ a: '2' })
  })

  test('of the status reaches the status alone', async () => {
    const ref = { namespace, name: api.name('patched') }
    await api.kube.create(meiliSnapshots, snapshot(ref.name))
    const body = { spec: { deletionPolicy: 'Delete' }, status: { waitingFor: 'batch 7' } }
    const patched = await api.kube.patch<Snapshot>(meiliSnapshots, ref, { type: 'merge', subresource: 'status', body })
    expect(patched).toMatchObject({ spec: { deletionPolicy: 'Retain' }, status: { waitingFor: 'batch 7' } })
  })

  test('with a resourceVersion that is not the last is a conflict', async () => {
    const ref = await createConfigMap()
    const { metadata } = await api.kube.get(configMaps, ref)
    await api.kube.patch(configMaps, ref, { type: 'merge', body: { data: { a: '2' } } })
    const late = { metadata: { resourceVersion: metadata.resourceVersion, finalizers: ['meili-operator.dev/late'] } }
    await expect(api.kube.patch(configMaps, ref, { type: 'merge', body: late })).rejects.toThrow(Conflict)
    expect((await api.kube.get(configMaps, ref)).metadata.finalizers).toBeUndefined()
  })

  test('that is tried dry shows its result and changes nothing', async () => {
    const ref = await createConfigMap()
    const shown = await api.kube.patch<ConfigMap>(configMaps, ref, {
      type: 'merge',
      dryRun: true,
      body: { data: { a: '2' } },
    })
    expect(shown.data).toEqual({ a: '2', b: '2' })
    expect(await data(ref)).toEqual({ a: '1', b: '2' })
  })
})

test('an object that is created dry is judged like another, and is not there', async () => {
  const name = api.name('dry')
  expect(await api.kube.create(meiliSnapshots, snapshot(name), { dryRun: true })).toMatchObject({
    spec: { deletionPolicy: 'Retain' },
  })
  expect(await isThere(meiliSnapshots, name)).toBe(false)
  await expect(
    api.kube.create(configMaps, configMap({ namespace, name: 'NOT A NAME' }), { dryRun: true }),
  ).rejects.toThrow(TerminalError)
})

describe('a deletion', () => {
  const createConfigMap = async (): Promise<KubeObject> =>
    await api.kube.create<KubeObject>(configMaps, configMap({ namespace, name: api.name('deleted') }))

  test.each(['uid', 'resourceVersion'] as const)('with another %s leaves the object there', async (precondition) => {
    const { metadata } = await createConfigMap()
    const other = { uid: '00000000-0000-4000-8000-000000000000', resourceVersion: '1' }[precondition]
    await expect(
      api.kube.delete(configMaps, { namespace, name: metadata.name }, { [precondition]: other }),
    ).rejects.toThrow(Conflict)
    expect(await isThere(configMaps, metadata.name)).toBe(true)
    await api.kube.delete(configMaps, { namespace, name: metadata.name }, { [precondition]: metadata[precondition]! })
    expect(await isThere(configMaps, metadata.name)).toBe(false)
  })

  test.each([
    ['Foreground', ['foregroundDeletion']],
    ['Orphan', ['orphan']],
  ] as const)('of propagation %s waits for the garbage collector', async (propagationPolicy, finalizers) => {
    const { metadata } = await createConfigMap()
    await api.kube.delete(configMaps, { namespace, name: metadata.name }, { propagationPolicy })
    const left = await api.kube.get(configMaps, { namespace, name: metadata.name })
    expect(left.metadata.finalizers).toEqual(finalizers)
    expect(left.metadata.deletionTimestamp).toEqual(expect.any(String))
  })

  test('of what is gone already says so', async () => {
    await expect(api.kube.delete(configMaps, { namespace, name: 'nobody' })).rejects.toThrow(NotFound)
  })
})

describe('a list', () => {
  const many = 1003
  let crowd: string
  beforeAll(async () => {
    crowd = await api.namespace()
    const make = async (index: number): Promise<unknown> =>
      await api.kube.create(
        configMaps,
        configMap({ namespace: crowd, name: `c${index}`, labels: { half: index % 2 === 0 ? 'even' : 'odd' } }),
      )
    await Promise.all(Array.from({ length: many }, (_, index) => make(index)))
  })

  test('of more than a page brings each object once, and the version to watch from', async () => {
    const requests: string[] = []
    const kube = api.client(api.plane.kubeconfig, ({ verb }) => requests.push(verb))
    const pages: KubeList<KubeObject>[] = []
    for await (const page of kube.pages(configMaps, { namespace: crowd })) pages.push(page)
    const items = pages.flatMap((page) => page.items)
    expect(new Set(items.map(({ metadata }) => metadata.name)).size).toBe(many)
    expect(items).toHaveLength(many)
    expect(requests).toEqual(['list', 'list', 'list'])
    const newest = Math.max(...items.map(({ metadata }) => Number(metadata.resourceVersion)))
    expect(Number(pages.at(-1)?.metadata.resourceVersion)).toBeGreaterThanOrEqual(newest)
  })

  test('shows one moment, also where objects come and go between its pages', async () => {
    const first = await api.kube.list(configMaps, { namespace: crowd, limit: 400 })
    await api.kube.create(configMaps, configMap({ namespace: crowd, name: 'zz-late' }))
    await api.kube.delete(configMaps, { namespace: crowd, name: 'c888' })
    const second = await api.kube.list(configMaps, {
      namespace: crowd,
      limit: 2000,
      continue: first.metadata.continue!,
    })
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    const names = [...first.items, ...second.items].map(({ metadata }) => metadata.name)
    expect(names).toHaveLength(many)
    expect(names).toContain('c888')
    expect(names).not.toContain('zz-late')
  })

  test('is narrowed by label, by field and by namespace', async () => {
    const odd = await api.kube.listAll(configMaps, { namespace: crowd, labelSelector: 'half=odd' })
    expect(new Set(odd.map(({ metadata }) => metadata.labels?.['half']))).toEqual(new Set(['odd']))
    expect(await api.kube.listAll(configMaps, { namespace: crowd, fieldSelector: 'metadata.name=c7' })).toMatchObject([
      { metadata: { name: 'c7' } },
    ])
    expect(await api.kube.listAll(configMaps, { fieldSelector: 'metadata.name=c7' }), 'all namespaces').toHaveLength(1)
    expect(
      await api.kube.listAll(configMaps, { namespace, fieldSelector: 'metadata.name=c7' }),
      'another namespace',
    ).toEqual([])
  })
})

test('logs of a pod that runs nowhere yet are empty, and those of a container that it has not are refused with the reason', async () => {
  const name = api.name('quiet')
  await api.kube.create<Pod>(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, ...podTemplate })
  expect(await api.kube.logs({ namespace, name }, { container: 'main', tailLines: 1 })).toBe('')
  await expect(api.kube.logs({ namespace, name }, { container: 'other' })).rejects.toThrow(
    /^GET Pod .*\/log answered 400 BadRequest: container other is not valid for pod/,
  )
})

test('each finished request is reported with its verb, resource and code', async () => {
  const requests: object[] = []
  const kube = api.client(api.plane.kubeconfig, ({ seconds, ...call }) =>
    requests.push({ ...call, hasTime: seconds > 0 }),
  )
  await kube.get(leases, { namespace, name: 'nobody' }).catch(() => undefined)
  await kube.create(configMaps, configMap({ namespace, name: api.name('counted') }))
  expect(requests).toEqual([
    { verb: 'get', resource: 'leases', code: '404', hasTime: true },
    { verb: 'create', resource: 'configmaps', code: '201', hasTime: true },
  ])
})
