// The instance controller on a real API server and a real Meilisearch: what stands in status after a pass, and that the next writes nothing.
import { beforeEach, describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import type { Condition } from '../../../../src/api/meta.ts'
import { instanceKind } from '../../../../src/kinds/instance/controller.ts'
import { configMaps, persistentVolumeClaims, pods, secrets } from '../../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../../src/kube/resource.ts'
import { Connections } from '../../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../../src/perform/perform.ts'
import { reconcilerOf } from '../../../../src/reconcile/reconciler.ts'
import { apiServer, namespaceOfEachTest } from '../../../support/kubernetes/api-server.ts'
import { MeilisearchDouble, refusalAnswer } from '../../../support/meilisearch/double.ts'
import { meilisearches, serverWithDocuments } from '../../../support/meilisearch/process.ts'
import { recordingLogger } from '../../../support/runtime/log.ts'
import { instancesIn, snapshotsIn } from '../../../support/builders/caches.ts'

const masterKey = 'the-master-key-of-this-test'
const api = apiServer()
const here = namespaceOfEachTest(api)
const server = serverWithDocuments(meilisearches(), { masterKey, documents: { movies: '{"id":1}\n{"id":2}' } })
let events: string[]

beforeEach(() => {
  events = []
})

async function create(resource: Resource, name: string, rest: object = {}): Promise<KubeObject> {
  const { metadata = {}, ...more } = rest as { metadata?: object }
  return await api.kube.create(resource, {
    apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: { namespace: here.namespace, name, ...metadata },
    ...more,
  })
}

async function createPod(
  name: string,
  labels: Record<string, string> = { app: 'search' },
  podIP = '127.0.0.1',
): Promise<void> {
  const container = {
    name: 'meilisearch',
    image: 'getmeili/meilisearch:v1.21.0',
    envFrom: [{ configMapRef: { name: 'settings', optional: true } }],
    volumeMounts: [{ name: 'data', mountPath: '/meili_data' }],
  }
  const pod = await create(pods, name, {
    metadata: { labels },
    spec: {
      nodeName: 'node-a',
      containers: [container],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'search-data' } }],
    },
  })
  await api.kube.updateStatus(pods, { ...pod, status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] } })
}

async function createClaim(accessModes: readonly string[] = ['ReadWriteOnce'], phase = 'Bound'): Promise<void> {
  const claim = await create(persistentVolumeClaims, 'search-data', {
    spec: { accessModes, resources: { requests: { storage: '1Gi' } } },
  })
  await api.kube.updateStatus(persistentVolumeClaims, {
    ...claim,
    status: { phase, accessModes, capacity: { storage: '1Gi' } },
  })
}

async function createInstance(name = 'search', existing: object = {}): Promise<void> {
  await create(meiliInstances, name, {
    spec: {
      existing: {
        podSelector: { matchLabels: { app: 'search' } },
        port: server.port,
        apiKeySecretRef: { name: 'keys', key: 'k' },
        ...existing,
      },
    },
  })
}

const createKey = async (key = masterKey): Promise<KubeObject> =>
  await create(secrets, 'keys', { stringData: { k: key } })

/** One pass over the object as it stands; gives it as it stands then. */
async function pass(name = 'search'): Promise<MeiliInstance & KubeObject> {
  const all = await api.kube.listAll<MeiliInstance & KubeObject>(meiliInstances, { namespace: here.namespace })
  const connections = new Connections(api.kube)
  const performer = new Performer({ kube: api.kube, connections, isLeader: () => true, record: () => undefined })
  const reconcile = reconcilerOf(
    instanceKind({
      kube: api.kube,
      connections,
      ...instancesIn(all),
      snapshots: snapshotsIn(),
      pollMs: 60_000,
      streaming: false,
      runsServers: false,
      ipv6: false,
    }),
    {
      get: () => all.find(({ metadata }) => metadata.name === name),
      kube: api.kube,
      perform: performer.perform.bind(performer),
      record: (_, { type, reason }) => events.push(`${type} ${reason}`),
      logger: recordingLogger().logger,
      nowMs: Date.now,
    },
  )
  await reconcile(`${here.namespace}/${name}`)
  return await api.kube.get(meiliInstances, { namespace: here.namespace, name })
}

const condition = ({ status }: MeiliInstance, type: string): Condition | undefined =>
  status?.conditions?.find((each) => each.type === type)

