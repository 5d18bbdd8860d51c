// A real Flux with a real Git repository: the operator from its chart, then a server and its snapshot, as examples/gitops/flux says.
// Each test is one commit of the team, or one look at what Flux made of it.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { kinds } from '../../../src/api/kinds.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { nodes } from '../../cluster/topology.ts'
import { DeployRepository } from '../../support/delivery/deploy-repository.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { GitServer } from '../../support/delivery/git-server.ts'
import { secretOf, statefulSetOf, instanceOf } from '../../support/meilisearch/objects.ts'
import { putOnRecord } from '../../e2e/support/keys.ts'
import { kubectl, operatorNamespace, removeOperator, toolbox } from '../../e2e/support/world.ts'

const root = join(import.meta.dirname, '../../..')
const fluxNamespace = 'flux-system'
const namespace = 'search'

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime: string
}

/** What Flux's objects have in common, as far as we read it. */
interface FluxObject {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: Record<string, unknown>
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly lastAppliedRevision?: string
    readonly lastAttemptedRevision?: string
    readonly lastHandledReconcileAt?: string
  }
}

const [image = '', tag = ''] = (process.env['E2E_OPERATOR_IMAGE'] ?? '').split(/:(?=[^:/]+$)/)

/** An example as it stands, but for the address of the repository and the image under test. */
function example(name: string, url: string): FluxObject[] {
  const objects = parseAllDocuments(readFileSync(join(root, 'examples/gitops/flux', name), 'utf8')).map(
    (document) => document.toJS() as FluxObject,
  )
  return objects.map((object) => {
    if (object.kind === 'GitRepository') return { ...object, spec: { ...object.spec, url } }
    if (object.kind === 'HelmRelease')
      return { ...object, spec: { ...object.spec, values: { image: { repository: image, tag } } } }
    return object
  })
}

const yaml = (objects: readonly object[]): string => objects.map((object) => stringify(object)).join('---\n')
const fluxGet = async (kind: string, name: string): Promise<FluxObject> =>
  await kubectl.json<FluxObject>(['-n', fluxNamespace, 'get', kind, name])
const ready = ({ status }: FluxObject): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready')

