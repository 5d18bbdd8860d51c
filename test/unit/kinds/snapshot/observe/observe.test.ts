// What is read of the cluster for one snapshot: who goes first, which pod is the very one, where databases are.
import { describe, expect, test } from 'vitest'
import type { MeiliInstance } from '../../../../../src/api/instance.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { aManagedInstance } from '../../../../support/builders/managed-observations.ts'
import {
  aClaim,
  aCondition,
  ago,
  aJob,
  anInstance,
  aSnapshot,
  aTarget,
  hour,
  minute,
  movingStatus,
  requestedStatus,
  second,
} from '../../../../support/builders/observations.ts'
import { observe } from './one-look.ts'

/** Another snapshot of the same server, as old as given. */
const other = (
  name: string,
  parts: { ageMs?: number; status?: MeiliSnapshotStatus; metadata?: object; instance?: string } = {},
): MeiliSnapshot =>
  aSnapshot({
    name,
    metadata: { uid: `${name}-uid`, creationTimestamp: ago(parts.ageMs ?? 2 * hour), ...parts.metadata },
    spec: { source: { instanceRef: { name: parts.instance ?? 'search' } } },
    ...(parts.status === undefined ? {} : { status: parts.status }),
  })
const waitingStatus = (reason: string): MeiliSnapshotStatus => ({
  phase: 'Pending',
  conditions: [aCondition('Ready', 'False', { reason })],
})

describe('the queue', () => {
  const ahead = async (...snapshots: MeiliSnapshot[]): Promise<readonly string[]> =>
    (await observe(aSnapshot(), { snapshots })).ahead

  test('older ones that wait for nothing but their turn go first', async () => {
    expect(await ahead(other('fresh'), other('queued', { status: waitingStatus('Queued') }))).toEqual([
      'fresh',
      'queued',
    ])
  })

  test('younger ones do not', async () => {
    expect(await ahead(other('younger', { ageMs: minute }))).toEqual([])
  })

  test('of two that are as old as each other exactly one goes first', async () => {
    const twin = other('twin', { ageMs: hour })
    expect((await ahead(twin)).length + (await observe(twin, { snapshots: [aSnapshot()] })).ahead.length).toBe(1)
  })

  test.each(['ClaimNotFound', 'Unauthorized', 'TargetNotReady'])(
    'one that waits for something else (%s) blocks nobody',
    async (reason) => {
      expect(await ahead(other('held-up', { status: waitingStatus(reason) }))).toEqual([])
    },
  )

  test('one with a request on record goes first, also where it is younger or being deleted', async () => {
    expect(
      await ahead(
        other('active', { ageMs: minute, status: requestedStatus() }),
        other('leaving', { status: requestedStatus(), metadata: { deletionTimestamp: ago(second) } }),
      ),
    ).toEqual(['leaving', 'active'])
  })

  test('one that is being deleted and has asked for nothing does not', async () => {
    expect(await ahead(other('leaving', { metadata: { deletionTimestamp: ago(second) } }))).toEqual([])
  })

  test('one that has ended does not', async () => {
    expect(
      await ahead(
        other('done', { status: { ...movingStatus(), phase: 'Completed' } }),
        other('failed', { status: { ...requestedStatus(), phase: 'Failed' } }),
      ),
    ).toEqual([])
  })

  test('one of another server does not', async () => {
    expect(await ahead(other('elsewhere', { instance: 'blog' }))).toEqual([])
  })

  test('one of another instance that stands for the same pod does', async () => {
    const instances = [
      anInstance(),
      anInstance({ name: 'alias' }),
      anInstance({ name: 'blog', status: { pod: { name: 'blog-0', uid: 'blog-uid' } } }),
    ]
    const seen = await observe(aSnapshot(), {
      instances,
      snapshots: [other('aliased', { instance: 'alias' }), other('elsewhere', { instance: 'blog' })],
    })
    expect(seen.ahead).toEqual(['aliased'])
  })

  test('one of another namespace does not, whatever its names', async () => {
    expect(await ahead(other('foreign', { metadata: { namespace: 'bank' } }))).toEqual([])
  })
})

describe('tasks of others', () => {
  test('are those that they have on record, adopted or named by the reply', async () => {
    const snapshots = [
      other('a', { status: requestedStatus({ taskUid: 12 }) }),
      other('b', { status: requestedStatus({}, { task: { uid: 13, status: 'enqueued', enqueuedAt: ago(second) } }) }),
      other('c'),
    ]
    expect((await observe(aSnapshot(), { snapshots })).adoptedByOthers).toEqual([12, 13])
  })
})

describe('the target', () => {
  test('is the very pod that the instance speaks of', async () => {
    expect((await observe(aSnapshot())).target?.metadata?.uid).toBe('pod-uid')
  })

  test('or a pod that has taken its place, of which the instance does not know yet', async () => {
    const objects = { 'pods/search-0': aTarget({ metadata: { uid: 'another-uid' } }) }
    expect(await observe(aSnapshot(), { objects })).toMatchObject({
      target: undefined,
      successor: { metadata: { uid: 'another-uid' } },
    })
    expect((await observe(aSnapshot())).successor).toBeUndefined()
  })

  test.each([
    ['another pod of that name', { 'pods/search-0': aTarget({ metadata: { uid: 'another-uid' } }) }],
    ['no pod', {}],
  ])('is nobody where there is %s', async (_, objects) => {
    expect(await observe(aSnapshot(), { objects })).toMatchObject({ target: undefined, engine: { state: 'NotAsked' } })
  })

  test('is nobody without an instance', async () => {
    expect(await observe(aSnapshot(), { instances: [] })).toMatchObject({
      instance: undefined,
      target: undefined,
      engine: { state: 'NotAsked' },
    })
  })
})

