// Where servers and claims may be: another node, root, claims of their own, claims for many nodes.
import { beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { serveStored, shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { kubectl, ownWorld, readyOf, toolbox } from '../support/world.ts'
import type { World } from '../support/world.ts'

interface Pods {
  readonly items: readonly {
    readonly spec: { readonly nodeName?: string; readonly securityContext: { readonly runAsUser: number } }
  }[]
}

/** On its node. To be asked for while the snapshot runs: the pod goes with its end. */
async function moverPod(world: World, snapshotName: string): Promise<Pods['items'][number]> {
  const { metadata } = await world.get(snapshotName)
  const selector = `meili-operator.dev/snapshot-uid=${metadata.uid}`
  const read = async (): Promise<Pods['items'][number] | undefined> =>
    (await kubectl.json<Pods>(['-n', world.namespace, 'get', 'pods', '-l', selector])).items.find(
      ({ spec }) => spec.nodeName !== undefined,
    )
  return await eventually(`the mover of ${snapshotName}`, read, { everyMs: 100 })
}

describe('the mover goes where the server is', () => {
  const world = ownWorld()
  let nodes: readonly string[]

  beforeAll(async () => {
    nodes = (await kubectl.json<{ items: { metadata: { name: string } }[] }>(['get', 'nodes'])).items
      .map(({ metadata }) => metadata.name)
      .toSorted()
  })

  test('lands on the second node when the server is there', async (context) => {
    const second = nodes[1]
    context.skip(second === undefined, 'the cluster has only one node')
    const server = await world.serve('far', { node: second ?? '' })
    await server.load(500)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'far-backups' }))
    await world.snapshot('far', { instance: 'far', claim: { name: 'far-backups' } })
    expect((await moverPod(world, 'far')).spec.nodeName).toBe(second)
    const { status } = await world.waitForCompletion('far')
    expect(status?.move?.node).toBe(second)
  })

  test('is the first consumer of a claim that waits for one', async () => {
    const server = await world.serve('waits')
    await server.load(500)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'unbound' }))
    const before = await kubectl.json<{ status: { phase: string } }>(['-n', world.namespace, 'get', 'pvc', 'unbound'])
    expect(before.status.phase).toBe('Pending')
    await world.snapshot('binds', { instance: 'waits', claim: { name: 'unbound' } })
    await world.waitForCompletion('binds')
    const after = await kubectl.json<{ status: { phase: string } }>(['-n', world.namespace, 'get', 'pvc', 'unbound'])
    expect(after.status.phase).toBe('Bound')
  })

  test('never runs as root, also where the server does', async () => {
    const server = await world.serve('rooted', { asRoot: true })
    await server.load(500)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'rooted-backups' }))
    await world.snapshot('rooted', { instance: 'rooted', claim: { name: 'rooted-backups' } })
    expect((await moverPod(world, 'rooted')).spec.securityContext.runAsUser).toBe(65_532)
    const { status } = await world.waitForCompletion('rooted')
    const stored = {
      namespace: world.namespace,
      claimName: 'rooted-backups',
      path: status?.artifact?.path ?? '',
      fileName: status?.artifact?.fileName ?? '',
    }
    const restored = await serveStored(toolbox, stored, {
      masterKey: server.options.masterKey,
      index: 'films',
      query: 'alien',
      reader: { uid: 65_532 },
    })
    expect(restored.counts).toEqual({ films: 500 })
  })

  test('takes snapshots from a claim of their own, which may also be the destination: then the file is linked, not copied', async () => {
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'apart-snapshots' }))
    const server = await world.serve('apart', { snapshotsOn: { claimName: 'apart-snapshots' } })
    await server.load(500)
    const seen = await world.untilInstance('apart', 'to be ready', (instance) => readyOf(instance)?.status === 'True')
    expect(seen.status).toMatchObject({
      snapshotVolume: { claimName: 'apart-snapshots', subPath: '' },
      databaseClaims: [{ claimName: 'data-apart-0', subPath: 'data.ms' }],
    })
    await world.snapshot('apart', { instance: 'apart', claim: { name: 'apart-snapshots', path: 'kept' } })
    const { status } = await world.waitForCompletion('apart')
    const output = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'apart-snapshots' },
      `cd /backup/${status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS && cat manifest.json && ls -i data.ms.snapshot ../../data.ms.snapshot`,
    )
    expect(output).toContain('OK')
    expect(output).toContain('"stored": "Linked"')
    const inodes = [...output.matchAll(/^ *(\d+) .*data\.ms\.snapshot$/gm)].map(([, inode]) => inode)
    expect(inodes).toHaveLength(2)
    expect(new Set(inodes).size).toBe(1)
  })

  test('goes where the destination is when the source can be mounted on any node', async (context) => {
    const shared = await kubectl.run(['get', 'storageclass', 'shared-pool', '--ignore-not-found', '-o', 'name'])
    context.skip(
      nodes[1] === undefined || shared.trim() === '',
      'it takes two nodes and a class for ReadWriteMany claims',
    )
    await kubectl.apply(
      claimOf({
        namespace: world.namespace,
        name: 'everywhere',
        accessModes: ['ReadWriteMany'],
        storageClassName: 'shared-pool',
      }),
    )
    const server = await world.serve('shares', { node: nodes[0] ?? '', snapshotsOn: { claimName: 'everywhere' } })
    await server.load(500)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'other-snapshots' }))
    await world.serve('other', { node: nodes[1] ?? '', snapshotsOn: { claimName: 'other-snapshots' } })
    await world.snapshot('across', { instance: 'shares', claim: { name: 'other-snapshots', path: 'guests' } })
    expect((await moverPod(world, 'across')).spec.nodeName).toBe(nodes[1])
    const { status } = await world.waitForCompletion('across')
    const output = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'other-snapshots' },
      `cd /backup/${status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS`,
    )
    expect(output).toContain('OK')
  })
})
