// While Meilisearch works, its server goes away: it is silent, or comes back with another database.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  anEngine,
  aSnapshot,
  aTarget,
  aTask,
  baseline,
  conditionsIn,
  snapshotVerdict,
  hour,
  minute,
  now,
  pendingConditions,
  requestedStatus,
  second,
  succeededTask,
} from '../../../../support/builders/observations.ts'

const requestedSnapshot = (
  request: Parameters<typeof requestedStatus>[0] = {},
  more: Partial<MeiliSnapshotStatus> = {},
): Pick<SnapshotObservation, 'snapshot'> => ({
  snapshot: aSnapshot({ status: requestedStatus({ taskUid: 12, adoptedAt: ago(20 * second), ...request }, more) }),
})
const since = (spanMs: number): Pick<SnapshotObservation, 'snapshot'> => requestedSnapshot({ adoptedAt: ago(spanMs) })

describe('serverSilent', () => {
  const silent = {
    state: 'Unreachable',
    message: 'GET http://10.1.2.3:7700/tasks?limit=1 got no reply: ECONNREFUSED.',
  } as const

  test('a server that restarts is waited for, and status says until when', () => {
    const verdict = snapshotVerdict({ ...requestedSnapshot(), engine: silent })
    expect(verdict).toMatchObject({
      phase: 'Snapshotting',
      reason: 'TargetNotReady',
      effects: [],
      requeueAfterMs: 2 * second,
      status: { waitingFor: silent.message },
    })
    expect(verdict.message).toBe(
      `${silent.message} It goes on by itself when the server is back, until 2026-03-01 18:00 UTC.`,
    )
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('is asked again each second at first, at most each 10 s', () => {
    const after = (spanMs: number): number | undefined =>
      snapshotVerdict({ ...since(spanMs), engine: silent }).requeueAfterMs
    expect([after(0), after(hour)]).toEqual([second, 10 * second])
  })

  test('a key that is refused meanwhile is Unauthorized', () => {
    expect(
      snapshotVerdict({
        ...requestedSnapshot(),
        engine: { state: 'Unauthorized', message: 'Secret keys does not exist.' },
      }),
    ).toMatchObject({
      reason: 'Unauthorized',
      message: expect.stringContaining('Secret keys does not exist. It goes on'),
    })
  })

  test('a pod that is gone, one without an address, and an instance that is gone are distinguished', () => {
    const notAsked = { ...requestedSnapshot(), engine: { state: 'NotAsked' } } as const
    expect(snapshotVerdict({ ...notAsked, target: undefined }).message).toContain(
      'The pod of MeiliInstance search is not there.',
    )
    expect(snapshotVerdict({ ...notAsked, target: aTarget({ status: { podIP: undefined } }) }).message).toContain(
      'Pod search-0 has no address.',
    )
    expect(snapshotVerdict({ ...notAsked, target: undefined, instance: undefined })).toMatchObject({
      reason: 'InstanceNotFound',
      message: expect.stringContaining('MeiliInstance search does not exist in namespace shop.'),
    })
  })

  test('keeps what it knows of the task', () => {
    const status = { ...requestedSnapshot().snapshot.status, task: aTask() }
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), engine: silent }).status.task).toEqual(aTask())
  })

  test('past deadlines.task the target is lost, and its task may still run', () => {
    const verdict = snapshotVerdict({ ...since(6 * hour + second), engine: silent })
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'TargetLost', effects: [], requeueAfterMs: undefined })
    expect(verdict.message).toMatch(
      /No word of the snapshot by the end of deadlines\.task \(6h\): GET .*ECONNREFUSED\. Task 12 may still run there\./,
    )
  })

  describe('in the middle of a task that runs on past deadlines.task', () => {
    const working = (silentSince?: string): ReturnType<typeof snapshotVerdict> =>
      snapshotVerdict({
        ...requestedSnapshot(
          { adoptedAt: ago(7 * hour), ...(silentSince === undefined ? {} : { silentSince }) },
          {
            task: aTask({ status: 'processing' }),
          },
        ),
        engine: silent,
      })

    test('it has ten minutes to come back, of which status says the end', () => {
      expect(working()).toMatchObject({
        phase: 'Snapshotting',
        reason: 'TargetNotReady',
        message: `${silent.message} It goes on by itself when the server is back, until 2026-03-01 12:10 UTC.`,
        status: { request: { silentSince: '2026-03-01T12:00:00Z' } },
      })
      expect(working(ago(9 * minute)).phase).toBe('Snapshotting')
      expect(working(ago(10 * minute + second))).toMatchObject({ phase: 'Failed', reason: 'TargetLost' })
    })

    test('an answer ends the silence', () => {
      const task = aTask({ status: 'processing' })
      const snapshot = requestedSnapshot({ adoptedAt: ago(7 * hour), silentSince: ago(9 * minute) }, { task })
      const { status, phase } = snapshotVerdict({ ...snapshot, engine: anEngine({ candidates: [task] }) })
      expect(phase).toBe('Snapshotting')
      expect(status.request).not.toHaveProperty('silentSince')
    })
  })

  test('past deadlines.task a key that is still refused is the reason', () => {
    const verdict = snapshotVerdict({
      ...since(6 * hour + second),
      engine: { state: 'Unauthorized', message: 'Secret keys does not exist.' },
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'Unauthorized',
      message: expect.stringContaining('Secret keys does not exist. Task 12 may still run there.'),
    })
  })

  test('without a task on record a snapshot may still run there', () => {
    const status = requestedStatus({ postedAt: ago(6 * hour + second) })
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), engine: silent })).toMatchObject({
      reason: 'TargetLost',
      message: expect.stringContaining('A snapshot may still run there.'),
    })
  })
})

