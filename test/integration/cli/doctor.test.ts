// doctor on a real API server, with the real operator's program and a real Meilisearch: all is well, then exactly one thing is broken.
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import { meiliSnapshotSchedules } from '../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import { customResourceDefinitions } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { apiServer, namespaceOfEachTest, pluginOn } from '../../support/kubernetes/api-server.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'
import { deployedEnvironment, OperatorProcess } from '../runtime/operator-process.ts'
import { create, fullName, installRelease } from './chart-release.ts'
import type { Release } from './chart-release.ts'
import { completedStatus, conditions } from './statuses.ts'

type Seen = KubeObject & { readonly status?: { readonly observedGeneration?: number } }

const masterKey = 'the-master-key-of-this-test'
const operatorNamespace = 'meili-operator-system'
const api = apiServer()
const plugin = pluginOn(api)
const server = serverWithDocuments(meilisearches(), { masterKey })
let operator: OperatorProcess
const here = namespaceOfEachTest(api)

const install = (): Promise<string> =>
  api.kubectl.run([
    'apply',
    '--server-side',
    '--force-conflicts',
    '-f',
    new URL('../../../install.yaml', import.meta.url).pathname,
  ])

async function startOperator(): Promise<void> {
  const kubeconfig = api.kubeconfig({
    user: { token: await api.token({ namespace: operatorNamespace, name: 'meili-operator' }) },
  })
  operator = await OperatorProcess.start({
    ...deployedEnvironment({ name: 'operator-0', namespace: operatorNamespace }),
    KUBECONFIG: kubeconfig,
  })
  await eventually('the operator to lead', async () =>
    (await operator.metric('meili_operator_leader')) === 1 ? true : undefined,
  )
}

beforeAll(async () => {
  await startOperator()
})
afterAll(async () => {
  await operator[Symbol.asyncDispose]()
})

/** A server, a snapshot of it that went well, and its instance as the operator sees it. */
async function prepareRelease(changes: Partial<Release> = {}, existing: object = {}): Promise<void> {
  const release: Release = { namespace: here.namespace, name: 'movies', port: server.port, masterKey, ...changes }
  await installRelease(api, release)
  const now = new Date().toISOString()
  // Before its instance is there: else the operator would take it.
  await snapshot(
    'first',
    completedStatus({ completedAt: now, destination: { freeBytes: 12_000_000_000, observedAt: now } }),
  )
  const spec = {
    existing: {
      podSelector: { matchLabels: { 'app.kubernetes.io/instance': release.name } },
      port: server.port,
      apiKeySecretRef: { name: `${fullName(release)}-master-key`, key: 'MEILI_MASTER_KEY' },
      ...existing,
    },
  }
  await create(api, meiliInstances, { metadata: { namespace: here.namespace, name: 'movies' }, spec })
  await untilSeen(meiliInstances, 'movies')
}

async function untilSeen(kind: Resource, name: string): Promise<void> {
  await eventually('the operator to look at it', async () => {
    const { status } = await api.kube.get<Seen>(kind, { namespace: here.namespace, name })
    return status?.observedGeneration === 1 ? true : undefined
  })
}

async function snapshot(name: string, status: object, of = 'movies'): Promise<void> {
  await create(api, meiliSnapshots, {
    metadata: { namespace: here.namespace, name },
    spec: { source: { instanceRef: { name: of } }, destination: { claim: { name: 'backups' } } },
  })
  // The operator looks at it too: the last word counts.
  await eventually('the status to be written', async () => {
    const current = await api.kube.get(meiliSnapshots, { namespace: here.namespace, name })
    return await api.kube.updateStatus(meiliSnapshots, { ...current, status } as KubeObject)
  })
}

