// What the world answers to an effect goes on record in the same pass.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../src/api/snapshot.ts'
import type { Fact } from '../../../../src/reconcile/decision.ts'
import { applyFact } from '../../../../src/kinds/snapshot/apply-fact.ts'
import {
  ago,
  aSnapshot,
  aTask,
  baseline,
  conditionsIn,
  failedConditions,
  hour,
  jobName,
  movingStatus,
  now,
  pendingConditions,
  requestedStatus,
  second,
} from '../../../support/builders/observations.ts'

const requestedSnapshot = (
  request: Parameters<typeof requestedStatus>[0] = {},
  more: Partial<MeiliSnapshotStatus> = {},
): MeiliSnapshot => aSnapshot({ status: requestedStatus(request, more) })
const statusAfter = (snapshot: MeiliSnapshot, fact: Fact): MeiliSnapshotStatus => applyFact(snapshot, fact, now)
type Refused = Fact & { kind: 'Refused' }
const refusal = (effect: Refused['effect'], message: string, cause?: Refused['cause']): Fact => ({
  kind: 'Refused',
  effect,
  message,
  cause,
})
const readyIn = (status: MeiliSnapshotStatus): object | undefined =>
  status.conditions?.find(({ type }) => type === 'Ready')

describe('TaskEnqueued', () => {
  const status = statusAfter(requestedSnapshot(), { kind: 'TaskEnqueued', taskUid: 12 })

  test("the 202's uid is on record at once, with the clock of deadlines.task", () => {
    expect(status.request).toEqual({
      attempt: 1,
      baseline,
      posts: 1,
      postedAt: ago(20 * second),
      taskUid: 12,
      adoptedAt: '2026-03-01T12:00:00.000Z',
    })
    expect(status.phase).toBe('Snapshotting')
    expect(readyIn(status)).toMatchObject({ reason: 'TaskEnqueued', message: 'Task 12 is enqueued.' })
    expect(conditionsIn(status)).toEqual(pendingConditions)
  })

  test('what was wrong with the request before is forgotten', () => {
    expect(
      statusAfter(requestedSnapshot({ refused: 'no', missingSince: ago(second) }), {
        kind: 'TaskEnqueued',
        taskUid: 12,
      }).request,
    ).toEqual(status.request)
  })
})

describe('CancelAccepted', () => {
  test('is on record, so that no second one is sent; nothing else changes', () => {
    const snapshot = requestedSnapshot({ taskUid: 12 })
    expect(statusAfter(snapshot, { kind: 'CancelAccepted', taskUid: 15 })).toEqual({
      ...snapshot.status,
      request: { ...snapshot.status?.request, cancelTaskUid: 15 },
    })
  })
})

