// What is read of the world for a MeiliInstance, and how each way in which the server can fail becomes something that status can say.
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MeiliInstance } from '../../../../../src/api/instance.ts'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import type { InstanceObservation } from '../../../../../src/kinds/instance/observation.ts'
import { observeInstance } from '../../../../../src/kinds/instance/observe/observe.ts'
import { configMaps, persistentVolumeClaims, pods, secrets } from '../../../../../src/kube/resource.ts'
import type { KubeObject } from '../../../../../src/kube/resource.ts'
import { Connections } from '../../../../../src/perform/meilisearch-connections.ts'
import { TransientError } from '../../../../../src/errors.ts'
import { instanceVerdict } from '../../../../support/builders/instance-observations.ts'
import { KubeInMemory, refusal } from '../../../../support/kubernetes/kube-in-memory.ts'
import { MeilisearchDouble, refusalAnswer, jsonAnswer } from '../../../../support/meilisearch/double.ts'
import type { Answer } from '../../../../support/meilisearch/double.ts'
import { ago, anInstance, aSnapshot, hour, minute } from '../../../../support/builders/observations.ts'
import { instancesIn, snapshotsIn } from '../../../../support/builders/caches.ts'

let kube: KubeInMemory
let engine: MeilisearchDouble
let instance: MeiliInstance
let others: MeiliInstance[]
let snapshots: MeiliSnapshot[]

beforeEach(async () => {
  kube = new KubeInMemory()
  engine = await MeilisearchDouble.start()
  instance = anInstance({ existing: { port: Number(new URL(engine.endpoint).port) } })
  others = []
  snapshots = []
  layPod()
})
afterEach(async () => {
  await engine[Symbol.asyncDispose]()
})

interface PodParts {
  readonly metadata?: object
  readonly container?: object
  readonly status?: object
}

function layPod({ metadata = {}, container = {}, status = {} }: PodParts = {}): void {
  kube.lay(pods, {
    metadata: { namespace: 'shop', name: 'search-0', uid: 'pod-uid', labels: { app: 'search' }, ...metadata },
    spec: {
      containers: [{ name: 'meilisearch', volumeMounts: [{ name: 'data', mountPath: '/meili_data' }], ...container }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'search-data' } }],
    },
    status: { phase: 'Running', podIP: '127.0.0.1', ...status },
  } as KubeObject)
}

const observe = async (): Promise<InstanceObservation> =>
  await observeInstance(
    {
      kube,
      connections: new Connections(kube),
      ...instancesIn([instance, ...others]),
      snapshots: snapshotsIn(snapshots),
      pollMs: 60_000,
      streaming: false,
      runsServers: true,
      ipv6: false,
    },
    instance,
  )

test('a healthy server on a claim: all of it', async () => {
  const claim = kube.lay(persistentVolumeClaims, { metadata: { namespace: 'shop', name: 'search-data' } })
  expect(await observe()).toEqual({
    instance,
    pods: [kube.peek(pods, { namespace: 'shop', name: 'search-0' })].map(
      (pod) => expect.objectContaining(pod!) as unknown,
    ),
    podsRefused: undefined,
    rival: undefined,
    endpoint: engine.endpoint,
    server: {
      state: 'Answered',
      version: '1.21.0',
      database: { sizeBytes: 8192, usedBytes: 4096, indexes: 2, documents: 7, lastUpdate: '2026-03-01T11:00:00.5Z' },
    },
    located: {
      readOnly: false,
      s3: false,
      volume: {
        kind: 'PersistentVolumeClaim',
        claimName: 'search-data',
        subPath: 'snapshots',
        directory: '/meili_data/snapshots',
        fileName: 'data.ms.snapshot',
        container: 'meilisearch',
      },
    },
    databaseClaims: [{ claimName: 'search-data', subPath: 'data.ms' }],
    claim,
    lastSnapshot: undefined,
    pollMs: 60_000,
    streaming: false,
    managed: undefined,
  })
})

