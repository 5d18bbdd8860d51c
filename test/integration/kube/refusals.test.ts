// What the API server refuses, and what the client makes of it: a class that says what to do, and a sentence that a person can read.
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { configMaps, events, pods, secrets } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { Conflict, NotFound, TerminalError, TransientError } from '../../../src/errors.ts'
import { apiServer, namespaceOn } from '../../support/kubernetes/api-server.ts'
import { configMap, namespaces, serviceAccounts } from '../../support/kubernetes/kube-api.ts'

const api = apiServer()
const namespace = namespaceOn(api)

async function refusalOf(attempt: Promise<unknown>): Promise<Error & { status?: number; code?: string }> {
  try {
    await attempt
  } catch (error) {
    return error as Error
  }
  throw new Error('it was not refused')
}

const snapshot = (name: string, more: object = {}): KubeObject =>
  ({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: { namespace, name },
    spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } }, ...more },
  }) as KubeObject

const create = async (object: KubeObject): Promise<KubeObject> => await api.kube.create(configMaps, object)

describe('absence', () => {
  test('is NotFound for each verb that names an object', async () => {
    const ref = { namespace, name: 'nobody' }
    const attempts = [
      api.kube.get(configMaps, ref),
      api.kube.update(configMaps, configMap({ ...ref, resourceVersion: '1' })),
      api.kube.updateStatus(meiliSnapshots, { ...snapshot('nobody'), metadata: { ...ref, resourceVersion: '1' } }),
      api.kube.patch(configMaps, ref, { type: 'merge', body: {} }),
      api.kube.delete(configMaps, ref),
      api.kube.logs(ref),
    ]
    const errors = await Promise.all(attempts.map(refusalOf))
    expect(new Set(errors.map((error) => error.constructor))).toEqual(new Set([NotFound]))
  })

  test('of a namespace is NotFound, and says whose', async () => {
    const error = await refusalOf(create(configMap({ namespace: 'nowhere', name: 'a' })))
    expect(error).toBeInstanceOf(NotFound)
    expect(error.message).toBe('POST ConfigMap nowhere/a answered 404 NotFound: namespaces "nowhere" not found')
  })

  test('of a whole kind is NotFound, with words although the server sends no Status', async () => {
    const unknown: Resource = {
      group: 'meili-operator.dev',
      version: 'v1alpha1',
      plural: 'meilidreams',
      kind: 'MeiliDream',
    }
    const error = await refusalOf(api.kube.list(unknown))
    expect(error).toBeInstanceOf(NotFound)
    expect(error.message).toBe('LIST MeiliDream answered 404: 404 page not found\n')
  })
})

describe('a conflict', () => {
  test('is what it is called where the object exists already', async () => {
    await create(configMap({ namespace, name: 'twice' }))
    expect(await refusalOf(create(configMap({ namespace, name: 'twice' })))).toMatchObject({
      name: 'Conflict',
      status: 409,
      code: 'AlreadyExists',
    })
  })

  test('is what it is called where the object changed since', async () => {
    const first = await create(configMap({ namespace, name: 'stale' }))
    await api.kube.update(configMaps, { ...first, data: { a: 'c' } } as KubeObject)
    const error = await refusalOf(api.kube.update(configMaps, { ...first, data: { a: 'd' } } as KubeObject))
    expect(error).toBeInstanceOf(Conflict)
    expect(error).toMatchObject({ status: 409, code: 'Conflict' })
    expect(error.message).toMatch(/^PUT ConfigMap .*\/stale answered 409 Conflict: .*the object has been modified/)
  })

  test('is what it is called where the object is another one of the same name', async () => {
    const first = await create(configMap({ namespace, name: 'reborn' }))
    await api.kube.delete(configMaps, { namespace, name: 'reborn' })
    await create(configMap({ namespace, name: 'reborn' }))
    expect(await refusalOf(api.kube.update(configMaps, first))).toBeInstanceOf(Conflict)
    expect(
      await refusalOf(api.kube.delete(configMaps, { namespace, name: 'reborn' }, { uid: first.metadata.uid! })),
    ).toBeInstanceOf(Conflict)
  })
})