async function doctor(
  kubeconfig?: string,
): Promise<{ code: number | null; findings: Finding[]; bad: Finding[]; err: string }> {
  const { code, out, err } = await plugin.run(
    ['doctor', '-n', here.namespace, '-o', 'json'],
    kubeconfig === undefined ? {} : { kubeconfig },
  )
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  return { code, err, findings, bad: findings.filter(({ level }) => level !== 'ok') }
}

/** Exactly this one, and 1. */
async function finds(check: Finding['check'], says: RegExp, remedy: RegExp): Promise<void> {
  const { code, bad } = await doctor()
  expect(bad).toEqual([
    {
      level: 'problem',
      check,
      message: expect.stringMatching(says) as unknown,
      remedy: expect.stringMatching(remedy) as unknown,
    },
  ])
  expect(code).toBe(1)
}

test('all is well: each check says so, and the end is 0', async () => {
  await prepareRelease()
  const { code, out, err } = await plugin.run(['doctor', '-n', here.namespace])
  expect(err).toBe('')
  expect(out.split('\n')).toEqual([
    '✓ CRDs present, as this plugin (0.1.0) knows them',
    expect.stringMatching(/^✓ operator running: operator-0 \(leader since \d+[sm]\)$/),
    '✓ rights of meili-operator-system/meili-operator: all that it needs',
    '✓ your rights: all that this plugin needs',
    `✓ instance ${here.namespace}/movies: Meilisearch 1.21.0 answers, its key suffices, its snapshots can be moved`,
    expect.stringMatching(
      new RegExp(`^✓ claim ${here.namespace}/backups: 11\\.2 GiB free \\d+s ago, space for about 116 more$`),
    ),
    '0 problems, 0 warnings',
    '',
  ])
  expect(code).toBe(0)
})

describe('an instance:', () => {
  test('its server does not answer', async () => {
    await prepareRelease({}, { port: 1 })
    await finds('instance', /movies: Unreachable: .*ECONNREFUSED/, /^kubectl -n \S+ logs pod\/movies-meilisearch-0; /)
  })

  test('its key is too weak', async () => {
    const { key } = await server.api.call<{ key: string }>('/keys', {
      method: 'POST',
      body: JSON.stringify({
        actions: ['snapshots.create', 'tasks.cancel', 'version', 'stats.get'],
        indexes: ['*'],
        expiresAt: null,
      }),
    })
    await prepareRelease({ masterKey: key })
    await finds(
      'instance',
      /movies: KeyTooWeak: The key in Secret movies-meilisearch-master-key\/MEILI_MASTER_KEY lacks tasks\.get/,
      /^paste this, then the key, and press Enter: .*--from-file=MEILI_MASTER_KEY=\/dev\/stdin .* \| kubectl -n \S+ patch secret\/movies-meilisearch-master-key --patch-file=\/dev\/stdin$/,
    )
  })

  test('its key is not there', async () => {
    await prepareRelease({}, { apiKeySecretRef: { name: 'none', key: 'k' } })
    await finds(
      'instance',
      /movies: KeyMissing: Secret none does not exist/,
      / create secret generic none; head .* --from-file=k=\/dev\/stdin .* patch secret\/none /,
    )
  })

  test('its snapshot directory cannot be moved from', async () => {
    await prepareRelease({ isPersistent: false })
    await finds(
      'instance',
      /movies: DirectoryNotOnClaim: Pod movies-meilisearch-0 writes its snapshots to \/meili_data\/snapshots/,
      /docs\/failures\.md, DirectoryNotOnClaim/,
    )
  })
})

