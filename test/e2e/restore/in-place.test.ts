// A server that the operator runs gets the data of a snapshot back in place, and goes back again, while an application searches all along.
import { beforeAll, describe, expect, test } from 'vitest'
import { isTrue } from '../../../src/api/status/conditions.ts'
import { filmLines } from '../../support/meilisearch/documents.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { restrictedWorld, managedServers } from '../support/managed-servers.ts'
import { kubectl } from '../support/world.ts'
import { restoresOf, searchAllAlong, toBackups } from '../support/restores.ts'

const world = restrictedWorld()
const restores = restoresOf(world)
const servers = managedServers(world)

/** Below 1,000, which is as far as a search counts. */
const older = 600
const newer = 900
/** What an application may find: before, after, and while documents are added. */
const known = (hits: number): boolean => hits === older || hits === newer

describe('in place', { concurrent: false }, () => {
  beforeAll(async () => {
    const server = await world.run('movies', { storage: { size: '1Gi' } })
    await server.load(older)
    await world.snapshot('before', { instance: 'movies', claim: toBackups })
    await world.waitForCompletion('before')
    // What is done after the snapshot, and is lost by a restore.
    await server.load(newer)
    await server.api.load('books', filmLines(0, 10))
    await server.api.call('/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'later', actions: ['search'], indexes: ['*'], expiresAt: null }),
    })
  })

  test('a DryRun says what is lost and does nothing; changed to Apply it does just that', async () => {
    await restores.inPlace('back', 'movies', { source: { snapshotRef: { name: 'before' } }, mode: 'DryRun' })
    const planned = await restores.until('back', 'to have a plan', ({ status }) => status?.phase === 'Planned')
    expect(planned.status?.plan).toMatchObject({
      from: { version: '1.21.0', documents: older },
      to: { version: '1.21.0', documents: newer + 10 },
      keysLost: ['later'],
    })
    expect(planned.status?.fill).toBeUndefined()
    const pod = await servers.pod('movies')

    const application = await searchAllAlong(world, 'movies', known)
    await restores.patch('back', { mode: 'Apply' })
    const done = await restores.ended('back', 'Completed')
    await world.instanceReady('movies')
    const searched = await application.stop()

    expect(done.status?.restored).toMatchObject({ version: '1.21.0', indexes: 1, documents: older })
    expect(done.status?.switched).toMatchObject({
      from: { claimName: 'movies-data', generation: 1 },
      to: { claimName: 'movies-data-2', generation: 2 },
    })
    expect(done.status?.oldData).toMatchObject({ claimName: 'movies-data' })
    expect(isTrue(done.status?.conditions, 'OldDataKept')).toBe(true)
    expect((await servers.pod('movies'))?.metadata.uid).not.toBe(pod?.metadata.uid)
    const { api } = await world.connectManaged('movies')
    expect(await api.counts()).toEqual({ films: older })
    expect(searched.strange).toEqual([])
    expect(searched.answers).toBeGreaterThan(10)

    // The peer: the same server's pod, deleted by hand.
    const restarted = await searchAllAlong(world, 'movies', known)
    const before = await servers.pod('movies')
    await kubectl.run(['-n', world.namespace, 'delete', 'pod', 'movies-0'])
    await servers.replaced('movies', before)
    await kubectl.run(['-n', world.namespace, 'wait', 'pod/movies-0', '--for=condition=Ready', '--timeout=60s'])
    const { gapMs } = await restarted.stop()
    console.log(
      `downtime of a restore in place ${(searched.gapMs / 1000).toFixed(1)} s (its status says ${done.status?.switched?.downtime ?? ''}), of a plain restart of the pod ${(gapMs / 1000).toFixed(1)} s`,
    )
  })

  test('the safety snapshot of what was there before is a snapshot like any other', async () => {
    const { status } = await restores.get('back')
    const name = status?.safety?.snapshot ?? ''
    const snapshot = await world.waitForCompletion(name)
    expect(snapshot.status?.artifact).toMatchObject({ documents: newer + 10, indexes: 2 })
  })

  test('the same YAML applied twice changes nothing', async () => {
    const pod = await servers.pod('movies')
    const spec = { source: { snapshotRef: { name: 'before' } }, mode: 'Apply' }
    await restores.inPlace('back', 'movies', spec)
    expect((await restores.get('back')).status?.phase).toBe('Completed')
    expect((await servers.pod('movies'))?.metadata.uid).toBe(pod?.metadata.uid)
  })

  test('rolled back, the server has what it had before, to the last document', async () => {
    const application = await searchAllAlong(world, 'movies', known)
    await restores.patch('back', { rollback: true })
    const done = await restores.ended('back', 'RolledBack')
    await world.instanceReady('movies')
    expect((await application.stop()).strange).toEqual([])
    expect(done.status?.rollback).toMatchObject({ cause: 'Asked', to: { claimName: 'movies-data', generation: 3 } })
    const { api } = await world.connectManaged('movies')
    expect(await api.counts()).toEqual({ films: newer, books: 10 })
  })

  test('one that is asked for while a snapshot runs waits for it, and a snapshot waits for a restore; two restores go one by one', async () => {
    await world.snapshot('beside', { instance: 'movies', claim: toBackups })
    await restores.inPlace('one', 'movies', {
      source: { snapshotRef: { name: 'before' } },
      safety: { snapshot: 'Never' },
    })
    await restores.inPlace('two', 'movies', {
      source: { snapshotRef: { name: 'before' } },
      safety: { snapshot: 'Never' },
    })
    const first = await restores.ended('one', 'Completed')
    await world.waitForCompletion('beside')
    const second = await restores.ended('two', 'Completed')
    const began = Date.parse(second.status?.switched?.stoppingAt ?? '')
    expect(began).toBeGreaterThanOrEqual(Date.parse(first.status?.completedAt ?? ''))
    await world.instanceReady('movies')
    expect(await (await world.connectManaged('movies')).api.counts()).toEqual({ films: older })
  })

  test('old data goes when it is asked for by name, and not before a snapshot of the new data has completed', async () => {
    const { status } = await restores.get('two')
    const old = status?.oldData?.claimName ?? ''
    await kubectl.run([
      '-n',
      world.namespace,
      'annotate',
      'meilirestore',
      'two',
      'meili-operator.dev/clean-up=old-data',
    ])
    await restores.until('two', 'to say what it waits for', (restore) =>
      /snapshot/i.test(JSON.stringify(restore.status)),
    )
    expect(await servers.find('pvc', old)).toBeDefined()
    await world.snapshot('after', { instance: 'movies', claim: toBackups })
    await world.waitForCompletion('after')
    await eventually(`claim ${old} to be gone`, async () =>
      (await servers.find('pvc', old)) === undefined ? true : undefined,
    )
    expect(await (await world.connectManaged('movies')).api.counts()).toEqual({ films: older })
  })
})
