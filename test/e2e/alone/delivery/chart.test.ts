// The chart on the real cluster, by the real Helm: in place of install.yaml, upgraded with its CRDs, with two replicas, uninstalled, and for one namespace only.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { podProcesses, signalAll } from '../../../cluster/process/pod-processes.ts'
import { shellOnClaim } from '../../../support/meilisearch/artifact.ts'
import { eventually } from '../../../support/kubernetes/eventually.ts'
import { chart, Helm, overConflicts } from '../../../support/delivery/helm.ts'
import { snapshotOf } from '../../../support/meilisearch/objects.ts'
import { elsewhere, whyElsewhere } from '../../support/on-test-cluster.ts'
import { installOperator, kubectl, operatorNamespace, toolbox, World } from '../../support/world.ts'
import type { Server } from '../../support/world.ts'

const [, repository, tag] = /^(.+):([^:/]+)$/.exec(process.env['E2E_OPERATOR_IMAGE'] ?? '') ?? []
const image = { repository, tag }
const release = ['meili-operator', '--namespace', operatorNamespace]
const patience = ['--wait', '--timeout', '3m']
const claimOfOneGibibyte = (name: string): object => ({
  name,
  template: { resources: { requests: { storage: '1Gi' } } },
})

const names = async (...args: string[]): Promise<string[]> =>
  (await kubectl.run(['get', ...args, '-o', 'name']))
    .split('\n')
    .filter((name) => name !== '')
    .toSorted()
const ourClusterRoles = async (): Promise<string[]> =>
  (await names('clusterroles,clusterrolebindings')).filter((name) => name.includes('meili-operator'))

