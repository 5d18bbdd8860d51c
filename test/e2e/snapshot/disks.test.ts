// Full disks: the one that Meilisearch stages on, the one that it writes to, and the destination before a copy and in the middle of it.
// Full at the flush of each file: the mover's own tests, where the kernel is made to say so.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { smallVolume } from '../../cluster/small-volume.ts'
import type { SmallVolume } from '../../cluster/small-volume.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import {
  elsewhere,
  NodeAccess,
  namesIn,
  hostPathOf,
  testCluster,
  unhurried,
  whyElsewhere,
} from '../support/on-test-cluster.ts'
import { kubectl, ownWorld, readyOf } from '../support/world.ts'

const here = 'node-1'
const mebibyte = 1024 * 1024

describe.skipIf(elsewhere)(`a disk that is full${whyElsewhere}`, { concurrent: true }, () => {
  const world = ownWorld()
  let nodeAccess: NodeAccess
  const volumes: SmallVolume[] = []

  beforeAll(async () => {
    nodeAccess = new NodeAccess(world.namespace)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })
  afterAll(async () => {
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap,statefulsets,jobs', '--all', '--timeout=90s'])
    await kubectl.run(['-n', world.namespace, 'delete', 'pods', '--all', '--timeout=90s'])
    for (const volume of volumes) await volume.remove()
    await nodeAccess.close()
  })

  /** A claim on a disk of this size. */
  const smallClaim = async (
    claim: string,
    size: { sizeBytes: number; filesystem?: 'tmpfs' | 'ext4' },
  ): Promise<SmallVolume> => {
    const name = `${claim}-${randomBytes(3).toString('hex')}`
    const volume = await smallVolume(testCluster(), { name, node: here, ...size })
    volumes.push(volume)
    await testCluster().run('chmod', ['777', volume.path])
    const whole = claimOf({ namespace: world.namespace, name: claim, storageClassName: 'small' }) as { spec: object }
    await kubectl.apply({
      ...whole,
      spec: { ...whole.spec, volumeName: name, resources: { requests: { storage: '1Mi' } } },
    })
    return volume
  }
  const failure = async (name: string): Promise<string> => {
    const { status } = await world.until(name, 'to fail', (snapshot) => snapshot.status?.phase === 'Failed')
    expect(status?.conditions?.find(({ type }) => type === 'Failed')).toMatchObject({
      status: 'True',
      reason: 'SnapshotTaskFailed',
    })
    expect(status?.request).toMatchObject({ attempt: 1, posts: 1 })
    return status?.conditions?.[0]?.message ?? ''
  }

  test("TMPDIR: Failed with Meilisearch's code, and which disks it needs; nothing is stored", async () => {
    await (await world.serve('staging', { node: here, temporaryBytes: mebibyte })).load(2000)
    await world.snapshot('unstaged', { instance: 'staging' })
    expect(await failure('unstaged')).toMatch(
      /^Task \d+ failed: no_space_left_on_device\. .*TMPDIR .*one of the two is full\. Give it more space/,
    )
    expect((await nodeAccess.podsOf(await world.get('unstaged'))).length).toBe(0)
  })

  test("the snapshot directory: Failed with Meilisearch's code; its last file is as it was, and is taken when there is space", async () => {
    const disk = await smallClaim('snapshots', { sizeBytes: 64 * mebibyte })
    const server = await world.serve('writing', { node: here, snapshotsOn: { claimName: 'snapshots' } })
    await server.load(5000)
    await testCluster()
      .run('dd', ['if=/dev/zero', `of=${disk.path}/filler`, 'bs=1M', 'count=64'])
      .catch((error: unknown) => expect(String(error)).toContain('No space left'))
    await world.snapshot('unwritten', { instance: 'writing' })
    expect(await failure('unwritten')).toMatch(/^Task \d+ failed: \w+\. .*(os error 28|No space left|no_space)/i)
    await testCluster().run('rm', [`${disk.path}/filler`])
    await world.snapshot('written', { instance: 'writing' })
    await world.waitForCompletion('written')
  })

  test('a full destination: needed and free are named, and it goes on when there is space; the next one asks before Meilisearch works', async () => {
    const disk = await smallClaim('small', { sizeBytes: 80 * mebibyte })
    const fill = async (): Promise<string> =>
      await testCluster().run('dd', ['if=/dev/zero', `of=${disk.path}/filler`, 'bs=1M', 'count=60'])
    await (await world.serve('small', { node: here })).load(200)
    await fill()
    await world.snapshot('cramped', { instance: 'small', claim: { name: 'small' } })
    const waiting = await world.until(
      'cramped',
      'to lack space',
      (snapshot) => readyOf(snapshot)?.reason === 'InsufficientSpace',
    )
    expect(waiting.status?.phase).toBe('Moving')
    expect(readyOf(waiting)?.message).toMatch(/MiB.*free.*It goes on by itself when there is space, until \d{4}-/)
    await testCluster().run('rm', [`${disk.path}/filler`])
    const first = await world.waitForCompletion('cramped')
    expect(first.status?.request).toMatchObject({ attempt: 1, posts: 1 })
    expect(first.status?.move?.failures).toBe(0)

    await fill()
    await world.snapshot('asks', { instance: 'small', claim: { name: 'small' } })
    const asking = await world.until(
      'asks',
      'to lack space',
      (snapshot) => readyOf(snapshot)?.reason === 'InsufficientSpace',
    )
    expect(asking.status).toMatchObject({ phase: 'Pending', space: { attempt: 1 } })
    expect(asking.status?.request).toBeUndefined()
    await testCluster().run('rm', [`${disk.path}/filler`])
    await world.waitForCompletion('asks')
  })

  test('the destination, in the middle of the copy: needed and free, nothing half stays, and it goes on when there is space', async () => {
    const disk = await smallClaim('cramped', { sizeBytes: 160 * mebibyte })
    await (await world.serve('moving', { node: here })).load(10_000)
    await world.snapshot('squeezed', { instance: 'moving', claim: { name: 'cramped' } }, unhurried)
    const mover = await nodeAccess.catchMover(await world.get('squeezed'))
    await testCluster()
      .run('dd', ['if=/dev/zero', `of=${disk.path}/filler`, 'bs=1M', 'count=160'])
      .catch((error: unknown) => expect(String(error)).toContain('No space left'))
    mover.letGo()
    const waiting = await world.until(
      'squeezed',
      'to lack space',
      (snapshot) => readyOf(snapshot)?.reason === 'InsufficientSpace',
    )
    expect(readyOf(waiting)?.message).toMatch(/MiB.*It goes on by itself when there is space, until \d{4}-/)
    expect(namesIn(hostPathOf(`${disk.path}/moving`))).toEqual([])
    await testCluster().run('rm', [`${disk.path}/filler`])
    const { status } = await world.waitForCompletion('squeezed')
    expect(status?.request).toMatchObject({ attempt: 1, posts: 1 })
    expect(status?.move?.failures).toBe(0)
    expect(namesIn(hostPathOf(`${disk.path}/moving`))).toEqual([status?.artifact?.path.split('/').at(-1)])
  })
})
