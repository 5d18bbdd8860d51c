// What the operator's token is worth to somebody else, asked of a real API server as that account: each sentence of docs/security.md on it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chart, Helm } from '../../support/delivery/helm.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { apiServer } from '../../support/kubernetes/api-server.ts'
import { namespaces } from '../../support/kubernetes/kube-api.ts'

const account = 'system:serviceaccount:ops:search-meili-operator'
const api = apiServer('bare')
let helm: Helm
beforeAll(async () => {
  helm = await Helm.of(api.plane.kubeconfig)
  for (const name of ['ops', 'shop', 'blog']) {
    await api.kube.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    for (const secret of ['movies-keys', 'other'])
      await api.kubectl.run([
        '-n',
        name,
        'create',
        'secret',
        'generic',
        secret,
        '--from-literal=key=what-nobody-may-see',
      ])
    await api.kubectl.run(['-n', name, 'create', 'configmap', 'settings', '--from-literal=a=b'])
  }
}, 120_000)
afterAll(() => {
  helm[Symbol.dispose]()
})

const installRelease = async (values: object): Promise<void> => {
  await helm.run(['upgrade', '--install', 'search', chart, '--namespace', 'ops'], values)
}
const as = async (namespace: string, ...args: string[]): Promise<string> =>
  await api.kubectl.run(['--as', account, '-n', namespace, ...args])
/** As a raw request: kubectl itself would read the object first. */
const emptyPatch = async (namespace: string, name: string): Promise<string> =>
  await as(namespace, 'patch', 'secret', name, '--type=merge', '-p', '{}', '-o', 'json')
const get = async (namespace: string, name: string): Promise<string> =>
  await as(namespace, 'get', 'secret', name, '-o', 'json')
/** The authorizer's rules follow a change after a moment. */
const soon = async (what: string, call: () => Promise<unknown>): Promise<void> => {
  await eventually(
    what,
    async () =>
      await call().then(
        () => true as const,
        () => undefined,
      ),
  )
}
const allowedRights = async (namespace: string, ...rights: readonly string[]): Promise<string[]> => {
  const answers = await Promise.all(
    rights.map(async (right) =>
      (await as(namespace, 'auth', 'can-i', ...right.split(' ')).catch(() => 'no')).startsWith('yes') ? right : '',
    ),
  )
  return answers.filter((right) => right !== '')
}
const value = Buffer.from('what-nobody-may-see').toString('base64')

describe('with a list of Secrets', () => {
  beforeAll(async () => {
    await installRelease({ rbac: { secretNames: ['movies-keys'] } })
    await soon('the rights to hold', async () => await get('shop', 'movies-keys'))
  })

  test('one on the list is read, and changed', async () => {
    expect(await get('shop', 'movies-keys')).toContain(value)
    expect(await emptyPatch('shop', 'movies-keys')).toContain(value)
  })

  test('another one is neither read nor changed, and no reply to a patch of nothing shows it', async () => {
    await expect(get('shop', 'other')).rejects.toThrow('cannot get resource "secrets"')
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other' } }
    const client = api.client(
      api.kubeconfig({ user: { token: await api.token({ namespace: 'ops', name: 'search-meili-operator' }) } }),
    )
    for (const type of ['merge', 'apply'] as const) {
      await expect(
        client.patch(
          { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' },
          { namespace: 'shop', name: 'other' },
          type === 'merge' ? { type, body: {} } : { type, body, fieldManager: 'thief', force: true },
        ),
      ).rejects.toThrow('cannot patch resource "secrets"')
    }
  })

  test('one that exists is not shown by an attempt to create it', async () => {
    const attempt = as('shop', 'create', 'secret', 'generic', 'other', '--from-literal=key=mine')
    await expect(attempt).rejects.toThrow('already exists')
    await expect(attempt).rejects.not.toThrow(value)
  })

  test('none is listed, watched, replaced or deleted', async () => {
    expect(
      await allowedRights(
        'shop',
        'list secrets',
        'watch secrets',
        'update secrets',
        'delete secrets',
        'deletecollection secrets',
      ),
    ).toEqual([])
  })

  test('but a Job of his mounts any Secret, and runs as any ServiceAccount', async () => {
    const pod = {
      restartPolicy: 'Never',
      serviceAccountName: 'anybody',
      containers: [{ name: 'c', image: 'any', volumeMounts: [{ name: 's', mountPath: '/s' }] }],
      volumes: [{ name: 's', secret: { secretName: 'other' } }],
    }
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'thief' }, spec: { template: { spec: pod } } }
    expect(
      await api.kubectl.run(['--as', account, '-n', 'shop', 'create', '--dry-run=server', '-f', '-'], {
        input: JSON.stringify(job),
      }),
    ).toContain('job.batch/thief created')
  })
})