describe('a bad object', () => {
  test('is terminal, and the message names the field and what is wrong with it', async () => {
    const error = await refusalOf(create(configMap({ namespace, name: 'UPPER' })))
    expect(error).toBeInstanceOf(TerminalError)
    expect(error).toMatchObject({ status: 422, code: 'Invalid' })
    expect(error.message).toMatch(
      /^POST ConfigMap place-1\/UPPER answered 422 Invalid: ConfigMap "UPPER" is invalid: metadata.name: Invalid value: "UPPER": a lowercase RFC 1123/,
    )
  })

  test('of our kinds is reported with the rule that it breaks', async () => {
    const error = await refusalOf(api.kube.create(meiliSnapshots, snapshot('bad', { deadlines: { start: 'soon' } })))
    expect(error).toBeInstanceOf(TerminalError)
    expect(error.message).toContain('spec.deadlines.start')
  })

  test('that cannot be read at all is terminal', async () => {
    await create(configMap({ namespace, name: 'readable' }))
    const error = await refusalOf(
      api.kube.patch(configMaps, { namespace, name: 'readable' }, { type: 'merge', body: 'no object' }),
    )
    expect(error).toBeInstanceOf(TerminalError)
    expect(error).toMatchObject({ status: 400, code: 'BadRequest' })
  })

  test('that is too large for a request is terminal', async () => {
    const error = await refusalOf(create(configMap({ namespace, name: 'huge' }, { a: 'x'.repeat(4 * 1024 * 1024) })))
    expect(error).toBeInstanceOf(TerminalError)
    expect(error).toMatchObject({ status: 413 })
  })
})

describe('the cause', () => {
  test('of a namespace that is being deleted is in a field', async () => {
    const going = await api.namespace()
    await api.kube.delete(namespaces, { name: going })
    expect(await refusalOf(create(configMap({ namespace: going, name: 'late' })))).toMatchObject({
      name: 'TerminalError',
      refusal: 'NamespaceTerminating',
    })
  })

  test('of a quota that is used up is in the words alone', async () => {
    const full = await api.namespace()
    const quotas: Resource = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota' }
    const hard = { 'count/secrets': '0' }
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: full, name: 'none' } }
    const made = await api.kube.create<KubeObject>(quotas, { ...quota, spec: { hard } } as KubeObject)
    await api.kube.updateStatus(quotas, { ...made, status: { hard, used: hard } } as KubeObject)
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: full, name: 'one' } }
    await vi.waitFor(async () =>
      expect(await refusalOf(api.kube.create(secrets, secret))).toMatchObject({ status: 403, refusal: 'Quota' }),
    )
  })

  test('of any other refusal is none', async () => {
    expect(await refusalOf(create(configMap({ namespace, name: 'UPPER' })))).toMatchObject({ refusal: undefined })
  })
})

describe('without rights', () => {
  let token: string
  let nobody: KubeClient
  beforeAll(async () => {
    token = await api.token(await api.account())
    nobody = api.client(api.kubeconfig({ user: { token } }))
  })

  test('a request is terminal, and the message says who may not do what, where', async () => {
    const error = await refusalOf(nobody.get(secrets, { namespace, name: 'keys' }))
    expect(error).toBeInstanceOf(TerminalError)
    expect(error).toMatchObject({ status: 403, code: 'Forbidden' })
    expect(error.message).toMatch(
      new RegExp(
        `^GET Secret ${namespace}/keys answered 403 Forbidden: secrets "keys" is forbidden: User "system:serviceaccount:default:account-\\d+" cannot get resource "secrets" in API group "" in the namespace "${namespace}"$`,
      ),
    )
  })

  test('a list and a watch are terminal too', async () => {
    expect(await refusalOf(nobody.listAll(events))).toMatchObject({ name: 'TerminalError', status: 403 })
    const watch = nobody.watch(configMaps, { namespace, timeoutSeconds: 5, signal: new AbortController().signal })
    expect(await refusalOf(watch.next())).toMatchObject({ name: 'TerminalError', status: 403 })
  })

  test('a token that the server does not know is transient: it may just have been rotated', async () => {
    const stranger = api.client(api.kubeconfig({ user: { token: `${token}x` } }))
    expect(await refusalOf(stranger.get(configMaps, { namespace, name: 'a' }))).toMatchObject({
      name: 'TransientError',
      status: 401,
      code: 'Unauthorized',
    })
    const watch = stranger.watch(configMaps, { namespace, timeoutSeconds: 5, signal: new AbortController().signal })
    expect(await refusalOf(watch.next())).toBeInstanceOf(TransientError)
  })

  test('a server whose certificate nobody vouches for gets no request', async () => {
    const careful = api.client(
      api.kubeconfig({ user: { token }, cluster: { 'certificate-authority-data': undefined } }),
    )
    const error = await refusalOf(careful.get(configMaps, { namespace, name: 'a' }))
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toMatch(/^GET ConfigMap .* got no reply: .*certificate/)
  })
})

