// While Meilisearch works: its task in its own words, what it waits for, when it is overdue, and how it ended.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import type { RunningBatch, SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  anEngine,
  aSnapshot,
  aTask,
  baseline,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  failedConditions,
  hour,
  minute,
  pendingConditions,
  processingTask,
  requestedStatus,
  second,
  succeededTask,
} from '../../../../support/builders/observations.ts'

const indexing: RunningBatch = { uid: 8, types: 'documentAdditionOrUpdate', step: 'processing', percent: 64.4 }
const ours: RunningBatch = { uid: 9, types: 'snapshotCreation', step: 'create the tarball', percent: 41.67 }

const requestedSnapshot = (
  request: Parameters<typeof requestedStatus>[0] = {},
  more: Partial<MeiliSnapshotStatus> = {},
): Pick<SnapshotObservation, 'snapshot'> => ({
  snapshot: aSnapshot({ status: requestedStatus({ taskUid: 12, adoptedAt: ago(20 * second), ...request }, more) }),
})
const since = (spanMs: number): Pick<SnapshotObservation, 'snapshot'> => requestedSnapshot({ adoptedAt: ago(spanMs) })

describe('taskPending', () => {
  test('an enqueued task names the batch that it waits for', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot(),
      engine: anEngine({ candidates: [aTask()], running: indexing }),
    })
    expect(verdict).toMatchObject({ phase: 'Snapshotting', reason: 'TaskEnqueued', effects: [] })
    expect(verdict.message).toBe(
      'Task 12 waits for batch 8 (documentAdditionOrUpdate, 64 %): Meilisearch runs one batch at a time.',
    )
    expect(verdict.status).toMatchObject({
      waitingFor: 'batch 8 (documentAdditionOrUpdate, 64 %)',
      task: aTask(),
      progress: { step: 'enqueued' },
    })
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('a batch without a percentage is named without one', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot(),
      engine: anEngine({ candidates: [aTask()], running: { ...indexing, percent: undefined } }),
    })
    expect(verdict.status.waitingFor).toBe('batch 8 (documentAdditionOrUpdate)')
  })

  test('an enqueued task that nothing holds up waits for nothing', () => {
    const verdict = snapshotVerdict({ ...requestedSnapshot(), engine: anEngine({ candidates: [aTask()] }) })
    expect(verdict).toMatchObject({ reason: 'TaskEnqueued', message: 'Task 12 is enqueued.' })
    expect(verdict.status.waitingFor).toBeUndefined()
  })

  test('a processing task shows the step and the percentage of its own batch', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot(),
      engine: anEngine({ candidates: [processingTask()], running: ours }),
    })
    expect(verdict).toMatchObject({
      phase: 'Snapshotting',
      reason: 'TaskProcessing',
      message: 'Meilisearch makes the snapshot: create the tarball.',
    })
    expect(verdict.status.progress).toEqual({
      step: 'create the tarball',
      percent: 41,
      percentText: '41 %',
      updatedAt: '2026-03-01T12:00:00Z',
    })
    expect(verdict.status.waitingFor).toBeUndefined()
  })

  test('the progress of another batch is not taken for its own', () => {
    expect(
      snapshotVerdict({
        ...requestedSnapshot(),
        engine: anEngine({ candidates: [processingTask()], running: indexing }),
      }).status.progress,
    ).toEqual({ step: 'processing', updatedAt: '2026-03-01T12:00:00Z' })
  })

  test('a step that is longer than status may hold is cut: it is the name of an index at times', () => {
    const step = 'i'.repeat(400)
    expect(
      snapshotVerdict({
        ...requestedSnapshot(),
        engine: anEngine({ candidates: [processingTask()], running: { ...ours, step } }),
      }).status.progress?.step,
    ).toBe('i'.repeat(128))
  })

  test.each([
    [-3, 0],
    [100.4, 100],
    [250, 100],
  ])('a percentage of %d is shown as %d', (percent, shown) => {
    expect(
      snapshotVerdict({
        ...requestedSnapshot(),
        engine: anEngine({ candidates: [processingTask()], running: { ...ours, percent } }),
      }).status.progress,
    ).toMatchObject({ percent: shown, percentText: `${shown} %` })
  })

  test('is asked from 250 ms on, ever more seldom, at most each 10 s', () => {
    const after = (spanMs: number): number | undefined =>
      snapshotVerdict({ ...since(spanMs), engine: anEngine({ candidates: [processingTask()] }) }).requeueAfterMs
    expect([after(0), after(30 * second), after(hour)]).toEqual([250, 3 * second, 10 * second])
  })

  test('past deadlines.task a processing task is Overdue, and waited for: nobody can cancel it', () => {
    const verdict = snapshotVerdict({
      ...since(6 * hour + second),
      engine: anEngine({ candidates: [processingTask()], running: ours }),
    })
    expect(verdict).toMatchObject({
      phase: 'Snapshotting',
      reason: 'TaskProcessing',
      effects: [],
      requeueAfterMs: 10 * second,
    })
    expect(conditionsIn(verdict.status)).toEqual([...pendingConditions, 'Overdue=True'])
    expect(verdict.status.conditions?.at(-1)?.message).toMatch(
      /Task 12 runs on past deadlines\.task \(6h\).*does not cancel/,
    )
  })

  test('in time nothing is Overdue', () => {
    expect(
      conditionsIn(
        snapshotVerdict({ ...since(6 * hour), engine: anEngine({ candidates: [processingTask()] }) }).status,
      ),
    ).toEqual(pendingConditions)
  })
})

