// What takes the ground from under a mover: eviction, a drained node, a server that moves, SIGKILL.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { kubeletOf } from '../../cluster/process/pod-processes.ts'
import { until } from '../../cluster/process/until.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf, statefulSetOf } from '../../support/meilisearch/objects.ts'
import { elsewhere, NodeAccess, namesIn, testCluster, unhurried, whyElsewhere } from '../support/on-test-cluster.ts'
import { conditionOf, kubectl, readyOf, toolbox, World } from '../support/world.ts'
import type { Server } from '../support/world.ts'

const [here, there] = ['node-1', 'node-2']
const documents = 10_000

describe.skipIf(elsewhere)(`a mover in the way${whyElsewhere}`, () => {
  let world: World
  let nodeAccess: NodeAccess
  let server: Server

  beforeAll(async () => {
    world = await World.create()
    nodeAccess = new NodeAccess(world.namespace)
    await kubectl.apply(
      claimOf({ namespace: world.namespace, name: 'backups' }),
      claimOf({
        namespace: world.namespace,
        name: 'shared-backups',
        accessModes: ['ReadWriteMany'],
        storageClassName: 'shared-pool',
      }),
    )
    server = await world.serve('movies', { node: here })
    await server.load(documents)
  })
  afterEach(async () => {
    await kubectl.run(['uncordon', here, there])
  })
  afterAll(async () => {
    await nodeAccess.close()
    await world.destroy()
    await kubectl.run(['delete', 'pv', world.namespace, '--ignore-not-found', '--wait=false'])
  })

  const startSnapshot = async (name: string, from: { instance: string; claim?: object }): Promise<MeiliSnapshot> => {
    await world.snapshot(name, from, unhurried)
    return await world.get(name)
  }
  const events = async (name: string, reason: string): Promise<string[]> =>
    (
      await kubectl.json<{ items: { message: string }[] }>([
        '-n',
        world.namespace,
        'get',
        'events',
        `--field-selector=reason=${reason},involvedObject.name=${name}`,
      ])
    ).items.map(({ message }) => message)
  const checkArtifact = async ({ status }: MeiliSnapshot): Promise<string> =>
    await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: status?.artifact?.claimName ?? '' },
      `cd /backup/${status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS && ls -A ..`,
    )

  /** For one node at a time, whichever: as a cloud's disk is. Its class is the namespace's name. */
  const createMovableVolume = async (): Promise<void> => {
    const path = `${testCluster().stateDirectory}/volumes/${world.namespace}`
    await testCluster().run('mkdir', ['-m', '777', path])
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: world.namespace },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: world.namespace,
        persistentVolumeReclaimPolicy: 'Retain',
        hostPath: { path },
      },
    })
  }

  test('a mover that is evicted from a cordoned node makes way, cleans up, and comes again there: not counted, one task', async () => {
    const snapshot = await startSnapshot('evicted', { instance: 'movies' })
    const mover = await nodeAccess.catchMover(snapshot)
    const drained = kubectl.run(['drain', here, '--pod-selector=app.kubernetes.io/component=mover', '--timeout=60s'])
    await mover.waitForSigterm()
    mover.letGo()
    await drained
    const done = await world.waitForCompletion('evicted')
    await kubectl.run(['uncordon', here])
    expect(done.status?.move).toMatchObject({ attempt: 1, node: here })
    expect(done.status?.move?.failures ?? 0).toBe(0)
    expect(
      (await nodeAccess.podsOf(snapshot)).filter(({ metadata }) => metadata.uid !== mover.pod.metadata.uid),
    ).toHaveLength(1)
    expect(await checkArtifact(done)).not.toContain('.partial')
  })

  test('a node that is drained while the mover runs there: the server goes, so the mover goes; both come back, not counted', async () => {
    const before = (await server.api.snapshotTasks()).length
    const snapshot = await startSnapshot('drained', { instance: 'movies' })
    const mover = await nodeAccess.catchMover(snapshot)
    // A server that is gone before anybody looks again leaves nothing to make way for: the next mover would just store the file.
    const leaving = await nodeAccess.freezeServer('movies-0')
    const drained = kubectl.run([
      'drain',
      here,
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--force',
      '--timeout=90s',
    ])
    await mover.waitForSigterm()
    mover.letGo()
    const waiting = await world.until(
      'drained',
      'to wait for its server',
      ({ status }) => status?.phase === 'Moving' && status.waitingFor !== undefined,
    )
    leaving.letGo()
    await drained
    expect(readyOf(waiting)?.reason).toMatch(/^(TargetMoving|MoverStarting|MoverWaiting)$/)
    await kubectl.run(['uncordon', here])
    const done = await world.waitForCompletion('drained')
    expect(done.status?.request).toMatchObject({ attempt: 1, posts: 1 })
    expect(done.status?.move?.failures ?? 0).toBe(0)
    expect(await checkArtifact(done)).toContain('data.ms.snapshot: OK')
    server = await world.reconnect('movies')
    expect((await server.api.snapshotTasks()).length - before).toBe(1)
  })

  test.concurrent('a server that moves to another node is not held up by the mover on its volume: the Job goes, the server starts, the mover follows', async () => {
    await createMovableVolume()
    const moving = await world.serve('moving', { node: here, storageClassName: world.namespace })
    await moving.load(documents)
    const snapshot = await startSnapshot('followed', { instance: 'moving', claim: { name: 'shared-backups' } })
    const mover = await nodeAccess.catchMover(snapshot)
    await kubectl.apply(statefulSetOf({ ...moving.options, node: there }))
    // The time that a pod may take to go, and some seconds: the server must not wait for the mover any longer.
    const message = await eventually(
      'the mover to make way',
      async () => (await events('followed', 'TargetMoving'))[0],
      {
        timeoutMs: 20_000,
      },
    )
    expect(message).toMatch(
      /is leaving node node-1: the mover there makes way, and starts again when the pod is ready\./,
    )
    await mover.waitForSigterm()
    mover.letGo()
    await kubectl.run(['-n', world.namespace, 'rollout', 'status', 'statefulset/moving', '--timeout=60s'])
    const done = await world.waitForCompletion('followed')
    expect(done.status?.move).toMatchObject({ attempt: 1, node: there })
    expect(done.status?.move?.failures ?? 0).toBe(0)
    expect(done.status?.request).toMatchObject({ attempt: 1, posts: 1 })
    expect(await checkArtifact(done)).not.toContain('.partial')
  })

  test.concurrent('a mover that is killed three times has failed, and what the last one left is removed', async () => {
    const snapshot = await startSnapshot('killed', { instance: 'movies' })
    for (let round = 0; round < 3; round += 1) (await nodeAccess.catchMover(snapshot)).kill()
    const { status } = await world.until('killed', 'to fail', (now) => now.status?.phase === 'Failed')
    const parent = `${await nodeAccess.directoryOf('backups')}/movies`
    expect(status?.conditions?.[0]).toMatchObject({ type: 'Stalled', reason: 'MoverFailed' })
    expect(status?.conditions?.[0]?.message).toMatch(
      /^The mover failed 3 times\. Last: The mover ended with exit code 137 .* Job killed-[0-9a-f]{8}-sweep removes what was left of it on claim backups\.$/,
    )
    await until({ what: 'nothing of it to be left', withinMs: 60_000 }, () =>
      namesIn(parent).every((name) => !name.includes('killed-')),
    )
  })

  test('a mover on a node that has gone silent is Overdue past its deadline, and not failed; once it has ended, what it left is removed', async () => {
    const before = (await server.api.snapshotTasks()).length
    await world.snapshot('silent', { instance: 'movies' }, { ...unhurried, deadlines: { move: '20s' } })
    const mover = await nodeAccess.catchMover(await world.get('silent'))
    // It is known to run, so that its words are asked for: of a kubelet that does not answer.
    await kubectl.run([
      '-n',
      world.namespace,
      'wait',
      `pod/${mover.pod.metadata.name}`,
      '--for=jsonpath={.status.phase}=Running',
      '--timeout=30s',
    ])
    const kubelet = kubeletOf(here)
    kubelet.stop()
    try {
      const overdue = await world.until(
        'silent',
        'to be overdue',
        (snapshot) => conditionOf(snapshot, 'Overdue') !== undefined,
      )
      expect(conditionOf(overdue, 'Overdue')).toMatchObject({ status: 'True', reason: 'MoveDeadlineExceeded' })
      expect(conditionOf(overdue, 'Overdue')?.message).toContain(
        `pod ${mover.pod.metadata.name} on node ${here} has not ended: the node is gone, or hangs.`,
      )
      expect(overdue.status?.phase).toBe('Moving')
    } finally {
      mover.kill()
      kubelet.letGo()
    }
    const { status } = await world.until('silent', 'to fail', (snapshot) => snapshot.status?.phase === 'Failed')
    expect(status?.conditions?.find(({ type }) => type === 'Failed')).toMatchObject({
      reason: 'MoveDeadlineExceeded',
      message: expect.stringMatching(
        /Job silent-[0-9a-f]{8}-sweep removes what was left of it on claim backups\.$/,
      ) as string,
    })
    const parent = `${await nodeAccess.directoryOf('backups')}/movies`
    await until({ what: 'nothing of it to be left', withinMs: 60_000 }, () =>
      namesIn(parent).every((name) => !name.includes('silent-')),
    )
    expect((await server.api.snapshotTasks()).length - before).toBe(1)
  })
})
