// The witness of the crash matrix sees each kind of lie: a state that is not true in itself, and one that takes something back.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { decideSnapshot } from '../../../src/kinds/snapshot/decide.ts'
import { completed, failed } from '../../../src/kinds/snapshot/status/status.ts'
import { Witness } from '../../crash/record/witness.ts'
import { anObservation, aSnapshot, minute, moving, now, requested } from '../../support/builders/observations.ts'

const fresh = aSnapshot()
const pending = aSnapshot({ status: decideSnapshot(anObservation({ instance: undefined }), now).status })
const asked = aSnapshot({ status: decideSnapshot(anObservation(), now).status })
const ended = aSnapshot({ status: completed(aSnapshot({ status: moving() }), { changes: {} }, now) })

const changed = (snapshot: MeiliSnapshot, status: Partial<MeiliSnapshot['status']>): MeiliSnapshot => ({
  ...snapshot,
  status: { ...snapshot.status, ...status },
})

function lies(...states: readonly MeiliSnapshot[]): readonly string[] {
  const witness = new Witness()
  for (const state of states) witness.see('MODIFIED', state)
  return witness.lies
}

describe('the witness', () => {
  test('has nothing to say about a life that goes as it should', () => {
    expect(lies(fresh, pending, asked, ended)).toEqual([])
  })

  test('sees a phase that its conditions do not fit', () => {
    expect(lies(changed(asked, { phase: 'Completed' }))).toEqual([
      'at "Completed": in phase Completed these are True: Reconciling',
    ])
    expect(lies(changed(ended, { phase: 'Moving' }))).toEqual([
      'at "Moving": in phase Moving these are True: Ready, Complete',
    ])
  })

  test('sees a generation that was not looked at', () => {
    expect(lies(changed(asked, { observedGeneration: 0 }))[0]).toContain('observedGeneration is 0, 1')
    expect(lies({ ...asked, metadata: { ...asked.metadata, generation: 2 } })[0]).toContain('and not 2')
  })

  test('sees an end that does not last', () => {
    const failure = aSnapshot({ status: failed(ended, { reason: 'MoverFailed', message: 'No.' }, now) })
    expect(lies(ended, failure)).toContain('at "Failed": after its end (Completed) the status changed again (Failed)')
  })

  test('sees what is taken back: a task, a baseline, a count of posts', () => {
    const first = changed(asked, { request: requested({ taskUid: 12, posts: 2 }).request })
    expect(lies(first, changed(asked, { request: requested({ taskUid: 13, posts: 2 }).request }))[0]).toContain(
      'request.taskUid was 12 and became 13',
    )
    expect(lies(first, changed(asked, { request: requested({ taskUid: 12, posts: 1 }).request }))[0]).toContain(
      'request.posts went back from 2 to 1',
    )
    expect(lies(first, pending)[0]).toContain('request.attempt was 1 and became undefined')
  })

  test('sees a transition time that moves without a transition', () => {
    const conditions = (asked.status?.conditions ?? []).map((condition) => ({
      ...condition,
      lastTransitionTime: new Date(now + minute).toISOString(),
    }))
    expect(lies(asked, changed(asked, { conditions }))).toEqual([
      'at "Snapshotting": lastTransitionTime of Reconciling moved though its status did not',
    ])
  })

  test('sees a POST that is not counted on record', () => {
    const witness = new Witness()
    witness.posting(asked)
    expect(witness.lies).toEqual([])
    witness.posting(asked)
    expect(witness.lies).toEqual(['POST 2 was sent with 1 posts on record'])
  })
})
