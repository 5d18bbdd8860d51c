// The API server away for a whole minute, with a snapshot in each phase of its life at that moment. Whatever goes on without it goes on.
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { jobs } from '../../../src/kube/resource.ts'
import { snapshotUidLabel } from '../../../src/kinds/snapshot/job/template.ts'
import { withoutApiServer } from '../../cluster/control-plane/api-server-outage.ts'
import { kubeletOf } from '../../cluster/process/pod-processes.ts'
import { apiServerAddress } from '../../cluster/topology.ts'
import { HttpProxy } from '../../crash/fixture/http-proxy.ts'
import { storedDifferences } from '../../crash/record/stored-files.ts'
import { filmLines } from '../../support/meilisearch/documents.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { elsewhere, NodeAccess, namesIn, testCluster, unhurried, whyElsewhere } from '../support/on-test-cluster.ts'
import type { Held } from '../support/on-test-cluster.ts'
import { kubectl, ownWorld, readyOf } from '../support/world.ts'
import type { Server } from '../support/world.ts'

const outageMs = 60_000
const documents = 10_000
const [here, there] = ['node-1', 'node-2']
const servers = ['busy', 'asked', 'far', 'slow', 'quick'] as const
type Name = (typeof servers)[number]

describe.skipIf(elsewhere)(`the API server is away for a minute${whyElsewhere}`, () => {
  const world = ownWorld()
  let nodeAccess: NodeAccess
  let proxy: HttpProxy
  const running = new Map<Name, Server>()
  const held: Partial<Record<'slow' | 'quick', Held>> = {}
  /** The operator's POST to server `asked`: waits at the proxy from when it came until the API server is down. */
  let posted: () => void = () => undefined
  const asked = new Promise<void>((resolve) => (posted = resolve))
  let goOn: () => void = () => undefined
  const isDown = new Promise<void>((resolve) => (goOn = resolve))

  beforeAll(async () => {
    nodeAccess = new NodeAccess(world.namespace)
    proxy = await HttpProxy.open(
      { origin: `http://${apiServerAddress}:7700` },
      async (call, forward) => {
        if (call.method === 'POST' && call.path === '/snapshots') {
          posted()
          await isDown
        }
        return await forward()
      },
      apiServerAddress,
    )
    await kubectl.apply(...servers.map((name) => claimOf({ namespace: world.namespace, name: `${name}-backups` })))
    await Promise.all(
      servers.map(async (name) => {
        const options = { node: name === 'far' ? there : here, hostNetwork: name === 'asked' }
        const server = await world.serve(
          name,
          options,
          name === 'asked' ? { port: proxy.port, container: 'meilisearch' } : {},
        )
        running.set(name, server)
        await server.load(name === 'slow' || name === 'quick' ? documents : 500)
      }),
    )
  })
  afterAll(async () => {
    goOn()
    held.slow?.letGo()
    held.quick?.letGo()
    kubeletOf(there).letGo()
    await proxy.close()
    await nodeAccess.close()
  })

  const apply = async (name: string, instance: Name, claim = `${instance}-backups`): Promise<MeiliSnapshot> => {
    await world.snapshot(name, { instance, claim: { name: claim } }, unhurried)
    return await world.get(name)
  }
  const reach = async (name: string, reason: string): Promise<MeiliSnapshot> =>
    await world.until(name, `to be ${reason}`, (snapshot) => readyOf(snapshot)?.reason === reason)

  /** Each where it is to be when the API server goes; the last one, whose POST waits for ten seconds at most, at the end. */
  async function everyPhase(): Promise<void> {
    await apply('pending', 'quick', 'later')
    await reach('pending', 'ClaimNotFound')
    kubeletOf(there).stop()
    const far = await apply('starting', 'far')
    await eventually('the mover on the silent node to have its pod', async () =>
      (await nodeAccess.podsOf(far)).some(({ spec }) => spec?.nodeName === there) ? true : undefined,
    )
    const [slow, quick] = await Promise.all([apply('copying', 'slow'), apply('finishing', 'quick')])
    await Promise.all([
      nodeAccess.catchMover(slow).then((mover) => (held.slow = mover)),
      nodeAccess.catchMover(quick).then((mover) => (held.quick = mover)),
    ])
    await running.get('busy')?.api.addDocuments('other', filmLines(0, 40_000))
    await apply('enqueued', 'busy')
    await reach('enqueued', 'TaskEnqueued')
    await apply('queued', 'busy')
    await reach('queued', 'Queued')
    await apply('requesting', 'asked')
    await asked
  }

  const phases = ['pending', 'queued', 'requesting', 'enqueued', 'starting', 'copying', 'finishing'] as const
  const ofServer: Readonly<Record<Name, number>> = { busy: 2, asked: 1, far: 1, slow: 1, quick: 2 }

  test(
    'one object, one task, one Job, one artifact, Complete: whatever it was doing',
    { timeout: 400_000 },
    async () => {
      await everyPhase()
      await withoutApiServer(testCluster(), async () => {
        goOn()
        held.quick?.letGo()
        kubeletOf(there).letGo()
        await pause(outageMs)
      })
      held.slow?.letGo()
      await kubectl.apply(claimOf({ namespace: world.namespace, name: 'later' }))

      const ended = await Promise.all(phases.map(async (name) => await world.waitForCompletion(name)))
      for (const { metadata, status } of ended) {
        expect(status, metadata.name).toMatchObject({ request: { attempt: 1, posts: 1 }, move: { attempt: 1 } })
        expect(status?.move?.failures ?? 0, metadata.name).toBe(0)
        await eventually(`the one mover of ${metadata.name} to be removed`, async () => {
          const left = await nodeAccess.kube.listAll(jobs, {
            namespace: world.namespace,
            labelSelector: `${snapshotUidLabel}=${metadata.uid}`,
          })
          return left.length === 0 ? true : undefined
        })
      }
      for (const name of servers) {
        const server = await world.reconnect(name)
        expect(
          (await server.api.snapshotTasks()).map(({ status }) => status),
          name,
        ).toEqual(Array.from({ length: ofServer[name] }, () => 'succeeded'))
      }
      for (const snapshot of ended.filter(({ metadata }) => !['queued', 'enqueued'].includes(metadata.name))) {
        expect(
          await storedDifferences(await nodeAccess.directoryOf(snapshot.spec.destination.claim.name), snapshot),
          snapshot.metadata.name,
        ).toEqual([])
      }
      const shared = ended
        .filter(({ spec }) => spec.destination.claim.name === 'busy-backups')
        .map(({ status }) => status?.artifact?.path.split('/').at(-1))
      expect(new Set(namesIn(`${await nodeAccess.directoryOf('busy-backups')}/busy`))).toEqual(new Set(shared))
    },
  )
})
