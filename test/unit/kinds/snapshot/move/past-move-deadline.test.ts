// When deadlines.move has passed: all movers end first, then the snapshot fails, and what one of them may have left is removed.
import { describe, expect, test } from 'vitest'
import {
  ago,
  aJob,
  aPod,
  aSnapshot,
  asStored,
  conditionsIn,
  snapshotVerdict,
  endedPod,
  failedConditions,
  hour,
  jobName,
  minute,
  now,
  pendingConditions,
  runningPod,
  second,
  stored,
} from '../../../../support/builders/observations.ts'
import type { Verdict } from '../../../../support/builders/observations.ts'
import { before, going, inMove, moverObservation } from './in-move.ts'

describe('pastMoveDeadline', () => {
  const late = { startedAt: ago(6 * hour + second) }
  const unschedulable = aPod({
    metadata: { name: 'x' },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available.' }],
    },
  })

  test('ends all movers first, and says what the last word was', () => {
    const snapshot = inMove(late)
    const first = aJob(snapshot, { metadata: { name: 'first', uid: 'first-uid' } })
    const job = aJob(snapshot)
    const verdict = snapshotVerdict(moverObservation(snapshot, { pod: unschedulable, jobs: [first, job] }, job))
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'MoveDeadlineExceeded',
      effects: ['DeleteJob', 'DeleteJob'],
      requeueAfterMs: 2 * second,
    })
    expect(verdict.message).toBe(
      'The file was not stored within deadlines.move (6h). Last: no node can take it: 0/3 nodes are available. Its mover is being ended.',
    )
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('fails once nothing runs any more, with the same last word', () => {
    const { status } = snapshotVerdict(moverObservation(inMove(late), { pod: unschedulable }))
    const verdict = snapshotVerdict({ snapshot: aSnapshot({ status: asStored(status) }) })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'MoveDeadlineExceeded',
      effects: [],
      requeueAfterMs: undefined,
    })
    expect(verdict.message).toBe(
      'The file was not stored within deadlines.move (6h). Last: no node can take it: 0/3 nodes are available. No mover reported a stored file, and Meilisearch still has its own.',
    )
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test.each([
    [
      'copying',
      { pod: runningPod(), progress: { step: 'copying', bytesDone: 1024, bytesTotal: 2048 } },
      `Job ${jobName} was copying: 1.0 KiB of 2.0 KiB.`,
    ],
    ['not heard of', { pod: runningPod() }, `Job ${jobName} had not said anything yet.`],
  ] as const)('a mover that was %s is not called anything else', (_, mover, words) => {
    const { status } = snapshotVerdict(moverObservation(inMove(late), mover))
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: asStored(status) }) }).message).toContain(
      `Last: ${words} No mover reported`,
    )
  })

  test('after movers that failed, a Job removes what one of them may have left', () => {
    expect(
      snapshotVerdict({ ...before({ ...late, attempt: 2, failures: 1, failure: 'It was killed.' }) }),
    ).toMatchObject({
      phase: 'Failed',
      effects: ['CreateJob'],
      message: expect.stringContaining('Job nightly-0a1b2c3d-sweep removes'),
    })
  })

  test.each([
    ['was at work when the deadline came', {}, runningPod()],
    ['was seen at work before, and had to make way', { begun: true }, undefined],
  ])('after a mover that %s, a Job removes what it may have left: nobody saw how it ended', (_, known, pod) => {
    const { status } = snapshotVerdict(moverObservation(inMove({ ...late, ...known }), { pod }))
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: asStored(status) }) })).toMatchObject({
      phase: 'Failed',
      effects: ['CreateJob'],
      message: expect.stringContaining('Job nightly-0a1b2c3d-sweep removes'),
    })
  })

  test('a mover that does not end is waited for, and no longer in silence', () => {
    const snapshot = inMove(late)
    const hung = (sinceMs: number): Verdict =>
      snapshotVerdict(
        moverObservation(
          snapshot,
          { pod: aPod({ metadata: { name: 'x', namespace: 'shop' }, spec: { nodeName: 'node-a' } }) },
          aJob(snapshot, { metadata: { deletionTimestamp: ago(sinceMs) } }),
        ),
      )
    expect(conditionsIn(hung(minute).status)).toEqual(pendingConditions)
    const verdict = hung(minute + second)
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'MoveDeadlineExceeded',
      effects: [],
      requeueAfterMs: 2 * second,
    })
    expect(conditionsIn(verdict.status)).toEqual([...pendingConditions, 'Overdue=True'])
    expect(verdict.status.conditions?.at(-1)?.message).toBe(
      `Job ${jobName} was deleted at 2026-03-01T11:58:59Z, and pod x on node node-a has not ended: the node is gone, or hangs. It may still write, so it is waited for. Only once the node is known to be off for good, "kubectl delete pod x -n shop --force" ends the wait.`,
    )
  })

  test('between two attempts the last word is why the one before failed', () => {
    const verdict = snapshotVerdict({
      ...before({ ...late, attempt: 2, failure: 'The copy stalled.', retryAt: new Date(now + second).toISOString() }),
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('Last: The copy stalled. No mover reported'),
    })
  })

  test('without any mover it says so', () => {
    expect(snapshotVerdict(before(late))).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('Last: no mover was running. No mover reported'),
    })
  })

  test('a file that was stored at the last moment counts', () => {
    const snapshot = inMove(late)
    expect(snapshotVerdict(moverObservation(snapshot, { pod: endedPod(0, stored) }))).toMatchObject({
      phase: 'Completed',
    })
    expect(
      snapshotVerdict(moverObservation(snapshot, { pod: endedPod(0, stored) }, aJob(snapshot, going))),
    ).toMatchObject({
      phase: 'Completed',
    })
  })

  test('in time nothing is ended', () => {
    expect(
      snapshotVerdict(moverObservation(inMove({ startedAt: ago(6 * hour) }), { pod: runningPod() })).effects,
    ).toEqual([])
  })
})
