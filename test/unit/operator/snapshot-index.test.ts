// What is found of snapshots without a look at all of them is what a look at all of them finds.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { snapshotConditions } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot, SnapshotPhase } from '../../../src/api/snapshot.ts'
import type { KnownSnapshot } from '../../../src/api/status/settled-snapshot.ts'
import { upgradeLabels } from '../../../src/reconcile/names/objects.ts'
import { SnapshotCache } from '../../support/builders/caches.ts'
import { aCondition, ago, aSnapshot } from '../../support/builders/observations.ts'

const phases: readonly SnapshotPhase[] = [
  'Pending',
  'Snapshotting',
  'Moving',
  'Verifying',
  'Completed',
  'Failed',
  'Expired',
]
const time = fc.integer({ min: 0, max: 3 }).map(ago)

const anySnapshot: fc.Arbitrary<MeiliSnapshot> = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    namespace: fc.constantFrom('shop', 'bank'),
    instance: fc.constantFrom('search', 'blog'),
    claim: fc.constantFrom('backups', 'others'),
    uid: fc.constantFrom('1', '2'),
    upgrade: fc.boolean(),
    overdue: fc.boolean(),
    status: fc.record(
      {
        phase: fc.constantFrom(...phases),
        startedAt: time,
        completedAt: time,
        destination: fc.record({ freeBytes: fc.nat(), observedAt: time }),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ name, namespace, instance, claim, uid, upgrade, overdue, status }) =>
    aSnapshot({
      name,
      metadata: {
        namespace,
        uid: `${namespace}-${name}-${uid}`,
        labels: upgrade ? { [upgradeLabels.to]: '1.21.0' } : {},
      },
      spec: { source: { instanceRef: { name: instance } }, destination: { claim: { name: claim } } },
      status: {
        ...status,
        ...(overdue ? { conditions: [aCondition(snapshotConditions.Overdue, 'True', { reason: 'x' })] } : {}),
      },
    }),
  )

const step = fc.record({ snapshot: anySnapshot, gone: fc.boolean(), asked: fc.boolean() })

/** All that can be asked, by name. */
function answers({ index }: SnapshotCache): unknown {
  const names = (found: Iterable<KnownSnapshot>): string[] =>
    [...found].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).toSorted()
  const of = ['shop/search', 'shop/blog', 'bank/search', 'bank/blog'].map((instance) => [
    names(index.listUnfinished(instance)),
    names(index.beforeUpgrades(instance)),
    [index.lastCompleted(instance), index.lastFailed(instance), index.lastBooted(instance), index.lastBegun(instance)],
    phases.map((phase) => index.inPhase(instance, phase)),
    index.overdue(instance),
  ])
  const claims = ['shop/backups', 'shop/others', 'bank/backups', 'bank/others'].map((claim) => index.lastOnClaim(claim))
  return [
    of,
    claims,
    names(index.listUnfinished()),
    names(index.listUnfinished('shop')),
    [...index.instances()].toSorted(),
    [...index.claims()].toSorted(),
    ['shop-a-1', 'shop-a-2', 'bank-b-1'].map((uid) => index.withUid(uid)),
  ]
}

test('after any changes, asked meanwhile or not, an index answers as one that is made anew', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const kept = new SnapshotCache()
      for (const { snapshot, gone, asked } of steps) {
        if (gone) kept.remove(snapshot)
        else kept.set(snapshot)
        if (asked) answers(kept)
      }
      expect(answers(kept)).toEqual(answers(new SnapshotCache(kept.cache.store.list().toReversed())))
    }),
  )
})

test('of those that completed the last one counts, of all that have not ended each is found', () => {
  const completed = (name: string, endedAgoMs: number): MeiliSnapshot =>
    aSnapshot({ name, metadata: { uid: name }, status: { phase: 'Completed', completedAt: ago(endedAgoMs) } })
  const snapshots = new SnapshotCache([completed('new', 1000), completed('old', 2000), aSnapshot()])
  const { index } = snapshots
  expect(index.lastCompleted('shop/search')?.metadata.name).toBe('new')
  expect([...index.listUnfinished('shop')].map(({ metadata }) => metadata.name)).toEqual(['nightly'])
  expect(index.inPhase('shop/search', 'Completed')).toBe(2)
  expect(index.inPhase('shop/search', 'Pending')).toBe(1)
  const { metadata, spec, status } = completed('new', 1000)
  snapshots.set({ ...aSnapshot({ metadata }), spec, status: { ...status, phase: 'Expired' } })
  expect(index.lastCompleted('shop/search')?.metadata.name).toBe('new')
  expect(index.inPhase('shop/search', 'Expired')).toBe(1)
})