describe('the chart', () => {
  let world: World
  let server: Server
  let helm: Helm
  const directory = mkdtempSync(join(tmpdir(), 'meili-operator-chart-'))

  beforeAll(async () => {
    helm = await Helm.of(process.env['E2E_KUBECONFIG'])
    world = await World.create()
    server = await world.serve('movies')
    await server.load(10_000)
  })
  afterAll(async () => {
    await helm.plain('uninstall', 'only', '--namespace', world.namespace, '--ignore-not-found')
    await helm.plain('uninstall', ...release, '--ignore-not-found', '--wait')
    await installOperator()
    await world.destroy()
    helm[Symbol.dispose]()
    rmSync(directory, { recursive: true })
  })

  /** The artifact of one snapshot, checked by the system's own tool. */
  async function checkArtifact(name: string): Promise<string> {
    return await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'backups' },
      `cd /backup/movies/${name}-* && sha256sum -c SHA256SUMS`,
    )
  }

  test('takes over what install.yaml made, and the operator goes on', async () => {
    await helm.run(['install', ...release, chart, '--take-ownership', ...overConflicts, ...patience], { image })
    const labels = await kubectl.run([
      '-n',
      operatorNamespace,
      'get',
      'deployment',
      'meili-operator',
      '-o',
      'jsonpath={.metadata.labels}',
    ])
    expect(JSON.parse(labels)).toMatchObject({ 'app.kubernetes.io/managed-by': 'Helm' })
    await world.snapshot('first', { instance: 'movies', claim: claimOfOneGibibyte('backups') })
    expect((await world.waitForCompletion('first')).status?.request?.posts).toBe(1)
  })

  test('upgrades the CRDs with the release', async () => {
    const next = join(directory, 'next')
    cpSync(chart, next, { recursive: true })
    const change = (file: string, from: string, to: string): void => {
      const text = readFileSync(join(next, file), 'utf8')
      expect(text).toContain(from)
      writeFileSync(join(next, file), text.replace(from, to))
    }
    change('Chart.yaml', '\nversion: ', '\nversion: 1')
    change('files/crds/meilisnapshots.yaml', '      - msnap\n', '      - msnap\n      - msnapnext\n')
    await helm.run(['upgrade', ...release, next, ...overConflicts, ...patience], { image, replicas: 2 })
    const { status } = await kubectl.json<{ status: { readyReplicas: number } }>([
      '-n',
      operatorNamespace,
      'get',
      'deployment',
      'meili-operator',
    ])
    expect(status.readyReplicas).toBe(2)
    await eventually('the new short name to be served', async () =>
      (await names('-n', world.namespace, 'msnapnext')).includes('meilisnapshot.meili-operator.dev/first')
        ? true
        : undefined,
    )
  })

  test.skipIf(elsewhere)(
    `with two replicas: when the leader is gone without a word, the other goes on within 20 s, and nothing is done twice${whyElsewhere}`,
    async () => {
      await world.snapshot('during', { instance: 'movies' }, { mover: { bandwidthLimit: '1Mi' } })
      await world.until('during', 'to be moving', ({ status }) => status?.move?.node !== undefined)
      const leader = await leaderPod()
      const { metadata } = await kubectl.json<{ metadata: { uid: string } }>([
        '-n',
        operatorNamespace,
        'get',
        'pod',
        leader,
      ])
      const frozen = podProcesses(metadata.uid, 'node')
      expect(signalAll(frozen, 'SIGSTOP')).toBe(1)
      const gone = performance.now()
      try {
        await world.snapshot('after', { instance: 'movies' })
        await world.until('after', 'to be seen by another leader', ({ status }) => status?.phase !== undefined)
        expect(performance.now() - gone).toBeLessThan(20_000)
        expect(await leaderPod()).not.toBe(leader)
      } finally {
        // Late, the old one believes that it still leads.
        signalAll(frozen, 'SIGCONT')
      }
      for (const name of ['during', 'after']) {
        const {
          status,
          metadata: { uid },
        } = await world.waitForCompletion(name)
        expect(status?.request?.posts).toBe(1)
        expect(status?.move?.attempt).toBe(1)
        await eventually('its one mover to be removed', async () =>
          (await names('-n', world.namespace, 'jobs', '-l', `meili-operator.dev/snapshot-uid=${uid}`)).length === 0
            ? true
            : undefined,
        )
        expect(await checkArtifact(name)).toContain('data.ms.snapshot: OK')
      }
      expect(await server.api.snapshotTasks()).toHaveLength(3)
    },
  )

  test('uninstalled, it leaves CRDs and data, and nothing else in the cluster', async () => {
    const before = await names('-n', world.namespace, 'meilisnapshotschedules,meilisnapshots,meiliinstances,pvc')
    await helm.plain('uninstall', ...release, '--wait')
    await eventually('the pods to be gone, too', async () =>
      (await names('-n', operatorNamespace, 'all')).length === 0 ? true : undefined,
    )
    expect(await ourClusterRoles()).toEqual([])
    expect(await names('-n', world.namespace, 'meilisnapshotschedules,meilisnapshots,meiliinstances,pvc')).toEqual(
      before,
    )
    expect((await world.get('first')).status?.phase).toBe('Completed')
    expect(await checkArtifact('first')).toContain('data.ms.snapshot: OK')
  })

  test('for one namespace it works without any right in the cluster', async () => {
    const other = `${world.namespace}-other`
    await kubectl.run(['create', 'namespace', other])
    try {
      await kubectl.apply(snapshotOf({ namespace: other, name: 'not-ours', instance: 'movies' }))
      await helm.run(['install', 'only', chart, '--namespace', world.namespace, ...patience], {
        image,
        watchNamespaces: [world.namespace],
      })
      expect(await ourClusterRoles()).toEqual([])
      await world.run('mine')
      await world.snapshot('of-mine', { instance: 'mine', claim: claimOfOneGibibyte('mine-backups') })
      await world.snapshot('of-theirs', { instance: 'movies' })
      for (const name of ['of-mine', 'of-theirs']) await world.waitForCompletion(name)
      expect(
        await kubectl.run([
          '-n',
          other,
          'get',
          'meilisnapshot',
          'not-ours',
          '-o',
          'jsonpath={.status.observedGeneration}',
        ]),
      ).toBe('-1')
    } finally {
      await kubectl.run(['delete', 'namespace', other, '--wait=false'])
    }
  })
})

async function leaderPod(): Promise<string> {
  const holder = await kubectl.run([
    '-n',
    operatorNamespace,
    'get',
    'lease',
    'meili-operator',
    '-o',
    'jsonpath={.spec.holderIdentity}',
  ])
  return holder.replace(/_.*$/, '')
}
