// What breaks while a snapshot is on its way: the server, the mover, the rules of the namespace.
import { beforeAll, describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { kubectl, ownWorld, readyOf, toolbox } from '../support/world.ts'
import type { Server } from '../support/world.ts'

describe('what breaks on the way', () => {
  const world = ownWorld()
  let server: Server

  beforeAll(async () => {
    server = await world.serve('movies')
    await server.load(20_000)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })

  /** The words are the cluster's, and may be others at first: a quota that nobody has counted for yet refuses as well. */
  const says = async (name: string, reason: string, words: RegExp): Promise<MeiliSnapshot> =>
    await world.until(
      name,
      `to be ${reason} with ${words}`,
      (snapshot) => readyOf(snapshot)?.reason === reason && words.test(readyOf(snapshot)?.message ?? ''),
    )

  test('a quota that refuses the mover speaks in status; it goes on when the quota is gone', async () => {
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { namespace: world.namespace, name: 'no-jobs' },
      spec: { hard: { 'count/jobs.batch': '0' } },
    })
    await world.snapshot('refused', { instance: 'movies' })
    await says('refused', 'MoverRefused', /exceeded quota: no-jobs.*It is tried again, until \d{4}-/)
    await kubectl.run(['-n', world.namespace, 'delete', 'resourcequota', 'no-jobs'])
    const { status } = await world.waitForCompletion('refused')
    expect(status?.move).toMatchObject({ attempt: 1 })
  })

  test('a quota that refuses its pod speaks in status, too', async () => {
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { namespace: world.namespace, name: 'no-pods' },
      spec: { hard: { pods: '1' } },
    })
    await world.snapshot('podless', { instance: 'movies' })
    await says('podless', 'MoverWaiting', /the Job makes no pod: FailedCreate: .*exceeded quota: no-pods/)
    await kubectl.run(['-n', world.namespace, 'delete', 'resourcequota', 'no-pods'])
    await world.waitForCompletion('podless')
  })

  test('a mover that runs out of memory is tried three times, then it has failed, and says what to raise', async () => {
    await world.snapshot(
      'starved',
      { instance: 'movies' },
      { mover: { resources: { requests: { memory: '8Mi' }, limits: { memory: '20Mi' } } } },
    )
    const { status } = await world.until('starved', 'to fail', (snapshot) => snapshot.status?.phase === 'Failed')
    expect(status?.conditions?.find(({ type }) => type === 'Failed')).toMatchObject({
      status: 'True',
      reason: 'MoverFailed',
    })
    expect(status?.conditions?.[0]?.message).toMatch(/^The mover failed 3 times\. Last: .*memory/)
    const listing = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'backups' },
      'ls /backup/movies',
    )
    expect(listing).not.toContain('starved')
  })

  test('Meilisearch killed in the middle of the task: it runs again by itself, and status follows', async () => {
    await world.snapshot('killed', { instance: 'movies' })
    await world.until('killed', 'to have a task', ({ status }) => status?.request?.taskUid !== undefined)
    await kubectl.run(['-n', world.namespace, 'delete', 'pod', 'movies-0', '--grace-period=0', '--force'])
    const { status } = await world.waitForCompletion('killed')
    expect(status?.request).toMatchObject({ attempt: 1, posts: 1 })
    expect(status?.task?.uid).toBe(status?.request?.taskUid)
    const output = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'backups' },
      `cd /backup/${status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS`,
    )
    expect(output).toContain('data.ms.snapshot: OK')
  })
})