describe('Flux', () => {
  let repository: DeployRepository
  let git: GitServer
  let head: string
  const url = (): string => `${git.url}/deploy`

  /** One commit, and what `flux reconcile source git` does. */
  async function push(message: string): Promise<void> {
    head = await repository.commit(message)
    await kubectl.run([
      '-n',
      fluxNamespace,
      'annotate',
      '--overwrite',
      'gitrepository/deploy',
      `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`,
    ])
  }

  /** Flux has brought what was committed last to a good end. */
  async function waitForSuccess(name: string): Promise<Condition> {
    return await eventually(
      `Kustomization ${name} to be Ready at the last commit`,
      async () => {
        const object = await fluxGet('kustomization', name)
        const condition = ready(object)
        if (condition?.status === 'True' && object.status?.lastAppliedRevision?.endsWith(head) === true)
          return condition
        throw new Error(`${condition?.reason}: ${condition?.message}`)
      },
      { timeoutMs: 180_000 },
    )
  }

  /** Flux has given up what was committed last. */
  async function waitForFailure(name: string): Promise<Condition> {
    return await eventually(
      `Kustomization ${name} to fail at the last commit`,
      async () => {
        const object = await fluxGet('kustomization', name)
        const condition = ready(object)
        if (
          condition?.status === 'False' &&
          object.status?.lastAttemptedRevision?.endsWith(head) === true &&
          condition.reason.endsWith('Failed')
        )
          return condition
        throw new Error(`${condition?.reason}: ${condition?.message}`)
      },
      { timeoutMs: 120_000 },
    )
  }

  const snapshot = async (name: string): Promise<MeiliSnapshot> =>
    await kubectl.json<MeiliSnapshot>(['-n', namespace, 'get', 'meilisnapshot', name])
  const resources = (...names: string[]): DeployRepository =>
    repository.write('search/kustomization.yaml', stringify({ namespace, resources: ['namespace.yaml', ...names] }))

  beforeAll(async () => {
    await removeOperator()
    await kubectl.run(['apply', '--server-side', '-f', process.env['E2E_TOOL_MANIFEST'] ?? ''])
    repository = await DeployRepository.create()
    git = await GitServer.start(repository.root, nodes[0].address)
    repository
      .copy(join(root, 'charts'), 'charts')
      .write('operator/operator.yaml', yaml(example('operator.yaml', url())))
    repository.write(
      'search/namespace.yaml',
      stringify({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, labels: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } },
      }),
    )
    repository
      .copy(join(root, 'examples/managed.yaml'), 'search/managed.yaml')
      .copy(join(root, 'examples/snapshot.yaml'), 'search/snapshot.yaml')
    resources('managed.yaml', 'snapshot.yaml')
    repository.write(
      'shop/shop.yaml',
      stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shop', namespace }, data: { release: '1' } }),
    )
    head = await repository.commit('Search')
    for (const name of ['source-controller', 'kustomize-controller', 'helm-controller'])
      await kubectl.run(['-n', fluxNamespace, 'rollout', 'status', `deployment/${name}`, '--timeout=120s'])
  })
  afterAll(async () => {
    await kubectl.run(
      [
        '-n',
        fluxNamespace,
        'delete',
        'kustomizations,helmreleases,gitrepositories',
        '--all',
        '--ignore-not-found',
        '--timeout=120s',
      ],
      { timeoutMs: 130_000 },
    )
    await kubectl.run(['delete', '--ignore-not-found', '-f', process.env['E2E_TOOL_MANIFEST'] ?? ''])
    await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found'])
    await removeOperator()
    await git?.[Symbol.asyncDispose]()
    repository?.[Symbol.dispose]()
  })

  test('installs the operator from its chart', async () => {
    await kubectl.apply(...example('bootstrap.yaml', url()))
    await waitForSuccess('meili-operator')
    expect(ready(await fluxGet('helmrelease', 'meili-operator'))).toMatchObject({
      status: 'True',
      reason: 'InstallSucceeded',
    })
    expect(
      (
        await kubectl.run([
          '-n',
          operatorNamespace,
          'get',
          'deployment',
          'meili-operator',
          '-o',
          'jsonpath={.status.readyReplicas}',
        ])
      ).trim(),
    ).toBe('1')
  })

  test('a server, its snapshot, and what comes after it: nothing is done before the snapshot is stored', async () => {
    await kubectl.apply(...example('search.yaml', url()))
    const search = await waitForSuccess('search')
    const { status } = await snapshot('first')
    expect(status).toMatchObject({ phase: 'Completed', artifact: { claimName: 'backups' } })
    expect(Date.parse(search.lastTransitionTime)).toBeGreaterThanOrEqual(Date.parse(status?.completedAt ?? ''))
    await waitForSuccess('shop')
    const shop = await kubectl.json<{ metadata: { creationTimestamp: string } }>([
      '-n',
      namespace,
      'get',
      'configmap',
      'shop',
    ])
    expect(Date.parse(shop.metadata.creationTimestamp)).toBeGreaterThanOrEqual(Date.parse(status?.completedAt ?? ''))
  })

  test('applied again, nothing changes', async () => {
    const objects = async (): Promise<string> =>
      await kubectl.run([
        '-n',
        namespace,
        'get',
        'meiliinstances,meilisnapshots,statefulsets,services,secrets,persistentvolumeclaims',
        '-o',
        'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.generation}{"\\n"}{end}',
      ])
    const before = await objects()
    for (const round of ['1', '2']) {
      await kubectl.run([
        '-n',
        fluxNamespace,
        'annotate',
        '--overwrite',
        'kustomization/search',
        `reconcile.fluxcd.io/requestedAt=${round}`,
      ])
      await eventually('Flux to have applied it again', async () =>
        (await fluxGet('kustomization', 'search')).status?.lastHandledReconcileAt === round ? true : undefined,
      )
    }
    await waitForSuccess('search')
    expect(await objects()).toBe(before)
    expect(before).toContain('MeiliInstance/movies')
  })

  test('a snapshot that cannot be taken fails the commit at once, and what comes after it is held back', async () => {
    const text = readFileSync(join(root, 'examples/snapshot.yaml'), 'utf8')
      .replace('name: first', 'name: hopeless')
      .replace('name: movies', 'name: nobody')
    repository.write('search/hopeless.yaml', `${text}  deadlines:\n    start: 1s\n`).write(
      'shop/shop.yaml',
      stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'shop', namespace },
        data: { release: '2' },
      }),
    )
    resources('managed.yaml', 'snapshot.yaml', 'hopeless.yaml')
    await push('A snapshot of a server that does not exist')
    const { reason, message } = await waitForFailure('search')
    expect(reason).toBe('HealthCheckFailed')
    expect(message).toMatch(/MeiliSnapshot\/search\/hopeless status: 'Failed'/)
    const held = await eventually('the shop to wait', async () => {
      const condition = ready(await fluxGet('kustomization', 'shop'))
      return condition?.reason === 'DependencyNotReady' ? condition : undefined
    })
    expect(held.message).toContain('search')
    expect(
      (await kubectl.run(['-n', namespace, 'get', 'configmap', 'shop', '-o', 'jsonpath={.data.release}'])).trim(),
    ).toBe('1')
  })

  test('taken back, it is pruned, and all goes on', async () => {
    repository.remove('search/hopeless.yaml')
    resources('managed.yaml', 'snapshot.yaml')
    await push('Without it')
    await waitForSuccess('search')
    await waitForSuccess('shop')
    await eventually('the first snapshot alone to be there', async () =>
      (await kubectl.run(['-n', namespace, 'get', 'meilisnapshots', '-o', 'name'])).trim() ===
      'meilisnapshot.meili-operator.dev/first'
        ? true
        : undefined,
    )
  })

  test('a snapshot is not edited: the Kustomization says what to do instead', async () => {
    const uid = (await snapshot('first')).metadata.uid
    const text = readFileSync(join(root, 'examples/snapshot.yaml'), 'utf8')
    repository.write('search/snapshot.yaml', text.replace('name: backups', 'name: elsewhere'))
    await push('The snapshot goes elsewhere')
    const { message } = await waitForFailure('search')
    expect(message).toMatch(/MeiliSnapshot\/search\/first/)
    expect(message).toMatch(/taken once; create another one instead/)
    repository.write('search/snapshot.yaml', text)
    await push('It does not')
    await waitForSuccess('search')
    expect((await snapshot('first')).metadata.uid).toBe(uid)
  })

  test('a server of which no snapshot can be taken fails by healthCheckExprs, though it serves', async () => {
    const volatile = {
      namespace,
      name: 'volatile',
      image: toolbox.image,
      masterKey: randomBytes(18).toString('base64url'),
      snapshotsOn: 'emptyDir',
    } as const
    putOnRecord(volatile.masterKey)
    repository.write('search/volatile.yaml', yaml([secretOf(volatile), statefulSetOf(volatile), instanceOf(volatile)]))
    resources('managed.yaml', 'snapshot.yaml', 'volatile.yaml')
    await push('A server whose snapshots go nowhere')
    expect((await waitForFailure('search')).message).toMatch(/MeiliInstance\/search\/volatile status: 'Failed'/)
    repository.remove('search/volatile.yaml')
    resources('managed.yaml', 'snapshot.yaml')
    await push('Without it')
    await waitForSuccess('search')
  })

  test('upgrades the CRDs with the chart', async () => {
    const crd = 'charts/meili-operator/files/crds/meilisnapshots.yaml'
    repository.write(crd, readFileSync(join(root, crd), 'utf8').replace('shortNames:', 'shortNames:\n      - msx'))
    await push('A new short name')
    await eventually(
      'the CRD to have it',
      async () =>
        (
          await kubectl.run([
            'get',
            'crd',
            'meilisnapshots.meili-operator.dev',
            '-o',
            'jsonpath={.spec.names.shortNames}',
          ])
        ).includes('msx')
          ? true
          : undefined,
      { timeoutMs: 180_000 },
    )
    await waitForSuccess('meili-operator')
    expect(await kubectl.run(['-n', namespace, 'get', 'msnap', '-o', 'name'])).toContain('first')
  })

  test('deleted with prune, the server goes and the data stays; without the operator, the CRDs stay', async () => {
    await kubectl.run(['-n', fluxNamespace, 'delete', 'kustomization', 'shop', 'search', '--timeout=120s'], {
      timeoutMs: 130_000,
    })
    await eventually('server and snapshot to be gone', async () =>
      (await kubectl.run(['-n', namespace, 'get', 'meiliinstances,meilisnapshots,pods', '-o', 'name'])) === ''
        ? true
        : undefined,
    )
    const kept = await kubectl.run(['-n', namespace, 'get', 'persistentvolumeclaims,secrets', '-o', 'name'])
    expect(kept).toContain('persistentvolumeclaim/backups')
    expect(kept).toMatch(/persistentvolumeclaim\/.*movies/)
    expect(kept).toMatch(/secret\/movies/)
    await kubectl.run(['-n', fluxNamespace, 'delete', 'kustomization', 'meili-operator', '--timeout=120s'], {
      timeoutMs: 130_000,
    })
    await kubectl.run(['-n', fluxNamespace, 'wait', '--for=delete', 'helmrelease/meili-operator', '--timeout=120s'], {
      timeoutMs: 130_000,
    })
    expect((await kubectl.run(['-n', operatorNamespace, 'get', 'deployments', '-o', 'name'])).trim()).toBe('')
    expect(
      (await kubectl.run(['get', 'crd', '-l', 'app.kubernetes.io/name=meili-operator', '-o', 'name']))
        .trim()
        .split('\n'),
    ).toHaveLength(kinds.length)
  })
})
