// Servers that the operator runs beside others, on the real cluster: of the same name, on the same claim, on a node that is drained.
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import { ObjectHistory } from '../../../gitops/object-history.ts'
import { shellOnClaim } from '../../../support/meilisearch/artifact.ts'
import { managedOf } from '../../../support/meilisearch/managed-objects.ts'
import { claimOf, secretOf, serviceOf, statefulSetOf } from '../../../support/meilisearch/objects.ts'
import type { ServerOptions } from '../../../support/meilisearch/objects.ts'
import { Plugin } from '../../../support/kubernetes/plugin.ts'
import { conditionOf, kubectl, readyOf, toolbox } from '../../support/world.ts'
import { managedServers, restrictedWorld } from '../../support/managed-servers.ts'

const world = restrictedWorld()

const { documents, find, patch, pod } = managedServers(world)

describe('neighbours', () => {
  test('two instances in one namespace, a name of 63 characters, and the same name elsewhere do not touch each other', async () => {
    const long = `a${'-very-long-name'.repeat(5)}`.slice(0, 62).padEnd(63, 'z')
    const elsewhere = `${world.namespace}-too`
    await kubectl.run(['create', 'namespace', elsewhere])
    try {
      await kubectl.apply(
        managedOf({ namespace: world.namespace, name: 'one' }),
        managedOf({ namespace: world.namespace, name: long }),
        managedOf({ namespace: elsewhere, name: 'one' }),
      )
      await Promise.all([
        world.instanceReady('one'),
        world.instanceReady(long),
        kubectl.run(['-n', elsewhere, 'wait', 'meiliinstance/one', '--for=condition=Applied', '--timeout=120s']),
      ])
      const pods = (
        await Promise.all(
          [world.namespace, elsewhere].map(
            async (namespace) =>
              await kubectl.json<{ items: unknown[] }>([
                '-n',
                namespace,
                'get',
                'pods',
                '-l',
                'app.kubernetes.io/component=server',
              ]),
          ),
        )
      ).map(({ items }) => items.length)
      expect(pods).toEqual([2, 1])
      const other = await kubectl.json<{ data: Record<string, string> }>(['-n', elsewhere, 'get', 'secret', 'one-keys'])
      expect(Buffer.from(other.data['MEILI_MASTER_KEY'] ?? '', 'base64').toString()).not.toBe(
        (await world.secret('one-keys'))['MEILI_MASTER_KEY'],
      )
    } finally {
      await kubectl.run(['delete', 'namespace', elsewhere, '--wait=false'])
      await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'one', long, '--timeout=60s'])
    }
  })

  test('an object of its name that is not its own is named, and not touched', async () => {
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: world.namespace, name: 'taken' },
      spec: { ports: [{ port: 1 }] },
    })
    await kubectl.apply(managedOf({ namespace: world.namespace, name: 'taken' }))
    const { status } = await world.untilInstance(
      'taken',
      'to be stalled',
      (instance) => conditionOf(instance, 'Stalled')?.reason === 'NameTaken',
    )
    expect(conditionOf({ status } as never, 'Applied')?.message).toContain(
      'Service taken exists and was not made for this MeiliInstance. It was not touched.',
    )
    expect((await find<{ spec: { ports: { port: number }[] } }>('service', 'taken'))?.spec.ports[0]?.port).toBe(1)
    await kubectl.run(['-n', world.namespace, 'delete', 'service', 'taken'])
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'taken', '--timeout=60s'])
  })

  test('a snapshot volume that is the destination, too: the very file that Meilisearch wrote is stored, without copying it', async () => {
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'shared-backups' }))
    const server = await world.run('shared', { snapshots: { claimName: 'shared-backups' } })
    await server.load(2000)
    await world.snapshot('beside', { instance: 'shared', claim: { name: 'shared-backups' } })
    const { status } = await world.waitForCompletion('beside')
    const { status: instance } = await world.instance('shared')
    expect(instance?.snapshotVolume).toMatchObject({ claimName: 'shared-backups', subPath: 'meilisearch/shared' })
    expect(instance?.databaseClaims).toEqual([{ claimName: 'shared-data', subPath: 'data.ms' }])
    const checked = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'shared-backups' },
      `cd /backup/${status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS && stat -c '%h names' data.ms.snapshot`,
    )
    expect(checked).toContain('data.ms.snapshot: OK')
    expect(checked, 'the very file that Meilisearch wrote: nothing was copied').toContain('2 names')
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'shared', '--timeout=60s'])
  })

  test('its node is drained: it comes back there when it may, with its documents', async () => {
    const server = await world.run('drained')
    await server.load(100)
    const before = await pod('drained')
    const node = before?.spec.nodeName ?? ''
    await kubectl.run(['cordon', node])
    try {
      await kubectl.run([
        'drain',
        node,
        '--pod-selector=meili-operator.dev/instance=drained',
        '--ignore-daemonsets',
        '--timeout=60s',
      ])
      const { status } = await world.untilInstance(
        'drained',
        'to say why it has no node',
        (instance) => conditionOf(instance, 'Applied')?.reason === 'PodFailing',
      )
      expect(conditionOf({ status } as never, 'Applied')?.message).toMatch(
        /Pod drained-0 has no node: .*unschedulable|cordon|didn't match/,
      )
    } finally {
      await kubectl.run(['uncordon', node])
    }
    await world.instanceReady('drained')
    expect(await documents('drained')).toBe(100)
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'drained', '--timeout=60s'])
  })

  test('a release of the official chart of the same name: its Service sends nothing here, its adopted server and its snapshots go on', async () => {
    const release: ServerOptions = {
      namespace: world.namespace,
      name: 'films-meilisearch',
      release: 'films',
      image: toolbox.image,
      masterKey: randomBytes(18).toString('base64url'),
    }
    await kubectl.apply(secretOf(release), statefulSetOf(release), serviceOf(release))
    await kubectl.run(['-n', world.namespace, 'rollout', 'status', 'statefulset/films-meilisearch', '--timeout=120s'])
    using plugin = await Plugin.beside({
      kubectl: process.env['E2E_KUBECTL'] ?? '',
      kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
    })
    const adopted = JSON.parse(
      (await plugin.kubectl(['meili', 'adopt', 'statefulset/films-meilisearch', '-o', 'json', '-n', world.namespace]))
        .out,
    ) as object
    await kubectl.apply(adopted)
    await world.untilInstance('films-meilisearch', 'to be ready', (instance) => readyOf(instance)?.status === 'True')

    const slices = await ObjectHistory.begin(kubectl, world.namespace, [
      { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' },
      meiliInstances,
    ])
    try {
      await world.run('films')
      await world.snapshot('of-films', {
        instance: 'films-meilisearch',
        claim: { name: 'backups-of-films', template: { resources: { requests: { storage: '1Gi' } } } },
      })
      await world.waitForCompletion('of-films')
      const seen = slices.objects() as readonly (MeiliInstance & {
        endpoints?: readonly { targetRef?: { name: string } }[]
      })[]
      const podsBehind = (service: string): string[] =>
        seen
          .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
          .map(({ endpoints }) => (endpoints ?? []).map(({ targetRef }) => targetRef?.name).join(' '))
      expect(podsBehind('films'), 'what the watch brought').toContain('films-0')
      expect(
        podsBehind('films-meilisearch').filter((names) => names !== 'films-meilisearch-0'),
        'what the watch brought',
      ).toEqual([])
      const { endpoints } = (
        await kubectl.json<{ items: { endpoints: { targetRef: { name: string } }[] }[] }>([
          '-n',
          world.namespace,
          'get',
          'endpointslices',
          '-l',
          'kubernetes.io/service-name=films-meilisearch',
        ])
      ).items[0]!
      expect(endpoints.map(({ targetRef }) => targetRef.name)).toEqual(['films-meilisearch-0'])
      expect(
        seen.filter(
          ({ metadata, status }) =>
            metadata.name === 'films-meilisearch' &&
            status?.conditions !== undefined &&
            readyOf({ status } as never)?.status !== 'True',
        ),
      ).toEqual([])
    } finally {
      slices.end()
    }
    expect(conditionOf(await world.instance('films'), 'ForeignService')).toBeUndefined()
  })

  test('a Service that selects the pod all the same is named as long as it does', async () => {
    const look = async (): Promise<string> =>
      await patch('meiliinstance', 'films', {
        metadata: { annotations: { 'example.com/look': randomBytes(4).toString('hex') } },
      })
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: world.namespace, name: 'edge' },
      spec: { selector: { 'statefulset.kubernetes.io/pod-name': 'films-0' }, ports: [{ port: 80, targetPort: 7700 }] },
    })
    await look()
    const { status } = await world.untilInstance(
      'films',
      'to name it',
      (instance) => conditionOf(instance, 'ForeignService') !== undefined,
    )
    expect(conditionOf({ status } as never, 'ForeignService')).toMatchObject({
      status: 'True',
      message: expect.stringContaining(': edge.') as string,
    })
    expect(readyOf({ status } as never)?.status).toBe('True')
    await kubectl.run(['-n', world.namespace, 'delete', 'service', 'edge'])
    await look()
    await world.untilInstance(
      'films',
      'to name it no longer',
      (instance) => conditionOf(instance, 'ForeignService') === undefined,
    )
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'films', 'films-meilisearch', '--timeout=60s'])
  })
})