test('a fresh object is in progress for everybody who reads status', async () => {
  await createInstance()
  expect(await api.kube.get(meiliInstances, { namespace: here.namespace, name: 'search' })).toMatchObject({
    metadata: { generation: 1 },
    status: { observedGeneration: -1 },
  })
})

test('a healthy server: Ready, with all that there is to see; the next pass writes nothing', async () => {
  await Promise.all([createPod('search-0'), createClaim(), createKey(), createInstance()])
  const first = await pass()
  expect(first.status).toMatchObject({
    observedGeneration: 1,
    version: '1.21.0',
    endpoint: server.endpoint,
    pod: { name: 'search-0', node: 'node-a' },
    database: { indexes: 1, documents: 2, size: expect.stringMatching(/^\S+ KiB|MiB$/) },
    snapshotVolume: {
      kind: 'PersistentVolumeClaim',
      claimName: 'search-data',
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      subPath: 'snapshots',
      fileName: 'data.ms.snapshot',
    },
  })
  expect(first.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    'Ready=True',
    'PodFound=True',
    'Reachable=True',
    'Authorized=True',
    'SnapshotVolumeReady=True',
  ])
  expect((await pass()).metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  expect(events).toEqual(['Normal Ready'])
  await api.kubectl.run(['-n', here.namespace, 'wait', 'meiliinstance/search', '--for=condition=Ready', '--timeout=5s'])
  expect(await api.kubectl.run(['-n', here.namespace, 'get', 'mi', '--no-headers'])).toMatch(
    /^search\s+1\.21\.0\s+True\s+2\s+/,
  )
})

describe('the key', () => {
  test('that arrives late: KeyMissing, then Ready by itself', async () => {
    await Promise.all([createPod('search-0'), createInstance()])
    expect(condition(await pass(), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'KeyMissing',
      message: expect.stringContaining('Secret keys does not exist'),
    })
    await createKey()
    expect(condition(await pass(), 'Ready')).toMatchObject({ status: 'True' })
    expect(events).toEqual(['Warning KeyMissing', 'Warning ClaimNotBound', 'Normal Ready'])
  })

  test('that is wrong: KeyRefused, and it stands nowhere in the object', async () => {
    await Promise.all([createPod('search-0'), createKey('a-wrong-key-altogether'), createInstance()])
    const seen = await pass()
    expect(condition(seen, 'Authorized')).toMatchObject({
      status: 'False',
      reason: 'KeyRefused',
      message: expect.stringContaining('invalid_api_key'),
    })
    expect(condition(seen, 'Reachable')).toMatchObject({ status: 'True' })
    expect(JSON.stringify(seen)).not.toContain('a-wrong-key-altogether')
  })
})

describe('the pod', () => {
  test.each<[string, object]>([
    ['labels', { matchLabels: { app: 'search', tier: 'gold' } }],
    ['In', { matchExpressions: [{ key: 'tier', operator: 'In', values: ['gold', 'platinum'] }] }],
    [
      'NotIn',
      {
        matchLabels: { app: 'search' },
        matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['tin', 'lead'] }],
      },
    ],
    [
      'Exists and DoesNotExist',
      {
        matchExpressions: [
          { key: 'tier', operator: 'Exists' },
          { key: 'canary', operator: 'DoesNotExist' },
        ],
      },
    ],
    [
      'In with the empty value',
      {
        matchLabels: { app: 'search', tier: 'gold' },
        matchExpressions: [{ key: 'empty', operator: 'In', values: [''] }],
      },
    ],
  ])('is selected by %s', async (_, podSelector) => {
    await createPod('other', { app: 'search', tier: 'tin', canary: 'yes' })
    await createPod('wanted', { app: 'search', tier: 'gold', empty: '' })
    await createInstance('search', { podSelector })
    expect((await pass()).status?.pod?.name).toBe('wanted')
  })

  test('two of them: both named, none asked', async () => {
    await Promise.all([createPod('search-0'), createPod('search-1'), createKey(), createInstance()])
    expect(condition(await pass(), 'Ready')).toMatchObject({
      reason: 'PodAmbiguous',
      message: expect.stringContaining('search-0, search-1'),
    })
  })

  test('goes: PodNotFound, while what was last seen of the server stays', async () => {
    await Promise.all([createPod('search-0'), createKey(), createInstance()])
    await pass()
    await api.kube.delete(pods, { namespace: here.namespace, name: 'search-0' })
    await api.kubectl.run([
      '-n',
      here.namespace,
      'delete',
      'pod',
      'search-0',
      '--force',
      '--grace-period=0',
      '--ignore-not-found',
    ])
    const seen = await pass()
    expect(condition(seen, 'Ready')).toMatchObject({ status: 'False', reason: 'PodNotFound' })
    expect(condition(seen, 'Reconciling')).toMatchObject({ status: 'True', reason: 'PodNotFound' })
    expect(seen.status).toMatchObject({ version: '1.21.0', database: { documents: 2 } })
    expect(seen.status?.pod).toBeUndefined()
  })

  test('of two instances: the younger stands back', async () => {
    await Promise.all([createPod('search-0'), createKey()])
    await createInstance('elder')
    await pass('elder')
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await createInstance('younger')
    expect(condition(await pass('younger'), 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'PodAlreadyClaimed',
      message: expect.stringContaining('elder'),
    })
    expect(condition(await pass('elder'), 'Ready')).toMatchObject({ status: 'True' })
  })
})