describe('databaseReplaced', () => {
  const verdictOn = (changes: Parameters<typeof anEngine>[0]): ReturnType<typeof snapshotVerdict> =>
    snapshotVerdict({ ...requestedSnapshot(), engine: anEngine({ candidates: [aTask()], ...changes }) })

  test.each([
    [
      'its newest task is below the baseline',
      { newest: { uid: 10, enqueuedAt: '2026-03-01T11:30:00Z' }, candidates: [] },
    ],
    ['it has no task at all', { newest: undefined, candidates: [] }],
    ["the baseline's uid has another time", { baseline: { uid: 11, enqueuedAt: '2026-03-01T11:45:00Z' } }],
    [
      'the baseline is pruned, and a task above it, not our own, is far older',
      { baseline: undefined, candidates: [aTask({ uid: 13, enqueuedAt: '2026-02-01T00:00:00Z' })] },
    ],
  ])('%s', (_, changes) => {
    const verdict = verdictOn(changes)
    expect(verdict).toMatchObject({ phase: 'Pending', reason: 'NewAttempt', effects: [] })
    expect(verdict.message).toMatch(
      /another one than the snapshot was asked of.*Another snapshot is asked for \(attempt 2 of 3\)/,
    )
    expect(verdict.status.request).not.toHaveProperty('baseline')
  })

  test('the uid of our task has another time than we saw', () => {
    const status = { ...requestedStatus({ baseline: undefined as never, taskUid: 0 }), task: aTask({ uid: 0 }) }
    const engine = anEngine({ candidates: [aTask({ uid: 0, enqueuedAt: '2026-03-01T11:59:59Z' })] })
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), engine })).toMatchObject({
      phase: 'Pending',
      reason: 'NewAttempt',
      effects: [],
      status: { request: { failure: expect.stringContaining('The database is another one') } },
    })
  })

  const olderThanBaseline = (byMs: number): string => new Date(Date.parse(baseline.enqueuedAt) - byMs).toISOString()

  test.each([
    ['by less than a second', 800],
    ['by a day', 24 * hour],
  ])('the baseline is there: a server whose clock was set back %s is the same, and so is our task', (_, byMs) => {
    const candidates = [aTask({ enqueuedAt: olderThanBaseline(byMs) })]
    expect(verdictOn({ baseline, candidates })).toMatchObject({
      reason: 'TaskEnqueued',
      status: { request: { attempt: 1, posts: 1, taskUid: 12 } },
    })
  })

  test('the baseline is pruned: the task that our POST was answered with is ours, whatever the clock says', () => {
    const candidates = [aTask({ enqueuedAt: olderThanBaseline(24 * hour) })]
    expect(verdictOn({ baseline: undefined, candidates })).toMatchObject({ reason: 'TaskEnqueued' })
  })

  test('the baseline is pruned, no reply is on record: a task that seems older by up to 5 min may serve', () => {
    const withoutReply = { snapshot: aSnapshot({ status: requestedStatus({ postedAt: ago(second) }) }) }
    const after = (byMs: number): ReturnType<typeof snapshotVerdict> =>
      snapshotVerdict({
        ...withoutReply,
        engine: anEngine({ baseline: undefined, candidates: [aTask({ enqueuedAt: olderThanBaseline(byMs) })] }),
      })
    expect(after(300 * second)).toMatchObject({ reason: 'TaskEnqueued', status: { request: { posts: 1 } } })
    expect(after(301 * second)).toMatchObject({ reason: 'NewAttempt' })
  })

  test('a baseline that was pruned decides nothing', () => {
    expect(verdictOn({ baseline: undefined })).toMatchObject({ phase: 'Snapshotting', reason: 'TaskEnqueued' })
  })

  test('the very same baseline is the same database', () => {
    expect(verdictOn({ baseline, newest: { uid: 12, enqueuedAt: aTask().enqueuedAt } })).toMatchObject({
      reason: 'TaskEnqueued',
    })
  })

  test('it comes before the task of that number: it is another one', () => {
    expect(
      verdictOn({ baseline: { uid: 11, enqueuedAt: '2026-03-01T11:45:00Z' }, candidates: [succeededTask()] }),
    ).toMatchObject({ reason: 'NewAttempt' })
  })

  test('a first request to an empty server has no baseline to compare with', () => {
    const status = requestedStatus({ baseline: undefined as never })
    expect(
      snapshotVerdict({ snapshot: aSnapshot({ status }), engine: anEngine({ newest: undefined }) }, now),
    ).toMatchObject({
      reason: 'Requesting',
      effects: [],
    })
  })
})
