// The invariants of the crash matrix find each kind of violation: a state that is not true in itself, and one that takes something back.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { decideSnapshot } from '../../../src/kinds/snapshot/decide.ts'
import { completedStatus, failedStatus } from '../../../src/kinds/snapshot/status/status.ts'
import { Invariants } from '../../crash/record/invariants.ts'
import {
  anObservation,
  aSnapshot,
  minute,
  movingStatus,
  now,
  requestedStatus,
} from '../../support/builders/observations.ts'

const fresh = aSnapshot()
const pending = aSnapshot({ status: decideSnapshot(anObservation({ instance: undefined }), now).status })
const asked = aSnapshot({ status: decideSnapshot(anObservation(), now).status })
const ended = aSnapshot({ status: completedStatus(aSnapshot({ status: movingStatus() }), { changes: {} }, now) })

const withStatus = (snapshot: MeiliSnapshot, status: Partial<MeiliSnapshot['status']>): MeiliSnapshot => ({
  ...snapshot,
  status: { ...snapshot.status, ...status },
})

function violationsOf(...states: readonly MeiliSnapshot[]): readonly string[] {
  const invariants = new Invariants()
  for (const state of states) invariants.check('MODIFIED', state)
  return invariants.violations
}

describe('the invariants', () => {
  test('have nothing to say about a life that goes as it should', () => {
    expect(violationsOf(fresh, pending, asked, ended)).toEqual([])
  })

  test('find a phase that its conditions do not fit', () => {
    expect(violationsOf(withStatus(asked, { phase: 'Completed' }))).toEqual([
      'at "Completed": in phase Completed these are True: Reconciling',
    ])
    expect(violationsOf(withStatus(ended, { phase: 'Moving' }))).toEqual([
      'at "Moving": in phase Moving these are True: Ready, Complete',
    ])
  })

  test('find a generation that was not looked at', () => {
    expect(violationsOf(withStatus(asked, { observedGeneration: 0 }))[0]).toContain('observedGeneration is 0, 1')
    expect(violationsOf({ ...asked, metadata: { ...asked.metadata, generation: 2 } })[0]).toContain('and not 2')
  })

  test('find an end that does not last', () => {
    const failure = aSnapshot({ status: failedStatus(ended, { reason: 'MoverFailed', message: 'No.' }, now) })
    expect(violationsOf(ended, failure)).toContain(
      'at "Failed": after its end (Completed) the status changed again (Failed)',
    )
  })

  test('find what is taken back: a task, a baseline, a count of posts', () => {
    const first = withStatus(asked, { request: requestedStatus({ taskUid: 12, posts: 2 }).request })
    expect(
      violationsOf(first, withStatus(asked, { request: requestedStatus({ taskUid: 13, posts: 2 }).request }))[0],
    ).toContain('request.taskUid was 12 and became 13')
    expect(
      violationsOf(first, withStatus(asked, { request: requestedStatus({ taskUid: 12, posts: 1 }).request }))[0],
    ).toContain('request.posts went back from 2 to 1')
    expect(violationsOf(first, pending)[0]).toContain('request.attempt was 1 and became undefined')
  })

  test('find a transition time that moves without a transition', () => {
    const conditions = (asked.status?.conditions ?? []).map((condition) => ({
      ...condition,
      lastTransitionTime: new Date(now + minute).toISOString(),
    }))
    expect(violationsOf(asked, withStatus(asked, { conditions }))).toEqual([
      'at "Snapshotting": lastTransitionTime of Reconciling moved though its status did not',
    ])
  })

  test('find a POST that is not counted on record', () => {
    const invariants = new Invariants()
    invariants.countPost(asked)
    expect(invariants.violations).toEqual([])
    invariants.countPost(asked)
    expect(invariants.violations).toEqual(['POST 2 was sent with 1 posts on record'])
  })
})
