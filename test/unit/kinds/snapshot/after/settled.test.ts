// What the cache keeps of a snapshot with which nothing is left to do, and that no pass is made for it, nor anything written of it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isFinished, meiliSnapshots, snapshotFinalizer } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { isWhole } from '../../../../../src/api/status/settled-snapshot.ts'
import type { KnownSnapshot } from '../../../../../src/api/status/settled-snapshot.ts'
import type { KubeClient } from '../../../../../src/kube/client.ts'
import { keepSnapshot } from '../../../../../src/kinds/snapshot/after/settled.ts'
import { decideSnapshot } from '../../../../../src/kinds/snapshot/decide.ts'
import { earlierRun } from '../../../../../src/kinds/snapshot/status/estimate.ts'
import { expiryRestMs } from '../../../../../src/kinds/snapshot/status/expires.ts'
import { upgradeLabels } from '../../../../../src/reconcile/names/objects.ts'
import { SnapshotCache } from '../../../../support/builders/caches.ts'
import { snapshot as anySnapshot } from '../../../../support/builders/any/snapshot.ts'
import {
  aCondition,
  ago,
  anObservation,
  aSnapshot,
  hour,
  minute,
  movingStatus,
  now,
  succeededTask,
} from '../../../../support/builders/observations.ts'

/** As one that really ran leaves it. */
const completedStatus: MeiliSnapshotStatus = {
  ...movingStatus(),
  observedGeneration: 1,
  phase: 'Completed',
  task: succeededTask({ startedAt: ago(50 * minute), finishedAt: ago(40 * minute) }),
  artifact: {
    claimName: 'backups',
    path: 'search/nightly-0a1b2c3d',
    fileName: 'data.ms.snapshot',
    sizeBytes: 1000,
    size: '1 kB',
    sha256: 'ab'.repeat(32),
    meilisearchVersion: '1.21.0',
    verification: 'Archive',
  },
  destination: { freeBytes: 5000, observedAt: ago(minute) },
  startedAt: ago(hour),
  completedAt: ago(minute),
  conditions: ['Ready', 'Complete'].map((type) =>
    aCondition(type, 'True', { reason: 'Completed', message: 'm'.repeat(150) }),
  ),
}
const completed = (parts: { spec?: object; finalizers?: string[]; metadata?: object } = {}): MeiliSnapshot =>
  aSnapshot({
    metadata: { finalizers: parts.finalizers ?? [], ...parts.metadata },
    ...(parts.spec === undefined ? {} : { spec: parts.spec }),
    status: completedStatus,
  })

/** Any snapshot, often one that has ended, and often with all that its end asks for done. */
const anyKept = fc
  .record({
    of: anySnapshot,
    phase: fc.constantFrom('Completed' as const, 'Failed' as const, 'Expired' as const, undefined),
    expiresAfter: fc.constantFrom(undefined, undefined, '720h'),
    expiry: fc.constantFrom(undefined, undefined, { announcedAt: ago(minute) }),
    observedGeneration: fc.constantFrom(1, 1, 1, 2),
    finalizers: fc.constantFrom([], [snapshotFinalizer]),
    deleted: fc.constantFrom(false, false, true),
  })
  .map(({ of, phase, expiresAfter, expiry, observedGeneration, finalizers, deleted }): MeiliSnapshot => {
    const { deletionTimestamp: _, ...metadata } = of.metadata
    return {
      ...of,
      spec: { ...of.spec, ...(expiresAfter === undefined ? {} : { expiresAfter }) },
      metadata: {
        ...metadata,
        creationTimestamp: ago(hour),
        name: 'nightly',
        finalizers,
        ...(deleted ? { deletionTimestamp: ago(minute) } : {}),
      },
      status: {
        ...of.status,
        observedGeneration,
        ...(phase === undefined ? {} : { phase, completedAt: ago(minute) }),
        ...(expiry === undefined ? {} : { expiry }),
      },
    }
  })

