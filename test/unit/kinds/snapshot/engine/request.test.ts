// Exactly once: one object, one request on record for each POST, and no POST while an earlier one may still have made a task.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { decideSnapshot } from '../../../../../src/kinds/snapshot/decide.ts'
import { applyFact } from '../../../../../src/kinds/snapshot/apply-fact.ts'
import type { EngineSeen, SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import { snapshotEvents } from '../../../../../src/kinds/snapshot/events.ts'
import {
  ago,
  anEngine,
  anInstance,
  anObservation,
  aSnapshot,
  asStored,
  aTarget,
  aTask,
  baseline,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  failedConditions,
  hour,
  now,
  pendingConditions,
  processingTask,
  requestedStatus,
  second,
  succeededTask,
} from '../../../../support/builders/observations.ts'

/** POST /snapshots is on record; changed as given. */
const requestedSnapshot = (
  request: Parameters<typeof requestedStatus>[0] = {},
  more: Partial<MeiliSnapshotStatus> = {},
): Pick<SnapshotObservation, 'snapshot'> => ({ snapshot: aSnapshot({ status: requestedStatus(request, more) }) })

interface Life {
  readonly status: MeiliSnapshotStatus
  /** Seconds at which POST /snapshots was sent. */
  readonly posts: readonly number[]
}

/** One pass each second, none of whose POSTs is ever answered; `engineAt` says what the server answers to the lists. */
function lifeWithoutReplies(lastSecond: number, engineAt: (atSecond: number) => EngineSeen): Life {
  let status: MeiliSnapshotStatus = { observedGeneration: -1 }
  const posts: number[] = []
  for (let atSecond = 0; atSecond <= lastSecond; atSecond += 1) {
    const snapshot = aSnapshot({ status })
    const decision = decideSnapshot(anObservation({ snapshot, engine: engineAt(atSecond) }), now + atSecond * second)
    if (decision.effects.some(({ kind }) => kind === 'RequestSnapshot')) posts.push(atSecond)
    status = asStored(decision.status)
  }
  return { status, posts }
}

describe('notRequested', () => {
  test('puts baseline, count and time on record in the one write that fences the POST', () => {
    const verdict = snapshotVerdict()
    expect(verdict).toMatchObject({
      phase: 'Snapshotting',
      reason: 'Requesting',
      effects: ['RequestSnapshot'],
      requeueAfterMs: 250,
    })
    expect(verdict.status.request).toEqual({ attempt: 1, baseline, posts: 1, postedAt: '2026-03-01T12:00:00.000Z' })
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('has no baseline where the server has no task yet', () => {
    expect(asStored(snapshotVerdict({ engine: anEngine({ newest: undefined }) }).status).request).toEqual({
      attempt: 1,
      posts: 1,
      postedAt: '2026-03-01T12:00:00.000Z',
    })
  })

  test('keeps the time at which it left the queue, which is now where it never waited', () => {
    expect(snapshotVerdict().status.startedAt).toBe('2026-03-01T12:00:00Z')
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: { startedAt: ago(10 * second) } }) }).status.startedAt).toBe(
      ago(10 * second),
    )
  })

  test('asks the pod itself, with the names of Secrets and nothing of what is in them', () => {
    const instance = anInstance({ existing: { port: 7701, apiKeySecretRef: { name: 'keys', key: 'admin' } } })
    expect(effectsOf('RequestSnapshot', { instance })).toEqual([
      {
        kind: 'RequestSnapshot',
        server: { namespace: 'shop', endpoint: 'http://10.1.2.3:7701', apiKey: { name: 'keys', key: 'admin' } },
      },
    ])
  })

  test('asks over TLS, and at an IPv6 address, where the server is there', () => {
    const instance = anInstance({
      existing: { scheme: 'HTTPS', tls: { caSecretRef: { name: 'ca', key: 'ca.crt' }, serverName: 'search.test' } },
    })
    const target = aTarget({ status: { podIP: 'fd00::7' } })
    expect(effectsOf('RequestSnapshot', { instance, target })[0]?.server).toEqual({
      namespace: 'shop',
      endpoint: 'https://[fd00::7]:7700',
      ca: { name: 'ca', key: 'ca.crt' },
      serverName: 'search.test',
    })
  })

  test('waits without a word that something was asked where the pod has lost its address', () => {
    const verdict = snapshotVerdict({ target: aTarget({ status: { podIP: undefined } }) })
    expect(verdict.effects).toEqual([])
    expect(verdict.status.request).toBeUndefined()
    expect(verdict.requeueAfterMs).toBeGreaterThan(0)
  })
})

