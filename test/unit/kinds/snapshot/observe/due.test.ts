// When a snapshot of which the cache keeps little gets the pass in which its files expire: at that time, also after a restart, from a fresh read.
import { describe, expect, test } from 'vitest'
import { keepAnnotation } from '../../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { isWhole } from '../../../../../src/api/status/settled-snapshot.ts'
import { keysToExpire, reconcileWhenDue } from '../../../../../src/kinds/snapshot/observe/due.ts'
import { SnapshotCache } from '../../../../support/builders/caches.ts'
import { ago, artifact, aSnapshot, hour, minute, movingStatus, now } from '../../../../support/builders/observations.ts'
import { KubeInMemory } from '../../../../support/kubernetes/kube-in-memory.ts'

const done: MeiliSnapshotStatus = { ...movingStatus(), phase: 'Completed', artifact, completedAt: ago(hour) }
const quiet = { finalizers: [], creationTimestamp: ago(2 * hour) }
const expiring = (
  expiresAfter: string,
  parts: { metadata?: object; status?: MeiliSnapshotStatus } = {},
): MeiliSnapshot =>
  aSnapshot({ spec: { expiresAfter }, metadata: { ...quiet, ...parts.metadata }, status: parts.status ?? done })

const key = 'shop/nightly'

/** Gives what the loop got in each pass. */
function loopOver(
  snapshot: MeiliSnapshot,
  onServer: MeiliSnapshot | 'none' = snapshot,
): {
  pass: () => Promise<{ requeueAfterMs?: number }>
  passes: (MeiliSnapshot | undefined)[]
  cache: SnapshotCache
} {
  const kube = new KubeInMemory()
  if (onServer !== 'none') kube.lay(meiliSnapshots, onServer)
  const cache = new SnapshotCache([snapshot])
  const passes: (MeiliSnapshot | undefined)[] = []
  const reconcile = reconcileWhenDue({
    kube,
    snapshots: cache.index,
    reconcilerOf: (get) => (of) => {
      passes.push(get(of))
      return Promise.resolve({})
    },
    nowMs: () => now,
  })
  return { pass: () => reconcile(key), passes, cache }
}

describe('one that is to expire', () => {
  test('is kept as little as any other, and is among those that are looked at after a start', () => {
    const { cache } = loopOver(expiring('720h'))
    expect(isWhole(cache.index.get(key)!)).toBe(false)
    expect(keysToExpire(cache.cache.store.list())).toEqual([key])
    const others = [
      aSnapshot({ metadata: quiet, status: done }),
      expiring('1h', { status: { ...done, phase: 'Expired' } }),
      expiring('1h', { status: { ...done, phase: 'Failed' } }),
    ]
    for (const other of others) expect(keysToExpire(new SnapshotCache([other]).cache.store.list())).toEqual([])
  })

  test('waits for its time without a read', async () => {
    const { pass, passes } = loopOver(expiring('1h1m'), 'none')
    expect(await pass()).toEqual({ requeueAfterMs: minute })
    expect(passes).toEqual([])
  })

  test('pinned, it is looked at again: a word by which it no longer is may be missed', async () => {
    const { pass, passes } = loopOver(expiring('1m', { metadata: { annotations: { [keepAnnotation]: 'true' } } }))
    expect(await pass()).toEqual({ requeueAfterMs: 6 * hour })
    expect(passes).toEqual([])
  })

  test('at its time gets a pass with the whole object, as the API server has it', async () => {
    const { pass, passes } = loopOver(expiring('1h'))
    await pass()
    expect(passes).toEqual([expect.objectContaining({ spec: expiring('1h').spec, status: done })])
  })

  test('that is gone, or another one by now, gets none', async () => {
    for (const onServer of ['none', expiring('1h', { metadata: { uid: 'another' } })] as const) {
      const { pass, passes } = loopOver(expiring('1h'), onServer)
      expect(await pass()).toEqual({})
      expect(passes).toEqual([])
    }
  })
})

test('any other one goes to the loop as it is in the cache', async () => {
  const moving = aSnapshot({ status: movingStatus() })
  const { pass, passes } = loopOver(moving, 'none')
  await pass()
  expect(passes).toEqual([moving])
})

test('one with which nothing is left to do costs nothing', async () => {
  const { pass, passes } = loopOver(aSnapshot({ metadata: quiet, status: done }), 'none')
  expect(await pass()).toEqual({})
  expect(passes).toEqual([])
})
