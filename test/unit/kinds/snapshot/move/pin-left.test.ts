// Nothing of ours stays beside Meilisearch's file once a streamed snapshot has ended or is deleted.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { applyFact } from '../../../../../src/kinds/snapshot/apply-fact.ts'
import {
  ago,
  aSnapshot,
  snapshotVerdict,
  effectsOf,
  hour,
  minute,
  movingStatus,
  now,
  second,
} from '../../../../support/builders/observations.ts'
import { allowed, source, stream } from '../../../../support/builders/streamed.ts'

describe('pinLeft', () => {
  const since = (unpinningSince?: string): object => (unpinningSince === undefined ? {} : { unpinningSince })
  const finishedSnapshot = (tried?: string, metadata: object = {}): MeiliSnapshot =>
    aSnapshot({
      spec: allowed,
      metadata,
      status: {
        ...movingStatus({ stream: { ...stream, ...since(tried) } }),
        phase: 'Failed',
        completedAt: ago(24 * hour),
      },
    })
  const deletedSnapshot = (spanMs: number, tried?: string): MeiliSnapshot =>
    aSnapshot({
      spec: allowed,
      metadata: { deletionTimestamp: ago(spanMs) },
      status: movingStatus({ stream: { ...stream, ...since(tried) } }),
    })

  test.each([
    ['an object that has ended', finishedSnapshot()],
    ['an object that is being deleted', deletedSnapshot(hour)],
    [
      'an object that is deleted after all tries at its end',
      finishedSnapshot(ago(hour), { deletionTimestamp: ago(minute) }),
    ],
  ])('%s keeps its finalizer until nothing of ours is beside the file, however long nobody looked', (_, snapshot) => {
    expect(effectsOf('RemovePin', { snapshot })).toMatchObject([{ kind: 'RemovePin', source }])
    const first = snapshotVerdict({ snapshot })
    expect(first).toMatchObject({ effects: ['RemovePin'], requeueAfterMs: second })
    expect(first.status.move?.stream?.unpinningSince).toBe(ago(0))
    const again = snapshotVerdict({ snapshot: { ...snapshot, status: first.status } })
    expect(again).toMatchObject({ effects: ['RemovePin'], status: first.status })
  })

  test('a clock behind that of the API server begins a deletion once', () => {
    const snapshot = deletedSnapshot(-minute)
    const first = snapshotVerdict({ snapshot })
    expect(snapshotVerdict({ snapshot: { ...snapshot, status: first.status } }).status).toEqual(first.status)
  })

  test.each([
    ['was removed', { kind: 'PinRemoved' }],
    [
      'is on a pod that is gone',
      { kind: 'Refused', effect: 'RemovePin', message: 'exec in Pod shop/search-0 answered 404' },
    ],
  ] as const)('a pin that %s is off the record', (_, fact) => {
    const snapshot = finishedSnapshot()
    const status = applyFact(snapshot, fact, now)
    expect(status).toEqual({
      ...snapshot.status,
      move: { ...snapshot.status?.move, stream: { ...stream, pinned: false } },
    })
    expect(snapshotVerdict({ snapshot: { ...snapshot, status } }).effects).toEqual(['RemoveFinalizer'])
  })

  test.each([
    ['an end', finishedSnapshot(ago(11 * minute))],
    ['a deletion', deletedSnapshot(hour, ago(2 * minute))],
  ])('one that cannot be removed holds up %s no longer than its limit', (_, snapshot) => {
    expect(snapshotVerdict({ snapshot }).effects).not.toContain('RemovePin')
    expect(snapshotVerdict({ snapshot }).effects).toEqual(['RemoveFinalizer'])
  })

  test('a snapshot on its way keeps its pin', () => {
    expect(
      effectsOf('RemovePin', { snapshot: aSnapshot({ spec: allowed, status: movingStatus({ stream }) }) }),
    ).toEqual([])
  })
})
