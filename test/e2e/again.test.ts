// Causes that may pass: the snapshot goes on by itself, and the reason is on record.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runningCluster } from '../cluster/cluster.ts'
import { smallVolume } from '../cluster/small-volume.ts'
import { eventually } from '../support/eventually.ts'
import { filmLines } from '../support/documents.ts'
import { shellOnClaim } from '../support/artifact.ts'
import { claimOf } from '../support/meilisearch-objects.ts'
import { kubectl, readyOf, scaleOperator, toolbox, World } from './world.ts'
import type { Server } from './world.ts'

const mebibyte = 1024 * 1024

describe('what may pass', () => {
  let world: World
  let server: Server

  beforeAll(async () => {
    world = await World.create()
    server = await world.serve('movies')
    await server.load(5000)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })
  afterAll(async () => {
    await scaleOperator(1)
    await world.destroy()
  })

  test('a task that somebody cancels is asked for again, with a new baseline and the reason on record', async () => {
    const busy = await server.api.addDocuments('other', filmLines(0, 40_000))
    await world.snapshot('cancelled', { instance: 'movies' })
    const asked = await world.until('cancelled', 'to have a task', ({ status }) => status?.request?.taskUid !== undefined)
    await server.api.call(`/tasks/cancel?uids=${asked.status?.request?.taskUid ?? ''}`, { method: 'POST' })
    const again = await world.until('cancelled', 'to ask again', ({ status }) => status?.request?.attempt === 2)
    expect(again.status?.request?.failure).toMatch(/^Task \d+ was cancelled by somebody\./)
    const { status } = await world.completed('cancelled')
    expect(status?.request).toMatchObject({ attempt: 2, posts: 1 })
    expect(status?.task?.uid).toBeGreaterThan(asked.status?.request?.taskUid ?? Number.POSITIVE_INFINITY)
    await server.api.finished(busy)
  })

  test('a newer snapshot that lies there before the copy is moved with its own label', async () => {
    await world.snapshot('replaced', { instance: 'movies' })
    await world.until('replaced', 'to have a task', ({ status }) => status?.request?.taskUid !== undefined)
    await scaleOperator(0)
    await eventually('Meilisearch to finish', async () => ((await server.api.snapshotTasks()).every(({ status }) => status === 'succeeded' || status === 'canceled') ? true : undefined))
    const { taskUid } = await server.api.call<{ taskUid: number }>('/snapshots', { method: 'POST' })
    await server.api.finished(taskUid)
    await scaleOperator(1)
    const { status } = await world.completed('replaced')
    expect(status?.task?.uid).toBe(taskUid)
    const manifest = await shellOnClaim(toolbox, { namespace: world.namespace, claimName: 'backups' }, `cat /backup/${status?.artifact?.path ?? ''}/manifest.json`)
    expect(JSON.parse(manifest)).toMatchObject({ task: { uid: taskUid } })
  })

  test('a full destination: needed and free are named, and it goes on when there is room; the next one asks before Meilisearch works', async (context) => {
    const cluster = runningCluster()
    if (cluster === undefined) return context.skip('small disks can be made on the test bed only')
    const name = `small-${world.namespace}`
    const volume = await smallVolume(cluster, { name, node: cluster.nodes[0] ?? '', sizeBytes: 80 * mebibyte })
    await cluster.run('chmod', ['777', volume.path])
    const fill = async (mebibytes: number): Promise<string> => cluster.run('dd', ['if=/dev/zero', `of=${volume.path}/filler`, 'bs=1M', `count=${mebibytes}`])
    try {
      const claim = claimOf({ namespace: world.namespace, name: 'small', storageClassName: 'small' }) as { spec: Record<string, unknown> }
      await kubectl.apply({ ...claim, spec: { ...claim.spec, volumeName: name, resources: { requests: { storage: '1Mi' } } } })
      await (await world.serve('small', { node: cluster.nodes[0] ?? '' })).load(200)
      await fill(60)
      await world.snapshot('cramped', { instance: 'small', claim: { name: 'small' } })
      const waiting = await world.until('cramped', 'to lack room', (snapshot) => readyOf(snapshot)?.reason === 'InsufficientSpace')
      expect(waiting.status?.phase).toBe('Moving')
      expect(readyOf(waiting)?.message).toMatch(/MiB.*free.*It goes on by itself when there is room, until \d{4}-/)
      await cluster.run('rm', [`${volume.path}/filler`])
      const first = await world.completed('cramped')
      expect(first.status?.request).toMatchObject({ attempt: 1, posts: 1 })
      expect(first.status?.move?.failures).toBe(0)

      await fill(60)
      await world.snapshot('asks', { instance: 'small', claim: { name: 'small' } })
      const asking = await world.until('asks', 'to lack room', (snapshot) => readyOf(snapshot)?.reason === 'InsufficientSpace')
      expect(asking.status).toMatchObject({ phase: 'Pending', room: { attempt: 1 } })
      expect(asking.status?.request).toBeUndefined()
      await cluster.run('rm', [`${volume.path}/filler`])
      await world.completed('asks')
    } finally {
      await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'cramped', 'asks', '--ignore-not-found', '--timeout=60s'])
      await kubectl.run(['-n', world.namespace, 'delete', 'jobs,pods', '-l', 'app.kubernetes.io/component=mover', '--timeout=60s'])
      await volume.remove()
    }
  })
})