describe('requestRefused', () => {
  const refused = { refused: 'POST /snapshots answered 403 invalid_api_key: The provided API key is invalid.' }

  test('waits 30 s from the request on and says nothing new', () => {
    const verdict = snapshotVerdict(requestedSnapshot({ ...refused, postedAt: ago(20 * second) }))
    expect(verdict).toMatchObject({ effects: [], requeueAfterMs: 10 * second })
    expect(verdict.status).toEqual(requestedStatus({ ...refused, postedAt: ago(20 * second) }))
  })

  test('then asks again, counted, above the same baseline', () => {
    const verdict = snapshotVerdict(requestedSnapshot({ ...refused, postedAt: ago(30 * second) }))
    expect(verdict).toMatchObject({ reason: 'Requesting', effects: ['RequestSnapshot'] })
    expect(verdict.status.request).toEqual({ attempt: 1, baseline, posts: 2, postedAt: '2026-03-01T12:00:00.000Z' })
  })

  test('and says the same as before until there is another answer: nothing is reported twice', () => {
    const refusedFirst = applyFact(
      aSnapshot({ status: requestedStatus({ postedAt: ago(30 * second) }) }),
      { kind: 'Refused', effect: 'RequestSnapshot', message: refused.refused, cause: 'Unauthorized' },
      now,
    )
    const again = snapshotVerdict({ snapshot: aSnapshot({ status: asStored(refusedFirst) }) })
    expect(again).toMatchObject({
      phase: 'Pending',
      reason: 'Unauthorized',
      effects: ['RequestSnapshot'],
      status: { request: { posts: 2 } },
    })
    expect(again.status.waitingFor).toBe(refusedFirst.waitingFor)
    const refusedAgain = applyFact(
      aSnapshot({ status: asStored(again.status) }),
      { kind: 'Refused', effect: 'RequestSnapshot', message: refused.refused, cause: 'Unauthorized' },
      now,
    )
    expect([...snapshotEvents(refusedFirst, again.status), ...snapshotEvents(again.status, refusedAgain)]).toEqual([])
  })

  test('forgets the refusal with the next request: that one may make a task', () => {
    const first = snapshotVerdict(requestedSnapshot({ ...refused, postedAt: ago(30 * second) }))
    const engine = anEngine()
    const later = snapshotVerdict(
      { snapshot: aSnapshot({ status: asStored(first.status) }), engine },
      now + 30 * second,
    )
    expect(later).toMatchObject({
      effects: [],
      status: { request: { posts: 2, missingSince: '2026-03-01T12:00:30.000Z' } },
    })
  })

  test('ends with deadlines.start, and gives the last refusal', () => {
    const verdict = snapshotVerdict(requestedSnapshot({ ...refused, posts: 7 }, { startedAt: ago(hour + second) }))
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'RequestRefused', effects: [], requeueAfterMs: undefined })
    expect(verdict.message).toBe(
      `No request for a snapshot was accepted within deadlines.start (1h), tried 7 times. Last: ${refused.refused}`,
    )
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test('does not matter any more where a task is there that serves', () => {
    const verdict = snapshotVerdict({ ...requestedSnapshot(refused), engine: anEngine({ candidates: [aTask()] }) })
    expect(verdict).toMatchObject({ reason: 'TaskEnqueued', effects: [] })
    expect(verdict.status.request).not.toHaveProperty('refused')
  })
})

