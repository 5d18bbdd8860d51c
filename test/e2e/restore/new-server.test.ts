// Data that comes to a server that is new, or not ours: an instance with managed.bootstrap, and a claim of somebody else's StatefulSet.
import type { V1Pod } from '@kubernetes/client-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { managedOf } from '../../support/meilisearch/managed-objects.ts'
import { managedServers } from '../support/managed-servers.ts'
import { kubectl, ownWorld, toolbox } from '../support/world.ts'
import { readyText, restoresOf, toBackups } from '../support/restores.ts'

const documents = 300
const world = ownWorld()
const restores = restoresOf(world)
const servers = managedServers(world)

describe('a snapshot', { concurrent: true }, () => {
  beforeAll(async () => {
    const server = await world.serve('books')
    await server.load(documents)
    await world.snapshot('first', { instance: 'books', claim: toBackups })
    await world.waitForCompletion('first')
  })

  const managedFrom = async (name: string, bootstrap: object): Promise<void> => {
    await kubectl.apply(managedOf({ namespace: world.namespace, name }, { bootstrap }))
  }

  test('becomes a new server that was never empty; the field is inert from then on', async () => {
    await managedFrom('again', { from: { snapshotRef: { name: 'first' } } })
    const instance = await world.instanceReady('again')
    expect(instance.status?.version).toBe('1.21.0')
    expect(await servers.documents('again')).toBe(documents)
    const pod = await servers.pod('again')
    await managedFrom('again', { from: { snapshotRef: { name: 'other' } } })
    await world.instanceReady('again')
    expect((await servers.pod('again'))?.metadata.uid).toBe(pod?.metadata.uid)
    expect(await servers.documents('again')).toBe(documents)
  })

  test('whose object is gone is found by its path on the claim', async () => {
    const { status } = await world.get('first')
    const path = (status?.artifact?.path ?? '').split('/').slice(0, -1).join('/')
    await managedFrom('found', { from: { artifact: { claim: { name: 'backups' }, path } } })
    await world.instanceReady('found')
    expect(await servers.documents('found')).toBe(documents)
  })

  test('that is not there: no server is made, and why is said; with ifAbsent: Empty an empty one is', async () => {
    await managedFrom('stuck', { from: { artifact: { claim: { name: 'backups' }, path: 'no/where' } } })
    await managedFrom('empty', {
      from: { artifact: { claim: { name: 'backups' }, path: 'no/where' } },
      ifAbsent: 'Empty',
    })
    await world.untilInstance('stuck', 'to say that there is nothing', ({ status }) =>
      (status?.conditions ?? []).some(({ message }) => /no\/where leads nowhere on claim backups/.test(message)),
    )
    // What may come in the same apply, or a moment later, is waited for.
    await eventually(
      'the empty server',
      async () => ((await servers.find('statefulset', 'empty')) === undefined ? undefined : true),
      { timeoutMs: 200_000 },
    )
    await world.instanceReady('empty')
    expect(await servers.find('statefulset', 'stuck')).toBeUndefined()
    expect(await servers.documents('empty')).toBeUndefined()
  })

  test("comes onto the claim of a server of somebody else's, once that is scaled to zero and has nothing there", async () => {
    // One Job mounts both claims: a volume of a node's own is reached from there alone.
    const { spec: books } = await kubectl.json<V1Pod>(['-n', world.namespace, 'get', 'pod', 'books-0'])
    await world.serve('theirs', { node: books?.nodeName ?? '' })
    const claim = 'data-theirs-0'
    const spec = { source: { snapshotRef: { name: 'first' } }, target: { claim: { name: claim } }, confirm: claim }
    await restores.apply('onto', spec)
    const waiting = await restores.until('onto', 'to wait for the pod to go', ({ status }) =>
      (status?.conditions ?? []).some(({ reason }) => reason === 'TargetInUse'),
    )
    expect(readyText(waiting)).toContain('theirs-0')
    await kubectl.run(['-n', world.namespace, 'scale', 'statefulset/theirs', '--replicas=0'])
    const refused = await restores.ended('onto', 'Failed')
    expect(readyText(refused)).toMatch(/TargetNotEmpty.*data\.ms/s)
    await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: claim, writable: true },
      'mv /backup/data.ms /backup/old.ms',
    )
    await restores.apply('onto-2', spec)
    await restores.ended('onto-2', 'Completed')
    await kubectl.run(['-n', world.namespace, 'scale', 'statefulset/theirs', '--replicas=1'])
    const { api } = await world.reconnect('theirs')
    expect((await api.counts())['films']).toBe(documents)
  })
})
