// adopt on a real API server: what it prints is applied as it is, and the real operator finds the real Meilisearch by it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import { formatValue } from '../../../src/cli/terminal/print.ts'
import { isTrue } from '../../../src/api/status/conditions.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { apiServer, namespaceOfEachTest, pluginOn } from '../../support/kubernetes/api-server.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'
import type { Ended } from '../../support/kubernetes/plugin.ts'
import { deployedEnvironment, OperatorProcess } from '../runtime/operator-process.ts'
import { installRelease, createRunningPod } from './chart-release.ts'
import type { Release } from './chart-release.ts'

const masterKey = 'the-master-key-of-this-test'
const api = apiServer()
const plugin = pluginOn(api)
const server = serverWithDocuments(meilisearches(), { masterKey })
let operator: OperatorProcess
const here = namespaceOfEachTest(api)

beforeAll(async () => {
  const account = { namespace: 'meili-operator-system', name: 'meili-operator' }
  const kubeconfig = api.kubeconfig({ user: { token: await api.token(account) } })
  operator = await OperatorProcess.start({
    ...deployedEnvironment({ name: 'operator-0', namespace: account.namespace }),
    KUBECONFIG: kubeconfig,
  })
})
afterAll(async () => {
  await operator[Symbol.asyncDispose]()
})

const release = (changes: Partial<Release> = {}): Release => ({
  namespace: here.namespace,
  name: 'movies',
  port: server.port,
  masterKey,
  ...changes,
})
const adopt = async (...words: readonly string[]): Promise<Ended> =>
  await plugin.run(['adopt', ...words, '-n', here.namespace])

/** Applies what was printed, and gives the instance as the operator sees it. */
async function applyAndWait(yaml: string, condition = 'SnapshotVolumeReady'): Promise<MeiliInstance> {
  await api.kubectl.run(['apply', '-f', '-'], { input: yaml })
  const { metadata } = parse(yaml) as MeiliInstance
  return await eventually(`MeiliInstance ${metadata.name} to be Ready`, async () => {
    const seen = await api.kubectl.json<MeiliInstance>(['-n', here.namespace, 'get', 'meiliinstance', metadata.name])
    return isTrue(seen.status?.conditions, 'Ready') && isTrue(seen.status?.conditions, condition) ? seen : undefined
  })
}

describe("a server of Meilisearch's official chart", () => {
  test.each([
    ['statefulset/movies-meilisearch'],
    ['sts/movies-meilisearch'],
    ['movies-meilisearch'],
    ['pod/movies-meilisearch-0'],
    [],
  ])('named as %s: what is printed works as it is', async (...words) => {
    await installRelease(api, release())
    const { code, out, err } = await adopt(...words)
    expect({ code, err }).toEqual({
      code: 0,
      err: 'Snapshots are written to /meili_data/snapshots, on claim movies-meilisearch.\n',
    })
    expect(out).toBe(`apiVersion: meili-operator.dev/v1alpha1
kind: MeiliInstance
metadata:
  name: movies-meilisearch
  namespace: ${here.namespace}
spec:
  existing:
    podSelector:
      matchLabels:
        app.kubernetes.io/instance: movies
        app.kubernetes.io/name: meilisearch
    port: ${server.port}
    apiKeySecretRef:
      name: movies-meilisearch-master-key
      key: MEILI_MASTER_KEY
`)
    expect(out).not.toContain(masterKey)
    expect((await applyAndWait(out)).status).toMatchObject({
      version: '1.21.0',
      pod: { name: 'movies-meilisearch-0' },
      snapshotVolume: { claimName: 'movies-meilisearch', subPath: 'snapshots' },
    })
  })

  test('without persistence, its default, says that its snapshots cannot be moved', async () => {
    await installRelease(api, release({ isPersistent: false }))
    expect((await adopt()).err).toMatch(
      /^Pod movies-meilisearch-0 writes its snapshots to \/meili_data\/snapshots, on the container file system, which no other pod can mount\. Put MEILI_SNAPSHOT_DIR on a PersistentVolumeClaim\./,
    )
  })

  test('with another name, as JSON: notes on stderr, the object alone on stdout', async () => {
    await installRelease(api, release())
    const { out, err } = await adopt('--name', 'search', '-o', 'json')
    expect(JSON.parse(out)).toMatchObject({
      kind: 'MeiliInstance',
      metadata: { name: 'search', namespace: here.namespace },
    })
    expect(err).toBe('Snapshots are written to /meili_data/snapshots, on claim movies-meilisearch.\n')
  })

  test('with two pods: each must be adopted by itself, and is', async () => {
    await installRelease(api, release({ replicas: 2 }))
    expect(await adopt('statefulset/movies-meilisearch')).toMatchObject({
      code: 3,
      err: expect.stringContaining('adopt pod/movies-meilisearch-0 or pod/movies-meilisearch-1') as unknown,
    })
    expect(await adopt()).toMatchObject({
      code: 3,
      err: expect.stringContaining('More than one pod looks like Meilisearch: name one.') as unknown,
    })
    const { out } = await adopt('pod/movies-meilisearch-1', '--name', 'second')
    expect(parse(out)).toMatchObject({
      spec: {
        existing: { podSelector: { matchLabels: { 'statefulset.kubernetes.io/pod-name': 'movies-meilisearch-1' } } },
      },
    })
    expect((await applyAndWait(out)).status?.pod?.name).toBe('movies-meilisearch-1')
  })

  test('whose Secret this user may not read: taken for granted, and said', async () => {
    await installRelease(api, release())
    const account = await api.account()
    await api.kubectl.run([
      '-n',
      here.namespace,
      'create',
      'role',
      'viewer',
      '--verb=get,list',
      '--resource=pods,configmaps,persistentvolumeclaims,statefulsets.apps',
    ])
    await api.kubectl.run([
      '-n',
      here.namespace,
      'create',
      'rolebinding',
      'viewer',
      '--role=viewer',
      `--serviceaccount=${account.namespace}:${account.name}`,
    ])
    const kubeconfig = api.kubeconfig({ user: { token: await api.token(account) } })
    const { out, err } = await plugin.run(['adopt', '-n', here.namespace], { kubeconfig })
    expect(err).toContain(
      'Whether the key is in Secret movies-meilisearch-master-key is taken for granted: you may not read it.',
    )
    await applyAndWait(out)
  })
})

