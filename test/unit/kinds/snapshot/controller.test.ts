// What wakes which snapshot.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../src/api/snapshot.ts'
import { snapshotAndQueue, snapshotMovedBy, snapshotsOf } from '../../../../src/kinds/snapshot/controller.ts'
import {
  aCondition,
  ago,
  aJob,
  anInstance,
  aSnapshot,
  movingStatus,
  requestedStatus,
  second,
} from '../../../support/builders/observations.ts'
import { snapshotsIn } from '../../../support/builders/caches.ts'

const namedSnapshot = (
  name: string,
  status?: MeiliSnapshotStatus,
  parts: { metadata?: object; spec?: object } = {},
): MeiliSnapshot =>
  aSnapshot({
    name,
    ...parts,
    metadata: { uid: `${name}-uid`, ...parts.metadata },
    ...(status === undefined ? {} : { status }),
  })

const all = [
  namedSnapshot('waits', { phase: 'Pending' }),
  namedSnapshot('asks', requestedStatus()),
  namedSnapshot('moves', movingStatus()),
  namedSnapshot('done', { ...movingStatus(), phase: 'Completed' }),
  namedSnapshot('elsewhere', { phase: 'Pending' }, { spec: { source: { instanceRef: { name: 'blog' } } } }),
  namedSnapshot('same', { phase: 'Pending' }, { spec: { source: { instanceRef: { name: 'alias' } } } }),
  namedSnapshot('foreign', { phase: 'Pending' }, { metadata: { namespace: 'bank' } }),
]
const snapshots = snapshotsIn(all)
/** Where `search` and `alias` stand for one server. */
const lineIn = (index: typeof snapshots): Parameters<typeof snapshotAndQueue>[0] => {
  const instances = ['search', 'alias'].map((name) => anInstance({ name, metadata: { name } }))
  return {
    instance: (key) => instances.find(({ metadata }) => key === `shop/${metadata.name}`),
    instancesOfPod: (namespace, uid) => (namespace === 'shop' && uid === 'pod-uid' ? instances : []),
    snapshots: index,
  }
}

describe('a snapshot wakes', () => {
  const woken = snapshotAndQueue(lineIn(snapshots))

  test('itself', () => {
    expect(woken(namedSnapshot('asks', requestedStatus()))).toEqual(['shop/asks'])
  })

  test.each([
    ['has completed', namedSnapshot('done', { phase: 'Completed' })],
    ['has failed', namedSnapshot('done', { phase: 'Failed' })],
    ['is being deleted', namedSnapshot('done', requestedStatus(), { metadata: { deletionTimestamp: ago(second) } })],
  ])('those that wait at the same server once it %s, and no other', (_, snapshot) => {
    expect(woken(snapshot)).toEqual(['shop/done', 'shop/waits', 'shop/same'])
  })
})

const queuedStatus: MeiliSnapshotStatus = {
  phase: 'Pending',
  conditions: [aCondition('Ready', 'False', { reason: 'Queued' })],
}

describe('of those that are Queued', () => {
  const queued = Array.from({ length: 12 }, (_, index) =>
    namedSnapshot(`q${String(index).padStart(2, '0')}`, queuedStatus, {
      metadata: { creationTimestamp: ago((20 - index) * second) },
    }),
  )
  const woken = snapshotAndQueue(lineIn(snapshotsIn([...all, ...queued.toReversed()])))
  const front = queued.slice(0, 10).map(({ metadata }) => `shop/${metadata.name}`)

  test('the oldest ten are woken by the end of another, as each of thousands would look at the world', () => {
    expect(woken(namedSnapshot('done', { phase: 'Completed' }))).toEqual([
      'shop/done',
      ...front,
      'shop/waits',
      'shop/same',
    ])
  })

  test('they are woken as well by one that is gone without an end', () => {
    expect(woken(namedSnapshot('deleted', queuedStatus))).toEqual(['shop/deleted', ...front, 'shop/waits', 'shop/same'])
  })

  test('and by one that is Overdue, as that may be elsewhere', () => {
    const overdue = { ...movingStatus(), conditions: [aCondition('Overdue', 'True', { reason: 'MoverRunning' })] }
    expect(woken(namedSnapshot('moves', overdue))).toEqual(['shop/moves', ...front])
  })
})

describe('one that does not hold up its server wakes', () => {
  const queued = namedSnapshot('queued', queuedStatus)
  const woken = snapshotAndQueue(lineIn(snapshotsIn([...all, queued])))
  const waitsWith = (reason: string): MeiliSnapshot =>
    namedSnapshot('waits', { phase: 'Pending', conditions: [aCondition('Ready', 'False', { reason })] })

  test('those that are Queued, as it waits for something of its own', () => {
    expect(woken(waitsWith('ClaimNotFound'))).toEqual(['shop/waits', 'shop/queued'])
  })

  test('nobody, as it is Queued itself', () => {
    expect(woken(waitsWith('Queued'))).toEqual(['shop/waits'])
  })
})

describe('an instance wakes', () => {
  test('its own snapshots that are not finished', () => {
    expect(snapshotsOf(snapshots)(anInstance())).toEqual(['shop/waits', 'shop/asks', 'shop/moves'])
  })
})

describe('a Job or a pod wakes', () => {
  const woken = snapshotMovedBy(snapshots)

  test('the snapshot that it carries in its label', () => {
    const labels = aJob(namedSnapshot('moves', movingStatus())).metadata?.labels ?? {}
    expect(woken({ metadata: { name: 'any', namespace: 'shop', labels } })).toEqual(['shop/moves'])
  })

  test('nobody of another namespace, nor anybody without the label', () => {
    expect(
      woken({
        metadata: { name: 'any', namespace: 'bank', labels: { 'meili-operator.dev/snapshot-uid': 'moves-uid' } },
      }),
    ).toEqual([])
    expect(woken({ metadata: { name: 'any', namespace: 'shop' } })).toEqual([])
  })
})