describe('taskEnded', () => {
  test('a succeeded task is on record in its own words, with its batch, in the write that starts the mover', () => {
    const verdict = snapshotVerdict({ ...requestedSnapshot(), engine: anEngine({ candidates: [succeededTask()] }) })
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'MoverStarting',
      effects: ['CreateJob'],
      message: 'Job nightly-0a1b2c3d-1-1 is being started on node node-a.',
    })
    expect(verdict.status.task).toEqual(succeededTask())
    expect(verdict.status.move).toMatchObject({
      attempt: 1,
      jobName: 'nightly-0a1b2c3d-1-1',
      node: 'node-a',
      startedAt: '2026-03-01T12:00:00Z',
    })
  })

  test('a succeeded task is on record also where the mover has to wait', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot(),
      engine: anEngine({ candidates: [succeededTask()] }),
      queued: { enough: 'movers', limit: 10, ahead: 3, looked: true },
    })
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'MoverQueued',
      effects: [],
      status: {
        task: succeededTask(),
        move: { attempt: 1, queuedAt: '2026-03-01T12:00:00Z' },
        waitingFor:
          'As many movers run as may at once (MAX_MOVERS is 10). Fewer than 4 others of namespace shop go first.',
      },
    })
  })

  test("a failed task gives Meilisearch's code and message", () => {
    const error = { code: 'internal', message: 'Something broke.' }
    const verdict = snapshotVerdict({
      ...requestedSnapshot(),
      engine: anEngine({ candidates: [aTask({ status: 'failed', error })] }),
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'SnapshotTaskFailed',
      message: 'Task 12 failed: internal. Something broke.',
      effects: [],
      requeueAfterMs: undefined,
    })
    expect(verdict.status.task?.error).toEqual(error)
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test.each([
    [
      'no_space_left_on_device',
      'No space left.',
      /full copy of the database in TMPDIR.*one of the two is full.*more space/,
    ],
    [
      'internal',
      'No space left on device (os error 28)',
      /\(os error 28\)\. Meilisearch stages.*one of the two is full/,
    ],
    ['internal', 'Read-only file system (os error 30)', /The snapshot directory or TMPDIR is read-only/],
    ['internal', 'No such file or directory (os error 2)', /TMPDIR, or the snapshot directory, does not exist/],
  ])('%s, %s: the message says which disk and what to do', (code, message, hint) => {
    expect(
      snapshotVerdict({
        ...requestedSnapshot(),
        engine: anEngine({ candidates: [aTask({ status: 'failed', error: { code, message } })] }),
      }).message,
    ).toMatch(hint)
  })

  test('os error 24 is no missing directory', () => {
    const error = { code: 'internal', message: 'Too many open files (os error 24)' }
    expect(
      snapshotVerdict({
        ...requestedSnapshot(),
        engine: anEngine({ candidates: [aTask({ status: 'failed', error })] }),
      }).message,
    ).toBe('Task 12 failed: internal. Too many open files (os error 24).')
  })

  test('a failed task without an error says so', () => {
    expect(
      snapshotVerdict({ ...requestedSnapshot(), engine: anEngine({ candidates: [aTask({ status: 'failed' })] }) })
        .message,
    ).toBe('Task 12 failed, and Meilisearch gives no reason.')
  })

  test('a task that somebody cancelled is asked for again, and the reason stands on record', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot(),
      engine: anEngine({ candidates: [aTask({ status: 'canceled' })] }),
    })
    expect(verdict).toMatchObject({
      phase: 'Pending',
      reason: 'NewAttempt',
      effects: [],
      message: 'Task 12 was cancelled by somebody. Another snapshot is asked for (attempt 2 of 3).',
    })
    expect(verdict.status.request).toMatchObject({
      attempt: 2,
      posts: 0,
      baseline,
      failure: 'Task 12 was cancelled by somebody.',
    })
    expect(verdict.status.task).toBeUndefined()
  })

  test('another task above the baseline serves as well as the one that was cancelled', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot(),
      engine: anEngine({ candidates: [aTask({ status: 'canceled' }), aTask({ uid: 13 })] }),
    })
    expect(verdict).toMatchObject({ phase: 'Snapshotting', reason: 'TaskEnqueued', status: { task: { uid: 13 } } })
  })

  test('what somebody cancelled three times has failed', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot({ attempt: 3 }),
      engine: anEngine({ candidates: [aTask({ status: 'canceled' })] }),
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'SnapshotTaskCanceled',
      message: 'Task 12 was cancelled by somebody. That was attempt 3 of 3.',
      effects: [],
    })
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test('a task that we cancelled at its deadline', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot({ cancelTaskUid: 15 }),
      engine: anEngine({ candidates: [aTask({ status: 'canceled' })] }),
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'TaskDeadlineExceeded',
      message: expect.stringContaining('was cancelled at the end of deadlines.task (6h)'),
    })
  })

  test("a task that we cancelled although the reply was lost is not called somebody else's doing", () => {
    const verdict = snapshotVerdict({
      ...since(6 * hour + second),
      engine: anEngine({ candidates: [aTask({ status: 'canceled' })] }),
    })
    expect(verdict).toMatchObject({
      reason: 'TaskDeadlineExceeded',
      message: expect.stringContaining('was cancelled at the end of deadlines.task (6h)'),
    })
  })
})