describe('a snapshot is settled', () => {
  test('where a pass would change nothing, and only there', () => {
    fc.assert(
      fc.property(anyKept, (snapshot) => {
        const { status, effects, requeueAfterMs } = decideSnapshot(anObservation({ snapshot }), now)
        const isQuiet =
          isFinished(snapshot) &&
          snapshot.metadata.deletionTimestamp === undefined &&
          effects.length === 0 &&
          // For that a timer is set beside the cache: observe/due.ts.
          (requeueAfterMs === undefined || expiryRestMs(snapshot, now) !== undefined) &&
          status.observedGeneration === snapshot.status?.observedGeneration &&
          status.expiry === snapshot.status?.expiry
        expect(isWhole(keepSnapshot(snapshot))).toBe(!isQuiet)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['has not ended', aSnapshot({ status: movingStatus() })],
    ['is being deleted', completed({ metadata: { deletionTimestamp: ago(minute) } })],
    ['was changed and not looked at since', completed({ metadata: { generation: 2 } })],
    ['has a finalizer that is to go', completed({ finalizers: [snapshotFinalizer] })],
    ['lacks the finalizer of its deletionPolicy', completed({ spec: { deletionPolicy: 'Delete' } })],
    ['is about to expire', aSnapshot({ status: { ...completedStatus, expiry: { announcedAt: ago(minute) } } })],
    ['was taken before an upgrade', completed({ metadata: { labels: { [upgradeLabels.to]: '1.21.0' } } })],
  ])('not where it %s: that one stays as it is', (_, snapshot) => {
    expect(keepSnapshot(snapshot)).toBe(snapshot)
  })
})

describe('of a settled one', () => {
  const settled = keepSnapshot(completed())

  test('less than half of the text is kept, with all that is read of it later', () => {
    expect(JSON.stringify(settled).length * 2).toBeLessThan(JSON.stringify(completed()).length)
    expect(earlierRun(settled)).toEqual(earlierRun(completed()))
    const { phase, startedAt, completedAt, destination } = completedStatus
    expect(settled.status).toMatchObject({ phase, startedAt, completedAt, destination })
    expect(settled).toMatchObject({ metadata: { uid: completed().metadata.uid, resourceVersion: '7' } })
  })

  test('kept again it stays the same', () => {
    expect(keepSnapshot(settled)).toBe(settled)
  })

  test('nothing can be written: the compiler knows it for no MeiliSnapshot', () => {
    const write = (kube: KubeClient, known: KnownSnapshot): unknown =>
      // @ts-expect-error -- it lacks most of its spec and its status
      kube.updateStatus<MeiliSnapshot>(meiliSnapshots, known)
    expect(write).toBeTypeOf('function')
  })
})

describe('the loop', () => {
  test('never gets a settled one, whatever came before it', () => {
    fc.assert(
      fc.property(fc.array(anyKept, { maxLength: 10 }), (versions) => {
        const { index, ...snapshots } = new SnapshotCache(versions)
        const kept = snapshots.cache.store.get('shop/nightly')
        const given = index.getWhole('shop/nightly')
        expect(given === undefined || isWhole(given)).toBe(true)
        expect(given).toBe(kept !== undefined && isWhole(kept) ? kept : undefined)
        expect(index.wholeKeys()).toEqual(given === undefined ? [] : ['shop/nightly'])
      }),
    )
  })

  test('gets one that is being deleted with all of its status, so that nothing of it is lost in a write', () => {
    const spec = { deletionPolicy: 'Delete' }
    const snapshots = new SnapshotCache([completed({ spec, finalizers: [snapshotFinalizer] })])
    expect(snapshots.index.getWhole('shop/nightly')).toBeUndefined()
    const deleted = completed({ spec, finalizers: [snapshotFinalizer], metadata: { deletionTimestamp: ago(minute) } })
    snapshots.set(deleted)
    expect(snapshots.index.getWhole('shop/nightly')).toEqual(deleted)
    expect(decideSnapshot(anObservation({ snapshot: deleted }), now).status).toMatchObject(completedStatus)
  })

  test('has no work at its start with a hundred thousand of them', () => {
    const snapshots = new SnapshotCache([aSnapshot({ name: 'moves', status: movingStatus() })])
    for (let index = 0; index < 100_000; index += 1)
      snapshots.set({ ...completed(), metadata: { ...completed().metadata, name: `old-${index}` } })
    expect(snapshots.index.wholeKeys()).toEqual(['shop/moves'])
  })
})