describe('pods', () => {
  test('those that end or have ended do not count, nor those of others', async () => {
    layPod({ metadata: { name: 'ending', deletionTimestamp: ago(minute) } })
    layPod({ metadata: { name: 'done' }, status: { phase: 'Succeeded' } })
    layPod({ metadata: { name: 'failed' }, status: { phase: 'Failed' } })
    layPod({ metadata: { name: 'stranger', labels: { app: 'other' } } })
    layPod({ metadata: { name: 'abroad', namespace: 'elsewhere' } })
    expect((await observe()).pods.map(({ metadata }) => metadata?.name)).toEqual(['search-0'])
  })

  test('of two, none is asked', async () => {
    layPod({ metadata: { name: 'search-1' } })
    expect(await observe()).toMatchObject({
      pods: [{}, {}],
      endpoint: undefined,
      server: { state: 'NotAsked' },
      located: undefined,
      claim: undefined,
    })
    expect(engine.asked).toEqual([])
  })

  test('of two, both are looked at for their databases, which status tells: each may be the one', async () => {
    layPod({
      metadata: { name: 'search-1' },
      container: { volumeMounts: [{ name: 'data', mountPath: '/meili_data', subPath: 'second' }] },
    })
    const observation = await observe()
    const databaseClaims = [
      { claimName: 'search-data', subPath: 'data.ms' },
      { claimName: 'search-data', subPath: 'second/data.ms' },
    ]
    expect(observation).toMatchObject({ located: undefined, databaseClaims })
    expect(instanceVerdict(observation)).toMatchObject({ reason: 'PodAmbiguous', status: { databaseClaims } })
  })

  test('of many that name the same ConfigMap it is read once', async () => {
    let reads = 0
    kube.before = ({ verb, resource }) => {
      if (verb === 'get' && resource === configMaps) reads += 1
    }
    for (const name of ['search-0', 'search-1', 'search-2'])
      layPod({ metadata: { name }, container: { envFrom: [{ configMapRef: { name: 'settings' } }] } })
    expect((await observe()).databaseClaims).toEqual([{ claimName: 'search-data' }])
    expect(reads).toBe(1)
  })

  test('where there is none, status keeps what it knows of the database', async () => {
    layPod({ status: { phase: 'Succeeded' } })
    const observation = await observe()
    expect(observation.databaseClaims).toBeUndefined()
    expect(instanceVerdict(observation).status.databaseClaims).toEqual([
      { claimName: 'search-data', subPath: 'data.ms' },
    ])
  })

  test('one without an address is not asked, but looked at', async () => {
    layPod({ status: { podIP: undefined, phase: 'Pending' } })
    expect(await observe()).toMatchObject({
      endpoint: undefined,
      server: { state: 'NotAsked' },
      located: { volume: { claimName: 'search-data' } },
    })
  })

  test('a list that is refused is reported', async () => {
    kube.before = ({ verb }) => {
      if (verb === 'list') throw refusal(403, 'Forbidden', 'pods is forbidden')
    }
    const observation = await observe()
    expect(observation).toMatchObject({
      pods: [],
      podsRefused: expect.stringContaining('pods is forbidden'),
      server: { state: 'NotAsked' },
    })
    expect(instanceVerdict(observation)).toMatchObject({
      ready: 'False',
      reason: 'PodNotFound',
      message: expect.stringMatching(/^Pods cannot be listed by podSelector .*forbidden/),
    })
  })

  test('an API server that does not answer is an error: nothing is known then', async () => {
    kube.before = () => {
      throw refusal(500, 'InternalError')
    }
    await expect(observe()).rejects.toBeInstanceOf(TransientError)
  })
})

describe('the snapshot directory', () => {
  test('is read with the ConfigMaps of the container', async () => {
    layPod({ container: { envFrom: [{ configMapRef: { name: 'settings' } }] } })
    kube.lay(configMaps, {
      metadata: { namespace: 'shop', name: 'settings' },
      data: { MEILI_SNAPSHOT_DIR: '/meili_data/from-map' },
    } as KubeObject)
    expect((await observe()).located).toMatchObject({ volume: { directory: '/meili_data/from-map' } })
  })

  test('is unknown where a ConfigMap is not there; an empty one says nothing', async () => {
    layPod({ container: { envFrom: [{ configMapRef: { name: 'settings' } }] } })
    expect((await observe()).located).toMatchObject({ unknown: expect.stringContaining('ConfigMap settings') })
    kube.lay(configMaps, { metadata: { namespace: 'shop', name: 'settings' } })
    expect((await observe()).located).toMatchObject({ volume: { directory: '/meili_data/snapshots' } })
  })

  test('S3 is seen', async () => {
    layPod({ container: { env: [{ name: 'MEILI_S3_BUCKET_NAME', value: 'bucket' }] } })
    expect((await observe()).located).toMatchObject({ s3: true })
  })

  test('no container, no place', async () => {
    instance = anInstance({ existing: { port: instance.spec.existing!.port, container: 'nobody' } })
    expect(await observe()).toMatchObject({ located: undefined, claim: undefined, server: { state: 'Answered' } })
  })

  test('a claim that is not there is absent', async () => {
    expect((await observe()).claim).toBeUndefined()
  })
})

describe('rivals', () => {
  const rival = (name: string, changes: object = {}, uid = 'pod-uid'): MeiliInstance =>
    anInstance({ name, metadata: changes, status: { pod: { name: 'search-0', uid } } })

  test.each<[string, MeiliInstance, string | undefined]>([
    ['an older one on the same pod', rival('elder', { creationTimestamp: ago(2 * hour) }), 'elder'],
    ['a younger one', rival('younger', { creationTimestamp: ago(minute) }), undefined],
    ['one of the same second with a lower uid', rival('twin', { uid: 'a-uid' }), 'twin'],
    ['one of the same second with a higher uid', rival('twin', { uid: 'z-uid' }), undefined],
    ['an older one on another pod', rival('elder', { creationTimestamp: ago(2 * hour) }, 'other-pod'), undefined],
  ])('%s', async (_, other, expected) => {
    others = [other]
    expect((await observe()).rival).toBe(expected)
  })
})