describe('taskOverdue', () => {
  const late = { ...since(6 * hour + second), engine: anEngine({ candidates: [aTask()] }) }

  test('cancels our own task that is still enqueued, and says so', () => {
    const verdict = snapshotVerdict(late)
    expect(verdict).toMatchObject({
      phase: 'Snapshotting',
      reason: 'TaskEnqueued',
      effects: ['CancelTask'],
      requeueAfterMs: second,
    })
    expect(verdict.message).toMatch(
      /Task 12 was still enqueued at the end of deadlines\.task \(6h\); it is being cancelled/,
    )
    expect(conditionsIn(verdict.status)).toEqual([...pendingConditions, 'Overdue=True'])
    expect(effectsOf('CancelTask', late)).toEqual([
      { kind: 'CancelTask', taskUid: 12, server: { namespace: 'shop', endpoint: 'http://10.1.2.3:7700' } },
    ])
  })

  test('cancels once: an enqueued task whose cancelling was accepted counts as cancelled', () => {
    const verdict = snapshotVerdict({
      ...late,
      ...requestedSnapshot({ adoptedAt: ago(6 * hour + second), cancelTaskUid: 15 }),
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'TaskDeadlineExceeded',
      effects: [],
      message: expect.stringContaining('and was cancelled'),
    })
  })

  test('goes on with a task that began in spite of the cancelling', () => {
    const verdict = snapshotVerdict({
      ...requestedSnapshot({ adoptedAt: ago(6 * hour + second), cancelTaskUid: 15 }),
      engine: anEngine({ candidates: [processingTask()] }),
    })
    expect(verdict).toMatchObject({ phase: 'Snapshotting', reason: 'TaskProcessing', effects: [] })
  })

  test('leaves a task alone that our own reply did not name', () => {
    const status = requestedStatus({ adoptedAt: ago(6 * hour + second) }, { task: aTask() })
    const verdict = snapshotVerdict({ ...late, snapshot: aSnapshot({ status }) })
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'TaskDeadlineExceeded', effects: [] })
    expect(verdict.message).toMatch(/may be somebody else's.*may still run/)
  })

  test('leaves a task alone that another object has on record', () => {
    const verdict = snapshotVerdict({ ...late, adoptedByOthers: [12] })
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'TaskDeadlineExceeded', effects: [] })
    expect(verdict.message).toMatch(/Another MeiliSnapshot waits for it.*may still run/)
  })

  test('is counted from the adoption, not from the request', () => {
    const verdict = snapshotVerdict({
      ...late,
      ...requestedSnapshot({ postedAt: ago(20 * hour), adoptedAt: ago(minute) }),
    })
    expect(verdict).toMatchObject({ phase: 'Snapshotting', effects: [] })
  })
})