describe('the databases', () => {
  test('are those of all instances of the namespace: of a managed one by its spec, before anybody has looked at it', async () => {
    const elsewhere = anInstance({ name: 'elsewhere', metadata: { namespace: 'bank' } })
    const unseen = { ...anInstance({ name: 'unseen' }), status: {} }
    const managed = [
      aManagedInstance(),
      aManagedInstance({ name: 'heir', managed: { storage: { claimName: 'backups' } } }),
    ]
    const { databases } = await observe(aSnapshot(), { instances: [anInstance(), elsewhere, unseen, ...managed] })
    expect(databases).toEqual([
      { instance: 'search', claimName: 'search-data', subPath: 'data.ms' },
      { instance: 'movies', claimName: 'movies-data', subPath: 'data.ms' },
      { instance: 'heir', claimName: 'backups', subPath: 'data.ms' },
    ])
  })

  test('of one that is not looked at yet nothing is known, and it is named; of one without a pod there is nothing to wait for', async () => {
    const unknown = (name: string, reason?: string): MeiliInstance => ({
      ...anInstance({ name }),
      status: {
        observedGeneration: reason === undefined ? -1 : 1,
        conditions: reason === undefined ? [] : [aCondition('PodFound', 'False', { reason })],
      },
    })
    const instances = [
      anInstance(),
      unknown('fresh'),
      unknown('seen-by-an-older-operator', 'PodAmbiguous'),
      unknown('without-pod', 'PodNotFound'),
      { ...aManagedInstance(), status: {} },
      anInstance({ name: 'elsewhere', metadata: { namespace: 'bank' }, status: { observedGeneration: -1 } }),
    ]
    expect((await observe(aSnapshot(), { instances })).unseen).toEqual(['fresh', 'seen-by-an-older-operator'])
  })

  test('a claim that a managed MeiliInstance has left behind counts, by its annotation, unless it has another server now', async () => {
    const left = aClaim({ metadata: { annotations: { 'meili-operator.dev/database-version': '1.21.0' } } })
    const objects = { 'pods/search-0': aTarget(), 'persistentvolumeclaims/backups': left }
    expect((await observe(aSnapshot(), { objects })).databases).toContainEqual({
      instance: undefined,
      claimName: 'backups',
      subPath: 'data.ms',
    })
    const heir = aManagedInstance({ name: 'heir', managed: { storage: { claimName: 'backups' } } })
    expect((await observe(aSnapshot(), { objects, instances: [heir] })).databases).toEqual([
      { instance: 'heir', claimName: 'backups', subPath: 'data.ms' },
    ])
    expect((await observe(aSnapshot())).databases.map(({ claimName }) => claimName)).toEqual(['search-data'])
  })

  test('are known where the object is being deleted, too, finished or not', async () => {
    const snapshot = aSnapshot({ metadata: { deletionTimestamp: ago(second) }, status: { phase: 'Completed' } })
    expect((await observe(snapshot)).databases).toHaveLength(1)
  })
})

describe('what is read', () => {
  test('the claim, and its absence', async () => {
    expect((await observe(aSnapshot())).claim?.metadata?.name).toBe('backups')
    expect((await observe(aSnapshot(), { objects: {} })).claim).toBeUndefined()
  })

  test('of a finished object nothing is', async () => {
    expect(await observe(aSnapshot({ status: { phase: 'Completed' } }), { objects: {} })).toMatchObject({
      target: undefined,
      claim: undefined,
      engine: { state: 'NotAsked' },
    })
  })

  test('the server is asked before the request only where the instance is ready', async () => {
    const notReady = anInstance({ status: { conditions: [aCondition('Ready', 'False', { reason: 'Unreachable' })] } })
    expect((await observe(aSnapshot(), { instances: [notReady] })).engine.state).toBe('NotAsked')
    expect((await observe(aSnapshot())).engine.state).toBe('Unauthorized')
    expect((await observe(aSnapshot({ status: requestedStatus() }), { instances: [notReady] })).engine.state).toBe(
      'Unauthorized',
    )
  })

  test('the server is not asked while a mover is there', async () => {
    const snapshot = aSnapshot({ status: movingStatus() })
    expect((await observe(snapshot, { jobs: [aJob(snapshot)] })).engine.state).toBe('NotAsked')
    expect((await observe(snapshot)).engine.state).toBe('Unauthorized')
  })

  test('nothing of the world is, of one that waits for its turn', async () => {
    const queued = { enough: 'movers', limit: 10, ahead: 2, looked: false } as const
    const unread = new Error('it was read')
    const waits = aSnapshot({ status: movingStatus({ node: undefined, queuedAt: ago(minute) }) })
    const seen = await observe(waits, {
      objects: {},
      unanswered: unread,
      slots: { look: () => queued, claim: () => expect.unreachable() },
    })
    expect(seen).toMatchObject({ queued, target: undefined, engine: { state: 'NotAsked' }, mover: { jobs: [] } })
  })
})
