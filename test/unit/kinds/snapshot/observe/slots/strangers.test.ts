// Pods that say of themselves that they are movers: whoever may make pods can do so, and takes nobody's slot by it.
import { expect, test } from 'vitest'
import { commandLabel } from '../../../../../../src/reconcile/job/template.ts'
import { snapshotUidLabel } from '../../../../../../src/kinds/snapshot/job/template.ts'
import { knownIn } from '../../../../../../src/kinds/snapshot/observe/slots/servers.ts'
import { Slots } from '../../../../../../src/kinds/snapshot/observe/slots/slots.ts'
import { aSnapshot, movingStatus, now } from '../../../../../support/builders/observations.ts'
import { snapshotsIn } from '../../../../../support/builders/caches.ts'

const theirs = aSnapshot({ metadata: { namespace: 'tenant', uid: 'theirs' }, status: movingStatus() })
const mine = aSnapshot({ status: movingStatus({ node: undefined as never }) })

/** What is running beside mine, after as many such pods as there are slots. */
function heldAfter(namespaceOf: (index: number) => string, uid: string): number {
  const slots = new Slots({
    maxMovers: 10,
    maxStreams: 0,
    isStreamed: () => false,
    isReady: () => true,
    ...knownIn(snapshotsIn([theirs])),
    nowMs: () => now,
  })
  for (let index = 0; index < 10; index++) {
    const labels = { [commandLabel]: 'move', [snapshotUidLabel]: uid }
    const metadata = { name: `fake-${index}`, namespace: namespaceOf(index), labels }
    const status = { phase: 'Running', containerStatuses: [{ name: 'mover', state: { running: {} } }] }
    slots.podChanged({ previous: undefined, current: { metadata, spec: { nodeName: 'node-a' }, status } })
  }
  expect(slots.claim(mine, 'movers')).toBeUndefined()
  return [...slots.tally('movers').running.values()].reduce((sum, count) => sum + count, 0) - 1
}

test('a pod of no snapshot holds no slot, in however many namespaces they are', () => {
  expect(heldAfter((index) => `tenant-${index % 2}`, 'nobody')).toBe(0)
})

test('a pod of a snapshot in another namespace holds none', () => {
  expect(heldAfter((index) => `tenant-${index % 2}`, 'theirs')).toBe(0)
})

test('many pods of one snapshot hold one', () => {
  expect(heldAfter(() => 'tenant', 'theirs')).toBe(1)
})