describe('the last snapshot', () => {
  const completedSnapshot = (name: string, completedAt: string, more: object = {}): MeiliSnapshot =>
    aSnapshot({ name, status: { phase: 'Completed', completedAt }, ...more })

  test('is the newest that completed, of this instance', async () => {
    snapshots = [
      completedSnapshot('older', ago(2 * hour)),
      completedSnapshot('newer', ago(hour)),
      completedSnapshot('of-another', ago(minute), { spec: { source: { instanceRef: { name: 'other' } } } }),
      aSnapshot({ name: 'failed', status: { phase: 'Failed', completedAt: ago(minute) } }),
      aSnapshot({ name: 'running', status: { phase: 'Moving' } }),
    ]
    expect((await observe()).lastSnapshot).toEqual({ name: 'newer', completedAt: ago(hour) })
  })
})

describe('the server', () => {
  const observeServer = async (
    answer?: Answer,
  ): Promise<{ state: string; reason: string | undefined; message: string }> => {
    if (answer !== undefined) engine.answer = answer
    const observation = await observe()
    const { reason, message } = instanceVerdict(observation)
    return { state: observation.server.state, reason, message }
  }
  const onHealth =
    (answer: Answer): Answer =>
    (response, asked) =>
      asked.path === '/health' && answer(response, asked)

  test('that is down', async () => {
    await engine[Symbol.asyncDispose]()
    expect(await observeServer()).toMatchObject({
      state: 'Unreachable',
      reason: 'Unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test.each<[string, Answer, RegExp]>([
    ['that must restart', onHealth(refusalAnswer(500, 'internal', 'mustRestart')), /answered 500/],
    [
      'behind a mesh that lets nobody in',
      onHealth((response: ServerResponse) => response.writeHead(403).end('RBAC: access denied') !== undefined),
      /GET \/health answered 403/,
    ],
    ['that is none: there is nothing at /health', refusalAnswer(404, 'not_found'), /GET \/health answered 404/],
    [
      'that sends us elsewhere',
      (response) => response.writeHead(302, { location: 'https://example.test/login' }).end() !== undefined,
      /answered 302/,
    ],
    [
      'that speaks of other things',
      jsonAnswer('hello'),
      /answered something that Meilisearch 1\.12 or later would not/,
    ],
  ])('%s is unreachable, and says why', async (_, answer, words) => {
    expect(await observeServer(answer)).toMatchObject({
      state: 'Unreachable',
      reason: 'Unreachable',
      message: expect.stringMatching(words),
    })
  })

  test('whose key cannot be sent is not asked, and no NetworkPolicy is blamed', async () => {
    instance = anInstance({
      existing: { port: instance.spec.existing!.port, apiKeySecretRef: { name: 'keys', key: 'k' } },
    })
    kube.lay(secrets, {
      metadata: { namespace: 'shop', name: 'keys' },
      data: { k: Buffer.from('two\nlines').toString('base64') },
    } as KubeObject)
    expect(await observeServer()).toEqual({
      state: 'KeyUnusable',
      reason: 'KeyRefused',
      message:
        'The key in Secret keys/k cannot be sent: it holds a line break. Replace it with a key without that; it goes on by itself.',
    })
    expect(engine.asked).toEqual([])
  })

  test('that answers, but not as Meilisearch would: no NetworkPolicy is blamed', async () => {
    const tooMuch = await observeServer(
      (response, asked) => asked.path === '/stats' && response.end(' '.repeat(5 * 1024 * 1024)) !== undefined,
    )
    expect(tooMuch).toMatchObject({
      reason: 'Unreachable',
      message:
        'GET /stats answered more than 4 MiB. Is it Meilisearch that answers on this port, and nothing between it and the operator?',
    })
    expect((await observeServer(jsonAnswer('hello'))).message).toMatch(/Is it Meilisearch that answers/)
    expect((await observeServer(refusalAnswer(404, 'not_found'))).message).toMatch(/Is it Meilisearch that answers/)
  })

  test('that refuses, or half refuses', async () => {
    const unlessHealth =
      (answer: Answer): Answer =>
      (response, asked) =>
        asked.path !== '/health' && answer(response, asked)
    expect(await observeServer(unlessHealth(refusalAnswer(403, 'invalid_api_key')))).toMatchObject({
      state: 'KeyRefused',
      reason: 'KeyRefused',
    })
    expect(
      await observeServer(
        (response, asked) => asked.path === '/stats' && refusalAnswer(403, 'invalid_api_key')(response, asked),
      ),
    ).toMatchObject({ state: 'KeyTooWeak', reason: 'KeyTooWeak', message: expect.stringContaining('lacks stats.get') })
    expect(
      await observeServer(
        (response, asked) =>
          asked.path.startsWith('/tasks?') && jsonAnswer({ results: [], total: 4, next: null })(response, asked),
      ),
    ).toMatchObject({ state: 'KeyScoped', reason: 'KeyTooWeak' })
  })

  test('whose Secret is not there is not asked', async () => {
    instance = anInstance({
      existing: { port: instance.spec.existing!.port, apiKeySecretRef: { name: 'keys', key: 'k' } },
    })
    expect(await observeServer()).toMatchObject({ state: 'SecretMissing', reason: 'KeyMissing' })
    expect(engine.asked).toEqual([])
  })
})