describe('a destination:', () => {
  beforeEach(async () => {
    await prepareRelease()
  })

  test('has less space than the next snapshot needs', async () => {
    await snapshot(
      'second',
      completedStatus({ destination: { freeBytes: 50_000_000, observedAt: '2090-01-01T00:00:00Z' } }),
      'elsewhere',
    )
    await finds(
      'destination',
      /backups: 47\.7 MiB free 0s ago, the next snapshot needs about 162 MiB/,
      /or enlarge it: kubectl -n \S+ patch pvc\/backups /,
    )
  })

  test('is full, and a snapshot waits for space', async () => {
    onTestFinished(startOperator)
    await operator.end('SIGTERM')
    await snapshot('waiting', {
      phase: 'Moving',
      conditions: conditions({
        Ready: ['False', 'InsufficientSpace', 'Claim backups has 61 MiB free, and the snapshot needs about 98 MiB.'],
      }),
    })
    const { bad } = await doctor()
    expect(bad).toContainEqual(
      expect.objectContaining({
        level: 'problem',
        check: 'destination',
        message: expect.stringMatching(
          /backups is full, snapshot waiting waits: Claim backups has 61 MiB free/,
        ) as unknown,
      }),
    )
  })
})

describe('a schedule:', () => {
  async function schedule(name: string, instance: string, claim: object): Promise<void> {
    await prepareRelease()
    await create(api, meiliSnapshotSchedules, {
      metadata: { namespace: here.namespace, name },
      spec: {
        schedule: '0 3 * * *',
        template: { spec: { source: { instanceRef: { name: instance } }, destination: { claim } } },
      },
    })
    await untilSeen(meiliSnapshotSchedules, name)
  }
  const template = { resources: { requests: { storage: '1Gi' } } }

  test('is well, and says when it runs next', async () => {
    await schedule('nightly', 'movies', { name: 'backups', template })
    const { code, findings } = await doctor()
    expect(code).toBe(0)
    expect(findings).toContainEqual({
      level: 'ok',
      check: 'schedule',
      message: expect.stringMatching(/nightly: next in \d+[hms], none has run yet$/) as unknown,
    })
  })

  test('its server is not there', async () => {
    await schedule('nightly', 'elsewhere', { name: 'backups', template })
    await finds('schedule', /nightly: there is no MeiliInstance elsewhere/, /edit meilisnapshotschedule\/nightly$/)
  })

  test('its claim is not there, and nothing makes it', async () => {
    await schedule('nightly', 'movies', { name: 'nowhere' })
    await finds('schedule', /nightly: claim nowhere does not exist/, /^create it, or add /)
  })
})

describe('the operator:', () => {
  beforeEach(async () => {
    await prepareRelease()
  })

  test('is killed: its lease is not renewed any more', async () => {
    onTestFinished(startOperator)
    await operator.end('SIGKILL')
    await finds(
      'operator',
      /not running: 0 of 1 pods of Deployment meili-operator-system\/meili-operator are ready, and operator-0 held its lease and does not renew it/,
      /^kubectl -n meili-operator-system describe pods .*; kubectl -n meili-operator-system logs deployment\/meili-operator$/,
    )
  })

  test('is scaled to nothing', async () => {
    onTestFinished(async () => {
      await install()
      await startOperator()
    })
    await operator.end('SIGTERM')
    await api.kubectl.run(['-n', operatorNamespace, 'scale', 'deployment/meili-operator', '--replicas=0'])
    await finds(
      'operator',
      /not running: Deployment meili-operator-system\/meili-operator is scaled to 0, and nobody holds its lease/,
      /^kubectl -n meili-operator-system scale deployment\/meili-operator --replicas=1$/,
    )
  })

  test('is not installed', async () => {
    onTestFinished(async () => void (await install()))
    await api.kubectl.run(['-n', operatorNamespace, 'delete', 'deployment', 'meili-operator'])
    await finds(
      'operator',
      /is not installed: there is no Deployment/,
      /^kubectl apply --server-side -f install\.yaml$/,
    )
  })

  test('lacks a right', async () => {
    onTestFinished(async () => void (await install()))
    const role = ['get', 'clusterrole', 'meili-operator']
    const { rules } = await api.kubectl.json<{ rules: { resources: string[] }[] }>(role)
    const path = `/rules/${rules.findIndex(({ resources }) => resources.includes('secrets'))}`
    const patch = [{ op: 'remove', path }]
    await api.kubectl.run(['patch', 'clusterrole', 'meili-operator', '--type=json', '-p', JSON.stringify(patch)])
    await finds(
      'rights',
      /^The operator \(meili-operator-system\/meili-operator\) may not get secrets in all namespaces$/,
      /install\.yaml/,
    )
  })

  test('has another CRD than it needs: one is old, one is newer', async () => {
    onTestFinished(async () => void (await install()))
    const patch = async (plural: string, change: object): Promise<string> =>
      await api.kubectl.run([
        'patch',
        'crd',
        `${plural}.meili-operator.dev`,
        '--type=json',
        '-p',
        JSON.stringify([change]),
      ])
    const spec = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties'
    await patch('meilisnapshots', { op: 'remove', path: `${spec}/sourcePolicy` })
    await finds(
      'crds',
      /^CRD meilisnapshots\.meili-operator\.dev is old: it lacks spec\.sourcePolicy, and the API server drops/,
      /install\.yaml \(version 0\.1\.0\)/,
    )
    await install()
    await patch('meiliinstances', { op: 'add', path: `${spec}/colour`, value: { type: 'string' } })
    const { code, bad } = await doctor()
    expect({ code, bad }).toMatchObject({
      code: 0,
      bad: [
        {
          level: 'warning',
          message: expect.stringContaining(
            'is newer than this plugin (0.1.0), which does not know spec.colour',
          ) as unknown,
        },
      ],
    })
  })
})

