// A snapshot behind one that hangs says so, with what to do, and does not fail by it.
import { expect, test } from 'vitest'
import { snapshotEvents } from '../../../../../src/kinds/snapshot/events.ts'
import {
  anInstance,
  aSnapshot,
  asStored,
  conditionsIn,
  notReady,
  hour,
  now,
  pendingConditions,
  snapshotVerdict,
} from '../../../../support/builders/observations.ts'

const why =
  'Job stuck-1-1 was deleted at 2026-03-01T11:00:00Z, and pod stuck-x on node node-a has not ended: the node is gone, or hangs.'
const behind = { ahead: ['stuck'], overdueAhead: { name: 'stuck', why } }
const verdict = snapshotVerdict(behind)

test('names the one in front, its pod and its node, in its own message', () => {
  expect(verdict).toMatchObject({ phase: 'Pending', reason: 'QueuedBehindOverdue', effects: [] })
  expect(verdict.message).toBe(
    `Queued at position 1, behind stuck: one snapshot of a server at a time. stuck is overdue: ${why}`,
  )
  expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
})

test('has one Warning Event for it', () => {
  const queued = snapshotVerdict({ ahead: ['stuck'] }).status
  const events = snapshotEvents(asStored(queued), asStored(verdict.status))
  expect(events).toEqual([{ type: 'Warning', reason: 'QueuedBehindOverdue', message: verdict.message }])
  const again = snapshotVerdict({ ...behind, snapshot: aSnapshot({ status: asStored(verdict.status) }) }).status
  expect(snapshotEvents(asStored(verdict.status), asStored(again))).toEqual([])
})

test('is not failed by deadlines.start, a month later neither', () => {
  const snapshot = aSnapshot({ status: asStored(verdict.status) })
  expect(snapshotVerdict({ ...behind, snapshot }, now + 31 * 24 * hour)).toMatchObject({
    phase: 'Pending',
    reason: 'QueuedBehindOverdue',
  })
})

test('older ones that wait for what it has just got are before it; they alone stop no clock', () => {
  const message = 'Queued at position 2, behind first, old: one snapshot of a server at a time.'
  expect(snapshotVerdict({ ahead: ['first'], elders: ['old'] })).toMatchObject({ reason: 'Queued', message })
  const conditions = [notReady('PodNotReady', 'Pod search-0 is not ready.')]
  const waiting = { elders: ['old'], instance: anInstance({ status: { conditions } }) }
  const snapshot = aSnapshot({ status: asStored(snapshotVerdict(waiting).status) })
  expect(snapshotVerdict({ ...waiting, snapshot }, now + 48 * hour)).toMatchObject({ reason: 'StartDeadlineExceeded' })
})