describe('by default', () => {
  beforeAll(async () => {
    await installRelease({ rbac: { secretNames: [] } })
    await soon('the rights to hold', async () => await get('shop', 'other'))
  })

  test('any Secret whose name he knows is read and changed, in every namespace, kube-system too', async () => {
    expect(await get('blog', 'other')).toContain(value)
    expect(await emptyPatch('blog', 'other')).toContain(value)
    expect(await allowedRights('kube-system', 'get secrets', 'create jobs.batch')).toEqual([
      'get secrets',
      'create jobs.batch',
    ])
  })

  test('the token itself reaches no nodes, roles or other kinds, and makes no pods and no tokens', async () => {
    const kinds = [
      'nodes',
      'namespaces',
      'roles.rbac.authorization.k8s.io',
      'clusterroles.rbac.authorization.k8s.io',
      'rolebindings.rbac.authorization.k8s.io',
      'clusterrolebindings.rbac.authorization.k8s.io',
      'deployments.apps',
      'daemonsets.apps',
      'serviceaccounts',
      'persistentvolumes',
      'customresourcedefinitions.apiextensions.k8s.io',
    ]
    const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete']
    expect(await allowedRights('shop', ...kinds.flatMap((kind) => verbs.map((verb) => `${verb} ${kind}`)))).toEqual([])
    expect(
      await allowedRights(
        'shop',
        'create pods',
        'create serviceaccounts --subresource=token',
        'create pods --subresource=exec',
        'list configmaps',
        'list secrets',
      ),
    ).toEqual([])
  }, 120_000)

  test('ConfigMaps by name, all pods with their logs are read, pods are deleted', async () => {
    const rights = [
      'get configmaps',
      'list pods',
      'get pods --subresource=log',
      'delete pods',
      'create persistentvolumeclaims',
      'create jobs.batch',
      'create secrets',
      'patch statefulsets.apps',
      'patch services',
    ]
    expect(await allowedRights('shop', ...rights)).toEqual(rights)
  })
})

test('where some namespaces are served, nothing is reached in the others', async () => {
  await helm.plain('uninstall', 'search', '--namespace', 'ops')
  await installRelease({ watchNamespaces: ['shop'], crds: { install: false } })
  await soon('the rights to hold', async () => await get('shop', 'other'))
  await expect(get('blog', 'other')).rejects.toThrow('cannot get resource "secrets"')
  expect(
    await allowedRights(
      'blog',
      'get secrets',
      'patch secrets',
      'create secrets',
      'create jobs.batch',
      'list pods',
      'get configmaps',
      'create statefulsets.apps',
    ),
  ).toEqual([])
})

test('the token of a pod is refused once the pod is deleted', async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'operator', namespace: 'ops' },
    spec: {
      serviceAccountName: 'search-meili-operator',
      automountServiceAccountToken: false,
      containers: [{ name: 'c', image: 'any' }],
    },
  }
  await api.kubectl.apply(pod)
  const token = (
    await api.kubectl.run([
      '-n',
      'ops',
      'create',
      'token',
      'search-meili-operator',
      '--bound-object-kind=Pod',
      '--bound-object-name=operator',
    ])
  ).trim()
  const client = api.client(api.kubeconfig({ user: { token } }))
  const read = async (): Promise<unknown> =>
    await client.get(
      { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' },
      { namespace: 'shop', name: 'other' },
    )
  await expect(read()).resolves.toBeDefined()
  await api.kubectl.run(['-n', 'ops', 'delete', 'pod', 'operator', '--grace-period=0', '--force'])
  await eventually(
    'the token to be refused',
    async () =>
      await read().then(
        () => undefined,
        (error: unknown) => String(error).includes('401') || undefined,
      ),
    { timeoutMs: 40_000 },
  )
})