describe('taskUnknown', () => {
  test('looks for the task first: no POST, and the time since when it is missing is on record', () => {
    const verdict = snapshotVerdict(requestedSnapshot())
    expect(verdict).toMatchObject({ phase: 'Snapshotting', reason: 'Requesting', effects: [], requeueAfterMs: second })
    expect(verdict.message).toBe('No reply to POST /snapshots is on record. Looking for its task before asking again.')
    expect(verdict.status.request).toEqual({
      attempt: 1,
      baseline,
      posts: 1,
      postedAt: ago(20 * second),
      missingSince: '2026-03-01T12:00:00.000Z',
    })
  })

  test.each([
    ['29.999 s of lists without a candidate are not enough', 30 * second - 1, []],
    ['after 30 s of lists without a candidate it asks again', 30 * second, ['RequestSnapshot']],
  ])('%s', (_, missingMs, effects) => {
    expect(
      snapshotVerdict(requestedSnapshot({ missingSince: new Date(now - missingMs).toISOString() })).effects,
    ).toEqual(effects)
  })

  test('the second request is counted, keeps the baseline, and starts its own 30 s', () => {
    const verdict = snapshotVerdict(requestedSnapshot({ missingSince: ago(30 * second) }))
    expect(verdict.status.request).toEqual({ attempt: 1, baseline, posts: 2, postedAt: '2026-03-01T12:00:00.000Z' })
  })

  test('a server that never replies gets a request each 30 s of lists, not more', () => {
    const { posts, status } = lifeWithoutReplies(100, () => anEngine())
    expect(posts).toEqual([0, 31, 62, 93])
    expect(status.request?.posts).toBe(4)
  })

  test('seconds without an answer do not count: the request may still lie in front of the server', () => {
    const { posts } = lifeWithoutReplies(75, (atSecond) =>
      atSecond >= 20 && atSecond < 40
        ? { state: 'Unreachable', message: 'GET /tasks got no reply: ETIMEDOUT.' }
        : anEngine(),
    )
    expect(posts).toEqual([0, 70])
  })

  test('a task that appears before the 30 s are over is taken, and no second request is made', () => {
    const { posts, status } = lifeWithoutReplies(60, (atSecond) =>
      anEngine({ candidates: atSecond < 25 ? [] : [aTask()] }),
    )
    expect(posts).toEqual([0])
    expect(status).toMatchObject({ task: { uid: 12 }, request: { posts: 1 } })
    expect(status.request).not.toHaveProperty('missingSince')
  })

  test('failed and cancelled tasks above the baseline do not serve', () => {
    const engine = anEngine({ candidates: [aTask({ status: 'failed' }), aTask({ uid: 13, status: 'canceled' })] })
    expect(snapshotVerdict({ ...requestedSnapshot({ missingSince: ago(30 * second) }), engine })).toMatchObject({
      effects: ['RequestSnapshot'],
      status: { request: { posts: 2 } },
    })
  })

  test('a key that sees no task asks for nothing', () => {
    const engine = {
      state: 'Unauthorized',
      message: 'The key is limited to some indexes: it sees none of the 4 tasks.',
    } as const
    expect(snapshotVerdict({ ...requestedSnapshot({ missingSince: ago(hour) }), engine })).toMatchObject({
      reason: 'Unauthorized',
      effects: [],
    })
  })

  test('ends with deadlines.start, and says that a request may still be on its way', () => {
    const verdict = snapshotVerdict(
      requestedSnapshot({ posts: 3, missingSince: ago(30 * second) }, { startedAt: ago(hour + second) }),
    )
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'StartDeadlineExceeded',
      effects: [],
      requeueAfterMs: undefined,
    })
    expect(verdict.message).toMatch(
      /sent up to 3 times without a reply within deadlines\.start \(1h\).*no task that could serve.*still on its way/,
    )
  })

  test('a task that our own reply named and that is gone is asked for again, with the reason on record', () => {
    expect(snapshotVerdict(requestedSnapshot({ taskUid: 12 }))).toMatchObject({
      phase: 'Snapshotting',
      reason: 'Requesting',
      effects: [],
      message: expect.stringContaining('does not show task 12'),
    })
    const verdict = snapshotVerdict(requestedSnapshot({ taskUid: 12, missingSince: ago(30 * second) }))
    expect(verdict).toMatchObject({
      phase: 'Pending',
      reason: 'NewAttempt',
      effects: [],
      message: expect.stringContaining('no longer knows task 12'),
    })
    expect(verdict.status.request).toMatchObject({ attempt: 2, posts: 0 })
  })

  test('where another one above the baseline is there, that one serves', () => {
    expect(
      snapshotVerdict({
        ...requestedSnapshot({ taskUid: 12 }),
        engine: anEngine({ candidates: [aTask({ uid: 13 })] }),
      }),
    ).toMatchObject({ reason: 'TaskEnqueued', status: { task: { uid: 13 } } })
  })

  test('a task that was adopted and is gone is lost as well; after the third time it has failed', () => {
    const status = requestedStatus({ attempt: 3, missingSince: ago(31 * second) }, { task: aTask() })
    const verdict = snapshotVerdict({ snapshot: aSnapshot({ status }) })
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'TaskLost' })
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })
})

describe('adoption', () => {
  test('takes the lowest task that is not failed or cancelled, whoever asked for it', () => {
    const candidates = [
      aTask({ status: 'failed' }),
      aTask({ uid: 13, status: 'canceled' }),
      processingTask({ uid: 14 }),
      aTask({ uid: 15 }),
    ]
    const { status, effects } = snapshotVerdict({ ...requestedSnapshot(), engine: anEngine({ candidates }) })
    expect(status.task?.uid).toBe(14)
    expect(status.request).toEqual({
      attempt: 1,
      baseline,
      posts: 1,
      postedAt: ago(20 * second),
      adoptedAt: '2026-03-01T12:00:00.000Z',
    })
    expect(effects).toEqual([])
  })

  test('takes a task that has already succeeded', () => {
    expect(
      snapshotVerdict({ ...requestedSnapshot(), engine: anEngine({ candidates: [succeededTask()] }) }),
    ).toMatchObject({
      phase: 'Moving',
      status: { task: { uid: 12, status: 'succeeded' } },
    })
  })

  test('keeps the task that our reply named, also where a lower one would do', () => {
    const candidates = [aTask(), aTask({ uid: 13 })]
    expect(
      snapshotVerdict({ ...requestedSnapshot({ taskUid: 13 }), engine: anEngine({ candidates }) }).status.task?.uid,
    ).toBe(13)
  })

  test('keeps the task that it adopted first', () => {
    const candidates = [aTask(), aTask({ uid: 13 })]
    const status = requestedStatus({ adoptedAt: ago(second) }, { task: aTask({ uid: 13 }) })
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), engine: anEngine({ candidates }) }).status).toMatchObject(
      {
        task: { uid: 13 },
        request: { adoptedAt: ago(second) },
      },
    )
  })

  test('a task at or below the baseline never serves, even one in progress', () => {
    const candidates = [processingTask({ uid: 10 }), processingTask({ uid: baseline.uid })]
    expect(snapshotVerdict({ ...requestedSnapshot(), engine: anEngine({ candidates }) })).toMatchObject({
      reason: 'Requesting',
      effects: [],
    })
  })
})
