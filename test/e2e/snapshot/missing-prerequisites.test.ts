// What a user sees when something is missing or wrong: a clear condition, a deadline, and that it goes on by itself.
import { beforeAll, describe, expect, test } from 'vitest'
import { claimOf, instanceOf, secretOf } from '../../support/meilisearch/objects.ts'
import { putOnRecord } from '../support/keys.ts'
import { conditionOf, kubectl, ownWorld, readyOf } from '../support/world.ts'
import type { Server } from '../support/world.ts'

describe('trouble is named', () => {
  const world = ownWorld()
  let server: Server

  beforeAll(async () => {
    server = await world.serve('movies')
    await server.load(100)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })

  test('a wrong key: Unauthorized, the needed actions, no task; it goes on when the Secret is right', async () => {
    const { namespace } = world
    const masterKey = 'this-is-not-the-key'
    putOnRecord(masterKey)
    await kubectl.apply(secretOf({ ...server.options, name: 'wrong', masterKey }))
    await kubectl.apply(
      instanceOf(
        { ...server.options, name: 'keyed' },
        {
          podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'movies' } },
          apiKeySecretRef: { name: 'wrong-keys', key: 'MEILI_MASTER_KEY' },
        },
      ),
    )
    await kubectl.run(['-n', namespace, 'delete', 'meiliinstance', 'movies'])
    await world.snapshot('locked', { instance: 'keyed' })
    const waiting = await world.until(
      'locked',
      'to be unauthorized',
      (snapshot) => readyOf(snapshot)?.reason === 'Unauthorized',
    )
    expect(waiting.status?.phase).toBe('Pending')
    expect(readyOf(waiting)?.message).toMatch(
      /The key in Secret wrong-keys\/MEILI_MASTER_KEY is refused.*snapshots\.create.*until \d{4}-/,
    )
    expect(conditionOf(await world.instance('keyed'), 'Authorized')).toMatchObject({
      status: 'False',
      reason: 'KeyRefused',
    })
    expect(await server.api.snapshotTasks()).toHaveLength(0)
    expect(JSON.stringify(waiting)).not.toContain('this-is-not-the-key')
    await kubectl.apply(secretOf({ ...server.options, name: 'wrong' }))
    await world.waitForCompletion('locked')
    await kubectl.run(['-n', namespace, 'delete', 'meiliinstance', 'keyed'])
    await kubectl.apply(instanceOf(server.options))
  })

  test('a pod that is not there: TargetNotReady with the selector, and Failed after deadlines.start', async () => {
    await kubectl.apply(instanceOf({ ...server.options, name: 'nobody' }))
    await world.snapshot('lonely', { instance: 'nobody' }, { deadlines: { start: '5s' } })
    const waiting = await world.until(
      'lonely',
      'to miss its target',
      (snapshot) => readyOf(snapshot)?.reason === 'TargetNotReady',
    )
    expect(readyOf(waiting)?.message).toContain('No pod in namespace')
    const { status } = await world.until('lonely', 'to fail', (snapshot) => snapshot.status?.phase === 'Failed')
    expect(status?.conditions?.map(({ type, status: verdict }) => `${type}=${verdict}`)).toEqual([
      'Stalled=True',
      'Ready=False',
      'Complete=False',
      'Failed=True',
    ])
    expect(status?.conditions?.[0]).toMatchObject({ reason: 'StartDeadlineExceeded' })
  })

  test('an instance that is not there: InstanceNotFound', async () => {
    await world.snapshot('astray', { instance: 'nowhere' })
    const waiting = await world.until(
      'astray',
      'to miss its instance',
      (snapshot) => readyOf(snapshot)?.reason === 'InstanceNotFound',
    )
    expect(readyOf(waiting)?.message).toContain(`MeiliInstance nowhere does not exist in namespace ${world.namespace}`)
  })

  test('a claim that is not there: ClaimNotFound, and it goes on when the claim appears', async () => {
    await world.snapshot('roofless', { instance: 'movies', claim: { name: 'later' } })
    const waiting = await world.until(
      'roofless',
      'to miss its claim',
      (snapshot) => readyOf(snapshot)?.reason === 'ClaimNotFound',
    )
    expect(readyOf(waiting)?.message).toContain('Claim later does not exist')
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'later' }))
    await world.waitForCompletion('roofless')
  })

  test('a snapshot directory on an emptyDir: the instance is Ready, its snapshots fail with the remedy', async () => {
    await world.serve('fleeting', { snapshotsOn: 'emptyDir' })
    await kubectl.run([
      '-n',
      world.namespace,
      'wait',
      'meiliinstance/fleeting',
      '--for=condition=Ready',
      '--timeout=60s',
    ])
    await world.snapshot('fleeting', { instance: 'fleeting' })
    const { status } = await world.until('fleeting', 'to fail', (snapshot) => snapshot.status?.phase === 'Failed')
    expect(status?.conditions?.find(({ type }) => type === 'Failed')).toMatchObject({
      status: 'True',
      reason: 'DirectoryNotOnClaim',
    })
    expect(status?.conditions?.[0]?.message).toMatch(
      /emptyDir, which no other pod can mount\. Put MEILI_SNAPSHOT_DIR on a PersistentVolumeClaim/,
    )
    const instance = await world.instance('fleeting')
    expect(readyOf(instance)?.status).toBe('True')
    expect(conditionOf(instance, 'SnapshotVolumeReady')?.status).toBe('False')
  })

  test('a mover that no node can take: the scheduler speaks in status, and the deletion of the object ends it', async () => {
    await world.snapshot('stuck', { instance: 'movies' }, { mover: { nodeSelector: { 'no-such-label': 'true' } } })
    const waiting = await world.until(
      'stuck',
      'to explain itself',
      (snapshot) => readyOf(snapshot)?.reason === 'MoverWaiting',
    )
    expect(readyOf(waiting)?.message).toMatch(/no node can take it: .*nodes are available/)
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'stuck', '--timeout=60s'])
    expect(await world.jobsOf(waiting)).toEqual([])
  })
})