test('a plain pod with a sidecar, a key of its own and a directory by flag', async () => {
  await api.kubectl.run(['-n', here.namespace, 'create', 'secret', 'generic', 'own', `--from-literal=key=${masterKey}`])
  const volume = { name: 'data', persistentVolumeClaim: { claimName: 'data' } }
  const server700 = {
    name: 'engine',
    image: 'registry.example/meilisearch@sha256:1234',
    args: [`--http-addr=:${server.port}`, '--snapshot-dir', '/kept', '--master-key', '$(THE_KEY)'],
    env: [{ name: 'THE_KEY', valueFrom: { secretKeyRef: { name: 'own', key: 'key' } } }],
    volumeMounts: [{ name: 'data', mountPath: '/kept' }],
  }
  await createRunningPod(api, {
    metadata: { namespace: here.namespace, name: 'plain', labels: { app: 'plain', 'pod-template-hash': 'x' } },
    spec: { volumes: [volume], containers: [{ name: 'proxy', image: 'envoy' }, server700] },
  })
  const { out, err } = await adopt('plain')
  expect(parse(out)).toMatchObject({
    metadata: { name: 'plain' },
    spec: {
      existing: {
        podSelector: { matchLabels: { app: 'plain' } },
        container: 'engine',
        port: server.port,
        apiKeySecretRef: { name: 'own', key: 'key' },
      },
    },
  })
  expect(err).toContain('Claim data of the snapshot directory is not there.')
  const { status } = await applyAndWait(out, 'Authorized')
  expect(status?.snapshotVolume?.directory).toBe('/kept')
})

describe('kubectl, whose reader of YAML is not ours, gets one object,', () => {
  /** Of several objects kubectl prints a List, or as many texts one after the other. */
  const read = async (input: string): Promise<unknown> =>
    JSON.parse(
      await api.kubectl.run(['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-'], { input }),
    )
  const second =
    '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: pwn}\n---\n#'
  const numbers = ['0o17', '0X1F', '0B11', '+0X1', '1e5_0', '-.5', '190:20:30']
  test.each<[string, string]>([
    ['a document of its own', `\n${second}`],
    ['ends of lines that only YAML 1.1 knows', `\u0085${second}\u2028${second}\u2029#`],
    ['quotes and comments', `"\n'\n# x: y\n${second}`],
    ['control sequences', '\u001B[2J\u009B31m\u001B]0;title\u0007\u007F'],
    ['text that turns and hides', '\u202Etxet\u2066\uFEFF\u200B'],
    ...numbers.map((number): [string, string] => [`a number in disguise (${number})`, number]),
  ])('whatever a pod says: %s', async (_, evil) => {
    const env = [
      { name: 'MEILI_SNAPSHOT_DIR', value: `/meili_data/x${evil}` },
      { name: 'MEILI_MASTER_KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } },
    ]
    await createRunningPod(api, {
      metadata: { namespace: here.namespace, name: 'evil', labels: { app: '0o17' } },
      spec: { containers: [{ name: 'engine', image: 'getmeili/meilisearch:v1.21.0', env }] },
    })
    for (const format of ['yaml', 'json']) {
      const { code, out } = await adopt('-o', format)
      expect(code).toBe(0)
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(await read(out)).toEqual({
        apiVersion: 'meili-operator.dev/v1alpha1',
        kind: 'MeiliInstance',
        metadata: { name: 'evil', namespace: here.namespace },
        spec: {
          existing: { podSelector: { matchLabels: { app: '0o17' } }, apiKeySecretRef: { name: 'keys', key: 'key' } },
        },
      })
    }
    // The API server lets no such name into a pod; what we print must not lean on that.
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', namespace: here.namespace, annotations: { [`a${evil}`]: evil, b: `${evil} ` } },
    }
    for (const format of ['yaml', 'json'] as const) expect(await read(formatValue(object, format))).toEqual(object)
  })
})

test.each([
  ['nothing here', [], /No pod in namespace \S+ looks like Meilisearch, by image or by port 7700/],
  [
    'a name that there is not',
    ['pod/none'],
    /There is no running pod none in namespace \S+\. No pod in it looks like Meilisearch/,
  ],
  ['another kind', ['deployment/search'], /write pod\/search or statefulset\/search, not deployment\/search/],
] as const)('%s: says so, and what to write', async (_, words, says) => {
  const { code, out, err } = await adopt(...words)
  expect({ code, out }).toEqual({ code: 3, out: '' })
  expect(err).toMatch(says)
})
