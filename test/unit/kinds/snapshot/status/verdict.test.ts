// The one switch: what each verdict makes of a status, and the rule of what was refused.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, SnapshotReason } from '../../../../../src/api/snapshot.ts'
import {
  also,
  anew,
  decisionOf,
  failed,
  noted,
  settled,
  step,
  unchanged,
  waiting,
} from '../../../../../src/kinds/snapshot/status/verdict.ts'
import type { Verdict } from '../../../../../src/kinds/snapshot/status/verdict.ts'
import {
  aCondition,
  ago,
  aJob,
  aSnapshot,
  minute,
  movingStatus,
  now,
  requestedStatus,
  second,
} from '../../../../support/builders/observations.ts'

const decided = (verdict: Verdict, snapshot = aSnapshot()): ReturnType<typeof decisionOf> =>
  decisionOf(verdict, snapshot, now)
const effects = [{ kind: 'AddFinalizer', finalizer: 'x' }] as const

describe('what leaves the judgement as it is', () => {
  const snapshot = aSnapshot({ status: movingStatus() })

  test('unchanged', () => {
    expect(decided(unchanged({ effects, againMs: 7 }), snapshot)).toEqual({
      status: snapshot.status,
      effects,
      requeueAfterMs: 7,
    })
    expect(decided(unchanged(), snapshot)).toEqual({ status: snapshot.status, effects: [] })
  })

  test('noted', () => {
    expect(decided(noted({ waitingFor: 'x' }), snapshot).status).toEqual({ ...snapshot.status, waitingFor: 'x' })
  })

  test('settled, of this generation', () => {
    const later = aSnapshot({ metadata: { generation: 3 }, status: { observedGeneration: 2, phase: 'Failed' } })
    expect(decided(settled(effects), later)).toMatchObject({
      status: { observedGeneration: 3, phase: 'Failed' },
      effects,
    })
  })
})

describe('waiting', () => {
  test('has the time of its deadline, and the longer it lasts the more seldom it is looked at', () => {
    const wait = waiting({ reason: 'ClaimNotFound', message: 'No claim' })
    const since = (spanMs: number): ReturnType<typeof decisionOf> =>
      decided(wait, aSnapshot({ status: { startedAt: ago(spanMs) } }))
    expect(decided(wait).status).toMatchObject({ startedAt: ago(0), waitingFor: 'No claim.' })
    expect(since(0).status.conditions?.[0]?.message).toBe('No claim. It goes on by itself, until 2026-03-01 13:00 UTC.')
    expect([0, 20 * second, 20 * minute].map((spanMs) => since(spanMs).requeueAfterMs)).toEqual([1000, 5000, 120_000])
    expect(since(59 * minute).requeueAfterMs).toBe(minute + 1)
    expect(since(61 * minute).requeueAfterMs).toBe(2 * minute)
    expect(decided(waiting({ reason: 'ClaimNotFound', message: 'x', againMs: 3 })).requeueAfterMs).toBe(3)
  })
})

describe('what was refused', () => {
  const refused = (reason: SnapshotReason): MeiliSnapshot =>
    aSnapshot({
      status: requestedStatus(
        { refused: 'no.' },
        { waitingFor: 'no.', conditions: [aCondition('Ready', 'False', { reason })] },
      ),
    })
  const job = aJob(aSnapshot({ status: movingStatus() }))
  const again = (keepsRefusal: boolean): Verdict =>
    step({
      phase: 'Moving',
      reason: 'MoverStarting',
      message: 'Starting.',
      changes: { waitingFor: 'a mover' },
      effects: [{ kind: 'CreateJob', job }],
      keepsRefusal,
      againMs: 5,
    })

  test('stays on record while it is tried again, and is tried again in its own time', () => {
    const snapshot = refused('MoverRefused')
    expect(decided(again(true), snapshot)).toEqual({
      status: snapshot.status,
      effects: [{ kind: 'CreateJob', job }],
      requeueAfterMs: 10_000,
    })
  })

  test.each<[string, Verdict, MeiliSnapshot]>([
    ['a step that keeps no refusal', again(false), refused('MoverRefused')],
    ['what something else was refused of', again(true), refused('ClaimNotReady')],
    [
      'what does nothing',
      step({ phase: 'Moving', reason: 'MoverStarting', message: 'x', keepsRefusal: true }),
      refused('MoverRefused'),
    ],
  ])('but not over %s', (_, verdict, snapshot) => {
    expect(decided(verdict, snapshot).status.conditions?.[1]).toMatchObject({ type: 'Ready', reason: 'MoverStarting' })
  })

  test('of a request: the count that fences the next one is written beside it', () => {
    const server = { namespace: 'shop', endpoint: 'http://10.1.2.3:7700' }
    const request = { attempt: 1, posts: 2 }
    const verdict = step({
      phase: 'Snapshotting',
      reason: 'Requesting',
      message: 'Asking.',
      changes: { request, waitingFor: 'x' },
      effects: [{ kind: 'RequestSnapshot', server }],
      keepsRefusal: true,
      againMs: 5,
    })
    const snapshot = refused('Unauthorized')
    expect(decided(verdict, snapshot).status).toEqual({ ...snapshot.status, observedGeneration: 1, request })
  })
})

describe('anew', () => {
  const why = { reason: 'TaskLost', message: 'It is lost' } as const

  test('asks for another snapshot, and after the third says that it failed', () => {
    const at = (attempt: number): ReturnType<typeof decisionOf> =>
      decided(anew(why), aSnapshot({ status: requestedStatus({ attempt }) }))
    expect(at(1)).toMatchObject({
      status: { phase: 'Pending', request: { attempt: 2, posts: 0 } },
      requeueAfterMs: 1000,
    })
    expect(at(3).status.phase).toBe('Failed')
  })
})

describe('also', () => {
  test('records more, below what the verdict itself changes', () => {
    const verdict = failed({ reason: 'MoverFailed', message: 'x', changes: { waitingFor: 'a' } })
    expect(also(verdict, { waitingFor: 'b', startedAt: ago(0) })).toMatchObject({
      changes: { waitingFor: 'a', startedAt: ago(0) },
    })
    expect(also(undefined, {})).toBeUndefined()
  })
})
