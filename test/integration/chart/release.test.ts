// A release on a real API server: made whole at once with its CRDs, seen right by doctor, its CRDs kept. What needs pods is tested end to end.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kinds } from '../../../src/api/kinds.ts'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import { chart, Helm, overConflicts } from '../../support/delivery/helm.ts'
import { apiServer, pluginOn } from '../../support/kubernetes/api-server.ts'

const release = ['search', '--namespace', 'ops']
const api = apiServer('bare')
const plugin = pluginOn(api)
let helm: Helm
beforeAll(async () => {
  helm = await Helm.of(api.plane.kubeconfig)
})
afterAll(() => {
  helm[Symbol.dispose]()
})

const names = async (kind: string): Promise<string[]> =>
  (await api.kubectl.run(['get', kind, '-A', '-o', 'name'])).split('\n').filter((name) => name.includes('meili'))

async function findings(check: Finding['check']): Promise<Finding[]> {
  const { out } = await plugin.run(['doctor', '-A', '-o', 'json'])
  return (JSON.parse(out) as { findings: Finding[] }).findings.filter((finding) => finding.check === check)
}

const ofTheOperator = async (): Promise<Finding[]> =>
  (await findings('rights')).filter(({ message }) => message.includes('ops/'))

/** Takes the other Secrets out of the role's rule about Secrets. */
async function onlySecret(role: string, name: string): Promise<void> {
  const { rules } = JSON.parse(await api.kubectl.run(['get', 'clusterrole', role, '-o', 'json'])) as {
    rules: { resources: string[]; resourceNames?: string[] }[]
  }
  const rule = rules.findIndex(
    ({ resources, resourceNames }) => resources.includes('secrets') && resourceNames !== undefined,
  )
  const patch = [{ op: 'replace', path: `/rules/${rule}/resourceNames`, value: [name] }]
  await api.kubectl.run(['patch', 'clusterrole', role, '--type=json', '-p', JSON.stringify(patch)])
}

test('installs on an empty cluster, CRDs and all, and says what to do next', async () => {
  const output = await helm.run(['install', ...release, chart, '--create-namespace'], {
    rbac: { secretNames: ['movies-keys', 'blog-keys'] },
    stream: { exec: true },
  })
  expect(output).toContain(
    'meili-operator 0.1.0 serves all namespaces, and may execute commands in pods there (streaming).',
  )
  expect(output).toContain('kubectl -n ops rollout status deployment/search-meili-operator')
  await api.kubectl.run(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
  expect(await names('crd')).toHaveLength(kinds.length)
  expect(await findings('crds')).toMatchObject([{ level: 'ok' }])
})

test('doctor asks for the Secrets that the release may read and change, and no others', async () => {
  expect(await ofTheOperator()).toMatchObject([
    { level: 'ok', message: 'rights of ops/search-meili-operator: all that it needs' },
  ])
  for (const role of ['search-meili-operator', 'search-meili-operator-managed']) await onlySecret(role, 'movies-keys')
  expect(await ofTheOperator()).toMatchObject([
    {
      level: 'problem',
      message: 'The operator (ops/search-meili-operator) may not get/patch secrets blog-keys in all namespaces',
    },
  ])
})

test('doctor names the upgrade of the release as the remedy, and it is one', async () => {
  await api.kubectl.run(['delete', 'clusterrolebinding', 'search-meili-operator-streaming'])
  const [finding] = await ofTheOperator()
  expect(finding).toMatchObject({
    level: 'problem',
    remedy:
      'its roles and bindings come with the installation: helm -n ops upgrade search charts/meili-operator --reset-then-reuse-values',
  })
  expect(finding?.message).toContain('get/create pods/exec')
  await helm.plain('-n', 'ops', 'upgrade', 'search', chart, '--reset-then-reuse-values', ...overConflicts)
  expect(await ofTheOperator()).toMatchObject([{ level: 'ok' }])
})

test('a second release for the whole cluster is refused: the CRDs are taken', async () => {
  await expect(helm.run(['install', 'second', chart, '--namespace', 'second', '--create-namespace'])).rejects.toThrow(
    /CustomResourceDefinition "meili\w+\.meili-operator\.dev" in namespace "" exists and cannot be imported into the current release/,
  )
})

test('each of two releases for their own namespaces has its rights, and doctor finds no rivals', async () => {
  await helm.plain('uninstall', ...release)
  for (const name of ['shop', 'blog'])
    await helm.run(['install', name, chart, '--namespace', name, '--create-namespace'], { watchNamespaces: [name] })
  expect((await findings('operator')).map(({ message }) => message).join('\n')).not.toContain('more than once')
  expect((await findings('rights')).map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      'rights of shop/shop-meili-operator: all that it needs',
      'rights of blog/blog-meili-operator: all that it needs',
    ]),
  )
})

test('what a release leaves behind: the CRDs, which the next one of the same name takes over', async () => {
  for (const name of ['shop', 'blog']) await helm.plain('uninstall', name, '--namespace', name)
  expect(await names('crd')).toHaveLength(kinds.length)
  expect(await names('deployments,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings')).toEqual([])
  await helm.run(['install', ...release, chart])
  expect(await names('deployments')).toEqual(['deployment.apps/search-meili-operator'])
})
