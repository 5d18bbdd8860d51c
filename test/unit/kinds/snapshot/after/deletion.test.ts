// The two rungs above all others: what has ended stays as it is, and a deletion ends what runs and nothing else.
import { describe, expect, test } from 'vitest'
import { isFinished } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  aJob,
  anEngine,
  aSnapshot,
  aTask,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  endedPod,
  hour,
  minute,
  movingStatus,
  noMover,
  processingTask,
  requestedStatus,
  second,
  stored,
  succeededTask,
} from '../../../../support/builders/observations.ts'

const deletedSnapshot = (
  status: MeiliSnapshotStatus,
  metadata: object = {},
): Pick<SnapshotObservation, 'snapshot'> => ({
  snapshot: aSnapshot({ metadata: { deletionTimestamp: ago(second), ...metadata }, status }),
})
const ours = requestedStatus({ taskUid: 12, adoptedAt: ago(20 * second) })
const enqueued = { engine: anEngine({ candidates: [aTask()] }) }

describe('alreadyFinished', () => {
  const completed: MeiliSnapshotStatus = {
    ...movingStatus({}, { phase: 'Completed', completedAt: ago(hour) }),
    observedGeneration: 1,
  }
  const failed: MeiliSnapshotStatus = { phase: 'Failed', completedAt: ago(hour), observedGeneration: 1 }

  test.each([
    ['Completed', completed],
    ['Failed', failed],
  ])('a %s object lets go of its finalizer and stays as it is', (_, status) => {
    const verdict = snapshotVerdict({
      snapshot: aSnapshot({ status }),
      instance: undefined,
      target: undefined,
      claim: undefined,
      engine: { state: 'NotAsked' },
    })
    expect(verdict).toMatchObject({ effects: ['RemoveFinalizer'], requeueAfterMs: undefined })
    expect(verdict.status).toEqual(status)
  })

  test.each([
    ['Completed', completed],
    ['Failed', failed],
  ])('a %s object without the finalizer needs nothing', (_, status) => {
    expect(snapshotVerdict({ snapshot: aSnapshot({ status, metadata: { finalizers: [] } }) })).toMatchObject({
      effects: [],
      requeueAfterMs: undefined,
      status,
    })
  })

  test('is never judged again, whatever its mover, its task or its server does', () => {
    const snapshot = aSnapshot({ status: failed })
    const job = aJob(aSnapshot({ status: movingStatus() }))
    expect(
      snapshotVerdict({
        snapshot,
        mover: { ...noMover, job, jobs: [job], pod: endedPod(0, stored) },
        engine: anEngine({ candidates: [succeededTask()] }),
      }).status,
    ).toEqual(failed)
  })

  test('says that a changed deletionPolicy was seen, and nothing else of it changes', () => {
    const said = {
      type: 'Ready',
      status: 'True' as const,
      reason: 'Completed',
      message: 'stored',
      lastTransitionTime: ago(hour),
      observedGeneration: 1,
    }
    const status = { ...completed, conditions: [said] }
    const changed = aSnapshot({ status, metadata: { generation: 2 }, spec: { deletionPolicy: 'Delete' } })
    expect(snapshotVerdict({ snapshot: changed }).status).toEqual({
      ...status,
      observedGeneration: 2,
      conditions: [{ ...said, observedGeneration: 2 }],
    })
  })

  test.each([
    ['Completed', true],
    ['Failed', true],
    ['Pending', false],
    ['Snapshotting', false],
    ['Moving', false],
    ['Verifying', false],
  ] as const)('%s: %s', (phase, expected) => {
    expect(isFinished(aSnapshot({ status: { phase } }))).toBe(expected)
  })
})

