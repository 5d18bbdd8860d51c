// What a look costs does not grow with what is finished.
import { expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { snapshotAndQueue, snapshotMovedBy, snapshotsOf } from '../../../../../src/kinds/snapshot/controller.ts'
import { snapshotUidLabel } from '../../../../../src/kinds/snapshot/job/template.ts'
import { SnapshotCache } from '../../../../support/builders/caches.ts'
import { ago, anInstance, aSnapshot, movingStatus, second } from '../../../../support/builders/observations.ts'
import { observe } from './one-look.ts'

const looked = new Set<string>()

/** It says when it is looked at. */
function watched(snapshot: MeiliSnapshot): MeiliSnapshot {
  const look = (member: string): unknown => {
    looked.add(snapshot.metadata.name)
    return Reflect.get(snapshot, member)
  }
  return new Proxy(snapshot, { get: (_, member) => look(String(member)) })
}

const finished = (name: string, endedAgoMs: number): MeiliSnapshot =>
  aSnapshot({
    name,
    metadata: { uid: `uid-${name}` },
    status: {
      ...movingStatus(),
      phase: 'Completed',
      completedAt: ago(endedAgoMs),
      destination: { freeBytes: 5, observedAt: ago(endedAgoMs) },
    },
  })

const moving = aSnapshot({ metadata: { uid: 'moving' }, status: movingStatus() })
const snapshots = new SnapshotCache([moving])
for (let index = 0; index < 10_000; index += 1) snapshots.set(watched(finished(`old-${index}`, index * second)))

test('of ten thousand finished ones of its own server and claim, a pass looks at the newest alone', async () => {
  await observe(moving, { snapshots: snapshots.index })
  looked.clear()
  const { space } = await observe(moving, { snapshots: snapshots.index })
  expect(space.known?.observedAt).toBe(ago(0))
  expect([...looked]).toEqual(['old-0'])
})

test('what wakes a snapshot looks at those alone that it wakes', () => {
  looked.clear()
  const { index } = snapshots
  expect(snapshotsOf(index)(anInstance())).toEqual(['shop/nightly'])
  expect(
    snapshotAndQueue({ instance: () => undefined, instancesOfPod: () => [], snapshots: index })(finished('ended', 0)),
  ).toEqual(['shop/ended'])
  const labels = { [snapshotUidLabel]: 'moving' }
  expect(snapshotMovedBy(index)({ metadata: { name: 'j', namespace: 'shop', labels } })).toEqual(['shop/nightly'])
  expect([...looked]).toEqual([])
})