test('you lack rights: which, and what could not be checked for want of them', async () => {
  await prepareRelease()
  const account = await api.account()
  await api.kubectl.run([
    '-n',
    here.namespace,
    'create',
    'role',
    'reader',
    '--verb=get,list,watch',
    '--resource=meiliinstances.meili-operator.dev,meilisnapshots.meili-operator.dev',
  ])
  await api.kubectl.run([
    '-n',
    here.namespace,
    'create',
    'rolebinding',
    'reader',
    '--role=reader',
    `--serviceaccount=${account.namespace}:${account.name}`,
  ])
  const { code, bad } = await doctor(api.kubeconfig({ user: { token: await api.token(account) } }))
  expect(code).toBe(0)
  expect(bad.map(({ level }) => level)).not.toContain('problem')
  const said = bad.map(({ message }) => message).join('\n')
  expect(said).toContain(
    `You may not create/patch meilisnapshots.meili-operator.dev, get/list/patch meilisnapshotschedules.meili-operator.dev, get/list/watch/create/patch meilirestores.meili-operator.dev, list events, list pods in namespace ${here.namespace}`,
  )
  expect(said).toMatch(
    /CRD meilisnapshots\.meili-operator\.dev could not be checked: .* cannot get resource "customresourcedefinitions"/,
  )
  expect(said).toMatch(/^Schedules could not be checked: .* cannot list resource "meilisnapshotschedules"/m)
  expect(said).toMatch(/^Restores could not be checked: .* cannot list resource "meilirestores"/m)
  expect(said).toMatch(/Whether the operator runs could not be checked: .* cannot list resource "deployments"/)
})

// Last: it takes the CRDs away from everybody.
test('the CRDs are missing', async () => {
  await operator.end('SIGTERM')
  await api.kube.delete(customResourceDefinitions, { name: 'meilisnapshots.meili-operator.dev' })
  await eventually('the CRD to be gone', async () =>
    (await api.kubectl.run(['get', 'crd', '-o', 'name'])).includes('meilisnapshots.') ? undefined : true,
  )
  const { code, bad } = await doctor()
  expect(bad).toContainEqual({
    level: 'problem',
    check: 'crds',
    message: 'CRD meilisnapshots.meili-operator.dev is missing',
    remedy: 'kubectl apply --server-side -f install.yaml',
  })
  expect(code).toBe(1)
})
