// A real Argo CD with a real Git repository: the operator from its chart, a server, and a shop with a snapshot before each deploy, as
// examples/gitops/argocd says. Each test is one commit or one sync of the team, or one look at what Argo CD made of it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { kinds } from '../../../src/api/kinds.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { nodes } from '../../cluster/topology.ts'
import { ObjectHistory } from '../object-history.ts'
import { stateOf } from '../states.ts'
import type { Judged } from '../states.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { DeployRepository } from '../../support/delivery/deploy-repository.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { GitServer } from '../../support/delivery/git-server.ts'
import { instanceOf } from '../../support/meilisearch/objects.ts'
import { putOnRecord } from '../../e2e/support/keys.ts'
import { kubectl, operatorNamespace, readyOf, removeOperator, toolbox } from '../../e2e/support/world.ts'
import { Team } from './team.ts'
import type { Application } from './team.ts'

const root = join(import.meta.dirname, '../../..')
const examples = join(root, 'examples/gitops/argocd')
const namespace = 'shop'

const [image = '', tag = ''] = (process.env['E2E_OPERATOR_IMAGE'] ?? '').split(/:(?=[^:/]+$)/)

/** An Application of the example as it stands, but for the address of the repository and the image under test. */
function example(name: string, repoURL: string): Application {
  const all = parseAllDocuments(readFileSync(join(examples, 'application.yaml'), 'utf8')).map(
    (document) => document.toJS() as Application,
  )
  const found = all.find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`the example has no Application ${name}`)
  const { source } = found.spec
  const values =
    source.helm === undefined
      ? {}
      : { helm: { ...source.helm, valuesObject: { ...source.helm.valuesObject, image: { repository: image, tag } } } }
  return { ...found, spec: { ...found.spec, source: { ...source, repoURL, ...values } } }
}

/** As it stands, but for the size: the test cluster's volumes are small. */
const hook = readFileSync(join(examples, 'shop/pre-deploy-snapshot.yaml'), 'utf8').replace(
  'storage: 20Gi',
  'storage: 2Gi',
)
/** Fails after a second: there is no such server. */
const hopelessHook = hook.replace('name: movies', 'name: nobody').replace('start: 5m', 'start: 1s')
const release = (name: string, number: number): string =>
  stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { release: `${number}` } })

const inNamespace = async (...args: readonly string[]): Promise<string> =>
  (await kubectl.run(['-n', namespace, ...args])).trim()
const snapshots = async (): Promise<string> => await inNamespace('get', 'meilisnapshots', '-o', 'name')
const readRelease = async (name: string): Promise<{ created: number; release: string }> => {
  const { metadata, data } = await kubectl.json<{ metadata: { creationTimestamp: string }; data: { release: string } }>(
    ['-n', namespace, 'get', 'configmap', name],
  )
  return { created: Date.parse(metadata.creationTimestamp), release: data.release }
}
const crds = async (): Promise<{ metadata: { name: string; uid: string; annotations: Record<string, string> } }[]> =>
  (
    await kubectl.json<{ items: { metadata: { name: string; uid: string; annotations: Record<string, string> } }[] }>([
      'get',
      'crd',
      '-l',
      'app.kubernetes.io/name=meili-operator',
    ])
  ).items

const syncOptions = async (): Promise<(string | undefined)[]> =>
  (await crds()).map(({ metadata }) => metadata.annotations['argocd.argoproj.io/sync-options'])