describe('the server', () => {
  test('goes and comes back', async () => {
    await Promise.all([createPod('search-0'), createKey(), createInstance()])
    const before = condition(await pass(), 'PodFound')?.lastTransitionTime
    await server.kill()
    const gone = await pass()
    expect(condition(gone, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'Unreachable',
      message: expect.stringMatching(/ECONNREFUSED.*NetworkPolicy/),
    })
    expect(condition(gone, 'PodFound')?.lastTransitionTime).toBe(before)
    await server.launch()
    expect(condition(await pass(), 'Ready')).toMatchObject({ status: 'True' })
  })

  test('that says more than status takes: it is cut, stored, and not written again', async () => {
    await using double = await MeilisearchDouble.start(
      (response, { path }) =>
        path !== '/health' &&
        refusalAnswer(
          403,
          'invalid_api_key',
          `No. ${'😀'.repeat(3000)}`,
        )(response, { method: '', path, authorization: undefined }),
    )
    await Promise.all([
      createPod('search-0'),
      createKey(),
      createInstance('search', { port: Number(new URL(double.endpoint).port) }),
    ])
    const first = await pass()
    expect(condition(first, 'Authorized')).toMatchObject({ reason: 'KeyRefused' })
    expect((await pass()).metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  })
})

describe('the snapshot volume', () => {
  test.each<[string, () => Promise<unknown>, object]>([
    ['a claim that is not there', async () => await Promise.resolve(), { reason: 'ClaimNotBound' }],
    [
      'a claim that is pending',
      async () => await createClaim(['ReadWriteOnce'], 'Pending'),
      { reason: 'ClaimNotBound' },
    ],
    ['a claim for one pod', async () => await createClaim(['ReadWriteOncePod']), { reason: 'ClaimReadWriteOncePod' }],
    [
      'a directory of a ConfigMap, on no volume',
      async () => await create(configMaps, 'settings', { data: { MEILI_SNAPSHOT_DIR: '/elsewhere' } }),
      {
        reason: 'DirectoryNotOnClaim',
        message: expect.stringContaining('to /elsewhere, on the container file system'),
      },
    ],
    [
      'a path of 5000 characters',
      async () => await create(configMaps, 'settings', { data: { MEILI_SNAPSHOT_DIR: `/${'d/'.repeat(2500)}` } }),
      { reason: 'DirectoryUnknown' },
    ],
    [
      'a file name of 300 characters',
      async () => await create(configMaps, 'settings', { data: { MEILI_DB_PATH: 'x'.repeat(300) } }),
      { reason: 'DirectoryUnknown' },
    ],
  ])('%s: the server is Ready, snapshots are not', async (_, prepare, expected) => {
    await Promise.all([prepare(), createPod('search-0'), createKey(), createInstance()])
    const seen = await pass()
    expect(condition(seen, 'Ready')).toMatchObject({ status: 'True' })
    expect(condition(seen, 'SnapshotVolumeReady')).toMatchObject({ status: 'False', ...expected })
  })
})

test('a selector that no label can have is reported, not only logged', async () => {
  await createInstance('search', { podSelector: { matchLabels: { app: 'not a label' } } })
  expect(condition(await pass(), 'Ready')).toMatchObject({
    status: 'False',
    reason: 'PodNotFound',
    message: expect.stringContaining('not a label'),
  })
})