describe('Refused', () => {
  test.each([
    ['POST /snapshots answered 403 invalid_api_key: The provided API key is invalid.', 'Unauthorized'],
    ['POST /snapshots answered 401 missing_authorization_header: The Authorization header is missing.', 'Unauthorized'],
    ['Secret keys does not exist in namespace shop. It goes on by itself when it is there.', 'SecretMissing'],
  ] as const)('%s is Unauthorized, and names the right that is needed', (message, cause) => {
    const status = statusAfter(requestedSnapshot(), refusal('RequestSnapshot', message, cause))
    expect(status).toMatchObject({ phase: 'Pending', request: { posts: 1, refused: message }, waitingFor: message })
    expect(readyIn(status)).toMatchObject({
      reason: 'Unauthorized',
      message: `${message} The key needs snapshots.create for indexes ["*"]. Asked again every 30 s.`,
    })
    expect(conditionsIn(status)).toEqual(pendingConditions)
  })

  test('any other refusal is RequestRefused', () => {
    const status = statusAfter(
      requestedSnapshot(),
      refusal('RequestSnapshot', 'POST /snapshots answered 422 no_space_left_on_device: no message'),
    )
    expect(readyIn(status)).toMatchObject({
      reason: 'RequestRefused',
      message: 'POST /snapshots answered 422 no_space_left_on_device: no message. Asked again every 30 s.',
    })
  })

  test('the words are not read: only the cause says Unauthorized', () => {
    const status = statusAfter(
      requestedSnapshot(),
      refusal('RequestSnapshot', 'POST /snapshots answered 403 index: is odd.'),
    )
    expect(readyIn(status)).toMatchObject({ reason: 'RequestRefused' })
  })

  test('a Job that the API server refuses, in its words, with the time until when it is tried', () => {
    const status = statusAfter(
      aSnapshot({ status: movingStatus() }),
      refusal('CreateJob', `jobs.batch "${jobName}" is forbidden: exceeded quota: small`),
    )
    expect(status.phase).toBe('Moving')
    expect(status.waitingFor).toBe(`jobs.batch "${jobName}" is forbidden: exceeded quota: small.`)
    expect(readyIn(status)).toMatchObject({
      reason: 'MoverRefused',
      message: `jobs.batch "${jobName}" is forbidden: exceeded quota: small. It is tried again, until 2026-03-01 18:00 UTC.`,
    })
  })

  test('a Job after the end that is refused changes nothing: what has ended is never judged again', () => {
    const status = { ...movingStatus(), phase: 'Failed' as const }
    expect(statusAfter(aSnapshot({ status }), refusal('CreateJob', 'exceeded quota: small'))).toEqual(status)
  })

  test('a claim that the API server refuses', () => {
    const status = statusAfter(
      aSnapshot({ status: { startedAt: ago(second) } }),
      refusal('CreateClaim', 'exceeded quota: small'),
    )
    expect(status).toMatchObject({ phase: 'Pending', waitingFor: 'exceeded quota: small.' })
    expect(readyIn(status)).toMatchObject({
      reason: 'ClaimNotReady',
      message: 'The claim could not be created: exceeded quota: small. It is tried again, until 2026-03-01 13:00 UTC.',
    })
  })

  test('a task that may not be cancelled ends the snapshot: it was past its deadline, and may still run', () => {
    const snapshot = requestedSnapshot({ taskUid: 12, adoptedAt: ago(7 * hour) }, { task: aTask() })
    const status = statusAfter(
      snapshot,
      refusal(
        'CancelTask',
        'POST /tasks/cancel?uids=12 answered 403 invalid_api_key: The provided API key is invalid.',
      ),
    )
    expect(status.phase).toBe('Failed')
    expect(readyIn(status)).toMatchObject({
      reason: 'TaskDeadlineExceeded',
      message:
        'Task 12 was still enqueued at the end of deadlines.task (6h), and could not be cancelled, so it may still run: POST /tasks/cancel?uids=12 answered 403 invalid_api_key: The provided API key is invalid.',
    })
    expect(conditionsIn(status)).toEqual(failedConditions)
  })

  test('a task that may not be cancelled does not hold up a deletion', () => {
    const snapshot = aSnapshot({
      metadata: { deletionTimestamp: ago(second) },
      status: requestedStatus({ taskUid: 12 }),
    })
    expect(statusAfter(snapshot, refusal('CancelTask', 'no')).phase).toBe('Snapshotting')
  })

  test.each(['AddFinalizer', 'RemoveFinalizer', 'DeleteJob'] as const)('%s: status says nothing of it', (effect) => {
    const snapshot = requestedSnapshot()
    expect(statusAfter(snapshot, refusal(effect, 'no'))).toEqual(snapshot.status)
  })

  test('a refusal as long as a book fits into status', () => {
    const status = statusAfter(requestedSnapshot(), refusal('RequestSnapshot', 'b'.repeat(10_000)))
    expect(status.request?.refused?.length).toBeLessThanOrEqual(2048)
    expect(status.waitingFor).toHaveLength(500)
    expect(readyIn(status)).toMatchObject({ message: expect.stringMatching(/… Asked again every 30 s\.$/) })
  })
})

describe('an answer to nothing', () => {
  test.each<Fact>([
    { kind: 'TaskEnqueued', taskUid: 12 },
    { kind: 'CancelAccepted', taskUid: 15 },
    refusal('RequestSnapshot', 'no'),
  ])('%j without a request on record changes nothing', (fact) => {
    expect(statusAfter(aSnapshot(), fact)).toEqual({ observedGeneration: -1 })
  })
})