describe('Argo CD', () => {
  let repository: DeployRepository
  let git: GitServer
  let team: Team
  let history: ObjectHistory | undefined
  const url = (): string => `${git.url}/deploy`

  /** The snapshot that the hook of the last commit made, as it was when it came to its end: Argo CD deletes it. */
  const waitForHookSnapshot = async (): Promise<MeiliSnapshot> => {
    const start = `pre-deploy-${team.head.slice(0, 7)}-presync-`
    const isEnd = (object: Judged): object is MeiliSnapshot =>
      object.kind === 'MeiliSnapshot' &&
      object.metadata.name.startsWith(start) &&
      ['completed', 'failed'].includes(stateOf(object))
    await history?.until(`the end of ${start}…`, isEnd)
    return (history?.objects() ?? []).find(isEnd) as MeiliSnapshot
  }

  /** Something small in a directory of its own, synced by hand. */
  const hasty = (name: string): Application => {
    const like = example('search', url())
    return {
      ...like,
      metadata: { ...like.metadata, name },
      spec: {
        ...like.spec,
        source: { ...like.spec.source, path: name },
        syncPolicy: { syncOptions: ['CreateNamespace=true'] },
      },
    }
  }

  /** The operator's Application with other values for `crds`. */
  const withCrds = (values: object): Application => {
    const { spec, ...rest } = example('meili-operator', url())
    return {
      ...rest,
      spec: {
        ...spec,
        source: {
          ...spec.source,
          helm: { ...spec.source.helm, valuesObject: { ...spec.source.helm?.valuesObject, crds: values } },
        },
      },
    }
  }

  /** Has the name of the MeiliInstance, and nothing to do with it. */
  const namesake = (): Application => ({ ...hasty('movies'), spec: hasty('hasty').spec })

  beforeAll(async () => {
    await removeOperator()
    await kubectl.run(['apply', '--server-side', '-f', process.env['E2E_TOOL_MANIFEST'] ?? ''])
    repository = await DeployRepository.create()
    git = await GitServer.start(repository.root, nodes[0].address)
    team = new Team(kubectl, repository)
    repository.copy(join(root, 'charts'), 'charts').copy(join(root, 'examples/managed.yaml'), 'search/managed.yaml')
    repository.write('shop/pre-deploy-snapshot.yaml', hook).write('shop/shop.yaml', release('shop', 1))
    repository.write('hasty/pre-deploy-snapshot.yaml', hopelessHook).write('hasty/release.yaml', release('hasty', 1))
    repository.write(
      'hasty/server.yaml',
      stringify({ ...instanceOf({ namespace, name: 'nowhere', image: '', masterKey: '' }) }),
    )
    await team.commit('Search and shop')
    await team.arrive()
  })
  afterAll(async () => {
    history?.end()
    await team?.leave()
    await kubectl.run(['delete', '--ignore-not-found', '-f', process.env['E2E_TOOL_MANIFEST'] ?? ''])
    await removeOperator()
    await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found'])
    await git?.[Symbol.asyncDispose]()
    repository?.[Symbol.dispose]()
  })

  test('installs the operator from its chart, and its CRDs carry what keeps them', async () => {
    await kubectl.apply(example('meili-operator', url()))
    await team.settled('meili-operator')
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
    expect(await syncOptions()).toEqual(['Prune=false,Delete=false', 'Prune=false,Delete=false'])
  })

  test('without the health scripts nothing is waited for: the hook succeeds at once, and a server that is nowhere is healthy', async () => {
    await kubectl.apply(hasty('hasty'))
    const { phase, syncResult } = await team.sync('hasty')
    expect(phase).toBe('Succeeded')
    expect(syncResult?.resources?.find(({ kind }) => kind === 'MeiliSnapshot')).toMatchObject({
      hookPhase: 'Succeeded',
    })
    await team.settled('hasty')
    expect((await readRelease('hasty')).release).toBe('1')
  })

  test('with them, the same server is not healthy', async () => {
    const { data } = parse(readFileSync(join(examples, 'argocd-cm.yaml'), 'utf8')) as { data: object }
    await kubectl.run([
      '-n',
      'argocd',
      'patch',
      'configmap',
      'argocd-cm',
      '--type=merge',
      '-p',
      JSON.stringify({ data }),
    ])
    await eventually('the Application to be Progressing', async () =>
      (await team.refresh('hasty')).status?.health?.status === 'Progressing' ? true : undefined,
    )
    await team.deleteApplication('hasty')
    expect(await inNamespace('get', 'meiliinstances,configmaps', '-o', 'name')).toBe('configmap/kube-root-ca.crt')
  })

  test('a server is healthy when it is ready, and no earlier', async () => {
    await kubectl.apply(example('search', url()))
    const seen = new Set<string>()
    const { status } = await team.settled('search', ({ status: now }) => seen.add(now?.health?.status ?? ''))
    const ready = readyOf(await kubectl.json(['-n', namespace, 'get', 'meiliinstance', 'movies'])) as
      | { status: string; lastTransitionTime: string }
      | undefined
    expect(ready?.status).toBe('True')
    expect(seen).toContain('Progressing')
    expect(Date.parse(status?.health?.lastTransitionTime ?? '')).toBeGreaterThanOrEqual(
      Date.parse(ready?.lastTransitionTime ?? ''),
    )
    const { data } = await kubectl.json<{ data: Record<string, string> }>([
      '-n',
      namespace,
      'get',
      'secret',
      'movies-keys',
    ])
    putOnRecord(...Object.values(data).map((text) => Buffer.from(text, 'base64').toString('utf8')))
  })

  test('nothing that the operator makes is taken for a part of the Application', async () => {
    const { status } = await team.refresh('search')
    expect(status?.resources?.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['MeiliInstance/movies'])
  })

  test('not even by an Application with the name of a MeiliInstance: nothing has the label that Argo CD 2 goes by', async () => {
    await kubectl.apply(namesake())
    const { status } = await team.refresh('movies')
    const strangers = status?.resources
      ?.filter(({ requiresPruning }) => requiresPruning === true)
      .map(({ kind, name }) => `${kind}/${name}`)
    expect(strangers).toEqual([])
    await team.forgotten('movies')
  })

  test('a snapshot before the deploy: it is stored first, the object goes and the files stay', async () => {
    history = await ObjectHistory.begin(kubectl, namespace)
    await kubectl.apply(example('shop', url()))
    const { phase, syncResult } = await team.sync('shop')
    expect(phase).toBe('Succeeded')
    expect(syncResult?.resources?.find(({ kind }) => kind === 'MeiliSnapshot')).toMatchObject({
      hookType: 'PreSync',
      hookPhase: 'Succeeded',
    })
    const { status } = await waitForHookSnapshot()
    expect(status).toMatchObject({ phase: 'Completed', artifact: { claimName: 'backups' } })
    expect((await readRelease('shop')).created).toBeGreaterThanOrEqual(Date.parse(status?.completedAt ?? ''))
    await eventually('the hook to be gone', async () => ((await snapshots()) === '' ? true : undefined))
    const { path = '', fileName = '' } = status?.artifact ?? {}
    expect(path).toMatch(/^pre-deploy\//)
    expect(
      await shellOnClaim(
        toolbox,
        { namespace, claimName: 'backups' },
        `cd /backup/${path} && ls manifest.json && sha256sum -c SHA256SUMS`,
      ),
    ).toContain(`${fileName}: OK`)
  })

  test('looked at anew, everything is Synced, and nothing has changed', async () => {
    const objects = async (): Promise<string> =>
      await inNamespace(
        'get',
        'meiliinstances,statefulsets,services,secrets,persistentvolumeclaims',
        '-o',
        'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.generation}{"\\n"}{end}',
      )
    const before = await objects()
    for (const name of ['meili-operator', 'search', 'shop']) {
      const { status } = await team.refresh(name)
      expect(`${name}: ${status?.sync?.status}, ${status?.health?.status}`).toBe(`${name}: Synced, Healthy`)
    }
    expect(await objects()).toBe(before)
    expect(before).toContain('MeiliInstance/movies')
  })

  test('the next commit is deployed after a snapshot of its own', async () => {
    const first = await waitForHookSnapshot()
    repository.write('shop/shop.yaml', release('shop', 2))
    await team.commit('Release 2')
    expect(await team.sync('shop')).toMatchObject({ phase: 'Succeeded' })
    expect((await readRelease('shop')).release).toBe('2')
    const second = await waitForHookSnapshot()
    expect(second.status).toMatchObject({ phase: 'Completed' })
    expect(second.status?.artifact?.path).not.toBe(first.status?.artifact?.path)
  })

  test('a snapshot that fails fails the sync with its own words, and the release is not deployed', async () => {
    repository.write('shop/shop.yaml', release('shop', 3)).write('shop/pre-deploy-snapshot.yaml', hopelessHook)
    await team.commit('Release 3')
    const { phase, syncResult } = await team.sync('shop')
    expect(phase).toBe('Failed')
    expect(syncResult?.resources?.find(({ kind }) => kind === 'MeiliSnapshot')).toMatchObject({
      hookPhase: 'Failed',
      message: expect.stringContaining('MeiliInstance nobody does not exist in namespace shop') as string,
    })
    expect((await readRelease('shop')).release).toBe('2')
    expect(await snapshots()).toBe(`meilisnapshot.meili-operator.dev/${(await waitForHookSnapshot()).metadata.name}`)
  })

  test('with the snapshot put right, it is', async () => {
    repository.write('shop/pre-deploy-snapshot.yaml', hook)
    await team.commit('Release 3, with a snapshot of our server')
    expect(await team.sync('shop')).toMatchObject({ phase: 'Succeeded' })
    expect((await readRelease('shop')).release).toBe('3')
  })

  test('CRDs that vanish from the manifests are not pruned, also without what the example says to that: Argo CD counts no CRD as its own', async () => {
    const before = await crds()
    await kubectl.apply(withCrds({ install: true }))
    await eventually('the options to be gone from the CRDs', async () =>
      (await syncOptions()).every((options) => options === undefined) ? true : undefined,
    )
    await kubectl.apply(withCrds({ install: false }))
    await eventually('the CRDs to be gone from the Application', async () => {
      const { status } = await team.refresh('meili-operator')
      return status?.sync?.status === 'Synced' &&
        status.resources?.every(({ kind }) => kind !== 'CustomResourceDefinition') === true
        ? true
        : undefined
    })
    expect((await crds()).map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid))
    expect(before).toHaveLength(kinds.length)
    await kubectl.apply(example('meili-operator', url()))
    await eventually('the options to be back', async () =>
      (await syncOptions()).every((options) => options === 'Prune=false,Delete=false') ? true : undefined,
    )
    await team.settled('meili-operator')
  })

  test('deleted with all that is theirs, the server goes and the data stays, the operator goes and the CRDs stay', async () => {
    await team.deleteApplication('shop')
    await team.deleteApplication('search')
    await eventually('the server to be gone', async () =>
      (await inNamespace('get', 'meiliinstances,pods', '-o', 'name')) === '' ? true : undefined,
    )
    // The cluster collects what belonged to it, one by one.
    await eventually('the Secret for applications to be gone, too', async () =>
      (await inNamespace('get', 'secret', 'movies-connection', '--ignore-not-found', '-o', 'name')) === ''
        ? true
        : undefined,
    )
    const kept = await inNamespace('get', 'persistentvolumeclaims,secrets', '-o', 'name')
    expect(kept.split('\n')).toEqual([
      'persistentvolumeclaim/backups',
      'persistentvolumeclaim/movies-data',
      'secret/movies-keys',
    ])
    const before = await crds()
    await team.deleteApplication('meili-operator')
    expect((await kubectl.run(['-n', operatorNamespace, 'get', 'deployments', '-o', 'name'])).trim()).toBe('')
    expect((await crds()).map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid))
    expect(before).toHaveLength(kinds.length)
  })

  test('that other Application of the same name, deleted with all that it counts as its own, leaves the data', async () => {
    await kubectl.apply(namesake())
    await team.refresh('movies')
    await team.deleteApplication('movies')
    const kept = await inNamespace('get', 'persistentvolumeclaims,secrets', '-o', 'name')
    expect(kept.split('\n')).toEqual(
      expect.arrayContaining([
        'persistentvolumeclaim/backups',
        'persistentvolumeclaim/movies-data',
        'secret/movies-keys',
      ]),
    )
  })
})