describe('beingDeleted', () => {
  test('without our finalizer there is nothing to do', () => {
    expect(snapshotVerdict(deletedSnapshot(ours, { finalizers: ['example.test/other'] }))).toMatchObject({
      effects: [],
      requeueAfterMs: undefined,
      status: ours,
    })
  })

  test('an object that has asked for nothing is let go', () => {
    expect(snapshotVerdict(deletedSnapshot({ phase: 'Pending' }))).toMatchObject({
      effects: ['RemoveFinalizer'],
      requeueAfterMs: undefined,
    })
    expect(effectsOf('RemoveFinalizer', deletedSnapshot({}))).toEqual([
      { kind: 'RemoveFinalizer', finalizer: 'meili-operator.dev/snapshot' },
    ])
  })

  test('waits for a mover that does not end, and says so', () => {
    const going = aJob(aSnapshot({ status: movingStatus() }), { metadata: { deletionTimestamp: ago(3 * minute) } })
    const { status } = snapshotVerdict({ ...deletedSnapshot(movingStatus()), mover: { ...noMover, jobs: [going] } })
    expect(conditionsIn(status)).toEqual(['Overdue=True'])
    expect(status.conditions?.[0]?.message).toMatch(/was deleted at 2026-03-01T11:57:00Z, and its pod has not ended/)
    expect(snapshotVerdict({ ...deletedSnapshot(status), mover: { ...noMover, jobs: [going] } }).status).toEqual(status)
  })

  test('asks for no snapshot any more', () => {
    expect(snapshotVerdict(deletedSnapshot({ phase: 'Pending' })).effects).not.toContain('RequestSnapshot')
  })

  test('ends each Job, sees its pods gone, and only then lets go', () => {
    const snapshot = aSnapshot({ status: movingStatus() })
    const first = aJob(snapshot, { metadata: { name: 'first', uid: 'first-uid' } })
    const going = aJob(snapshot, { metadata: { name: 'going', uid: 'going-uid', deletionTimestamp: ago(second) } })
    const changes = { ...deletedSnapshot(movingStatus()), mover: { ...noMover, jobs: [first, going] } }
    expect(snapshotVerdict(changes)).toMatchObject({ requeueAfterMs: 2 * second, status: movingStatus() })
    expect(effectsOf('DeleteJob', changes)).toEqual([{ kind: 'DeleteJob', name: 'first', uid: 'first-uid' }])
    expect(snapshotVerdict({ ...changes, mover: { ...noMover, jobs: [going] } })).toMatchObject({
      effects: [],
      requeueAfterMs: 2 * second,
    })
    expect(snapshotVerdict({ ...changes, mover: noMover }).effects).toEqual(['RemoveFinalizer'])
  })

  test('cancels its own task that has not begun, then lets go', () => {
    expect(snapshotVerdict({ ...deletedSnapshot(ours), ...enqueued })).toMatchObject({
      effects: ['CancelTask'],
      requeueAfterMs: second,
      status: ours,
    })
    expect(effectsOf('CancelTask', { ...deletedSnapshot(ours), ...enqueued })[0]?.taskUid).toBe(12)
    expect(
      snapshotVerdict({ ...deletedSnapshot(requestedStatus({ taskUid: 12, cancelTaskUid: 15 })), ...enqueued }).effects,
    ).toEqual(['RemoveFinalizer'])
  })

  test.each<[string, Partial<SnapshotObservation>]>([
    ['is being worked on: nobody can cancel it', { engine: anEngine({ candidates: [processingTask()] }) }],
    ['has ended', { engine: anEngine({ candidates: [succeededTask()] }) }],
    ['is gone', { engine: anEngine() }],
    ['another object waits for', { ...enqueued, adoptedByOthers: [12] }],
    ['nobody can be asked about', { engine: { state: 'Unreachable', message: 'ECONNREFUSED' } }],
    [
      'has been tried to cancel for a minute',
      { ...enqueued, ...deletedSnapshot(ours, { deletionTimestamp: ago(minute + second) }) },
    ],
  ])('lets go at once where its task %s', (_, changes) => {
    expect(snapshotVerdict({ ...deletedSnapshot(ours), ...changes })).toMatchObject({
      effects: ['RemoveFinalizer'],
      requeueAfterMs: undefined,
    })
  })

  test('leaves a task alone that our own reply did not name', () => {
    const adopted = requestedStatus({ adoptedAt: ago(second) }, { task: aTask() })
    expect(snapshotVerdict({ ...deletedSnapshot(adopted), ...enqueued }).effects).toEqual(['RemoveFinalizer'])
  })

  test('stands above the end: a finished object is let go in the same way', () => {
    expect(snapshotVerdict(deletedSnapshot({ ...movingStatus(), phase: 'Completed' })).effects).toEqual([
      'RemoveFinalizer',
    ])
  })

  test('says nothing new of the snapshot', () => {
    expect(
      snapshotVerdict({ ...deletedSnapshot(movingStatus()), target: undefined, instance: undefined }).status,
    ).toEqual(movingStatus())
  })
})