describe('a command in a pod', () => {
  const exec = (kube: KubeClient, name: string): Promise<Error & { status?: number }> =>
    refusalOf(
      kube.exec({ pod: { namespace, name }, container: 'main', command: ['true'], stdin: false, deadlineMs: 10_000 }),
    )

  test('that is not there is NotFound', async () => {
    expect(await exec(api.kube, 'nobody')).toMatchObject({
      name: 'NotFound',
      status: 404,
      message: `exec in Pod ${namespace}/nobody answered 404 NotFound: pods "nobody" not found`,
    })
  })

  test('that is on no node yet may pass', async () => {
    await api.kube.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace, name: 'default' },
    })
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name: 'homeless' },
      spec: { containers: [{ name: 'main', image: 'example.test/none' }] },
    }
    await api.kube.create(pods, pod)
    expect(await exec(api.kube, 'homeless')).toMatchObject({
      name: 'TransientError',
      message: expect.stringContaining('does not have a host assigned') as string,
    })
  })

  test('takes the rights of install-streaming.yaml, all of them', async () => {
    const token = await api.token({ namespace: 'meili-operator-system', name: 'meili-operator' })
    const operator = api.client(api.kubeconfig({ user: { token } }))
    expect(await exec(operator, 'nobody')).toMatchObject({
      name: 'TerminalError',
      status: 403,
      message: expect.stringContaining('pods/exec') as string,
    })
    await api.kubectl.run([
      'apply',
      '--server-side',
      '-f',
      fileURLToPath(new URL('../../../install-streaming.yaml', import.meta.url)),
    ])
    await vi.waitFor(async () => expect(await exec(operator, 'nobody')).toBeInstanceOf(NotFound), { timeout: 10_000 })
  })
})

test('no error holds the token or the administrator’s key, however deep one looks', async () => {
  const token = await api.token(await api.account())
  const users: readonly object[] = [
    { token },
    { token: `${token}x` },
    { token: `${token}\u0000` },
    { username: 'root', password: token },
  ]
  const clusters: readonly object[] = [
    {},
    { server: 'https://127.0.0.1:1' },
    { server: api.plane.server.replace('https:', 'http:') },
    { 'certificate-authority-data': undefined },
  ]
  const clients = users.flatMap((user) => clusters.map((cluster) => api.client(api.kubeconfig({ user, cluster }))))
  const attempts = clients.flatMap((client) => [
    client.get(secrets, { namespace, name: 'a' }),
    client.create(namespaces, { metadata: { name: 'b' } }),
    client.exec({ pod: { namespace, name: 'a' }, container: 'b', command: ['true'], stdin: false, deadlineMs: 5000 }),
    client.watch(configMaps, { timeoutSeconds: 1, signal: new AbortController().signal }).next(),
  ])
  const errors = await Promise.all(attempts.map(refusalOf))
  const basic = Buffer.from(`root:${token}`).toString('base64')
  for (const error of errors) {
    const text = inspect(error, { depth: null, showHidden: true, getters: true, maxStringLength: null }) + error.stack
    for (const secret of [token, token.split('.')[2]!, basic]) expect(text.includes(secret), error.message).toBe(false)
  }
})
