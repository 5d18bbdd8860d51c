// The ladder as a whole: each rung is tested under its name, and the higher one speaks first.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { SnapshotObservation } from '../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  aJob,
  anEngine,
  anInstance,
  aPod,
  aSnapshot,
  aTarget,
  aTask,
  aVolume,
  snapshotVerdict,
  endedPod,
  hour,
  movingStatus,
  noMover,
  processingTask,
  requestedStatus,
  runningPod,
  second,
  stored,
  succeededTask,
} from '../../../support/builders/observations.ts'

const ladder = readFileSync(new URL('../../../../src/kinds/snapshot/decide.ts', import.meta.url), 'utf8')
const rungs = [...ladder.matchAll(/readonly Rung\[\] = \[([^\]]+)\]/g)].flatMap(([, names = '']) =>
  names
    .replaceAll(/\/\/.*/g, '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
)

const tested = new Set(
  readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) =>
      [...readFileSync(new URL(name, import.meta.url), 'utf8').matchAll(/^describe\('(\w+)'/gm)].map(
        ([, title]) => title,
      ),
    ),
)

describe('the ladder', () => {
  test('has rungs', () => {
    expect(rungs.length).toBeGreaterThan(20)
  })

  test.each(rungs)('%s is tested under its name', (rung) => {
    expect(tested).toContain(rung)
  })
})

describe('the higher rung speaks first', () => {
  const late = { startedAt: ago(2 * hour) }
  const anotherDatabase = { newest: { uid: 3, enqueuedAt: ago(hour) } }
  const inMove = aSnapshot({ status: movingStatus() })
  const pastMove = aSnapshot({ status: movingStatus({ startedAt: ago(7 * hour) }) })
  const job = aJob(inMove)
  const unschedulable = aPod({
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes.' }] },
  })
  const mover = (pod: SnapshotObservation['mover']['pod']): SnapshotObservation['mover'] => ({
    ...noMover,
    job,
    jobs: [job],
    pod,
    progress: { step: 'copying', bytesDone: 1, bytesTotal: 2 },
  })

  test.each<[string, Partial<SnapshotObservation>, string | undefined]>([
    [
      'a deletion before the end',
      {
        snapshot: aSnapshot({
          metadata: { deletionTimestamp: ago(second) },
          status: { ...movingStatus(), phase: 'Completed' },
        }),
        mover: { ...noMover, jobs: [job] },
      },
      undefined,
    ],
    [
      'what can never work before a deadline that is over',
      {
        snapshot: aSnapshot({ status: late }),
        target: aTarget({ spec: { securityContext: {} } }),
        instance: anInstance({ status: aVolume({ claimName: 'backups' }) }),
      },
      'DestinationUnusable',
    ],
    [
      'a deadline that is over before what it waits for',
      { snapshot: aSnapshot({ status: late }), instance: undefined, claim: undefined },
      'StartDeadlineExceeded',
    ],
    ['a missing instance before a missing claim', { instance: undefined, claim: undefined }, 'InstanceNotFound'],
    [
      'a missing claim before the queue, so that it blocks nobody',
      { ahead: ['first'], claim: undefined },
      'ClaimNotFound',
    ],
    ['the queue before the request', { ahead: ['first'] }, 'Queued'],
    [
      'a silent server before everything that is known of its tasks',
      {
        snapshot: aSnapshot({ status: requestedStatus({ taskUid: 12 }, { task: aTask() }) }),
        engine: { state: 'Unreachable', message: 'ECONNREFUSED' },
      },
      'TargetNotReady',
    ],
    [
      'another database before a refused request',
      {
        snapshot: aSnapshot({ status: requestedStatus({ refused: 'no', postedAt: ago(hour) }) }),
        engine: anEngine(anotherDatabase),
      },
      'NewAttempt',
    ],
    [
      'another database before a task that is gone',
      { snapshot: aSnapshot({ status: requestedStatus({ taskUid: 12 }) }), engine: anEngine(anotherDatabase) },
      'NewAttempt',
    ],
    [
      'a task that serves before a request that was refused',
      {
        snapshot: aSnapshot({ status: requestedStatus({ refused: 'no' }) }),
        engine: anEngine({ candidates: [processingTask()] }),
      },
      'TaskProcessing',
    ],
    [
      'a stored file before a deadline that is over',
      { snapshot: pastMove, mover: mover(endedPod(0, stored)) },
      'Completed',
    ],
    [
      'a deadline that is over before a pod that leaves',
      {
        snapshot: pastMove,
        mover: mover(runningPod()),
        target: aTarget({ metadata: { deletionTimestamp: ago(second) } }),
      },
      'MoveDeadlineExceeded',
    ],
    [
      'a pod that leaves before a mover that cannot start',
      {
        snapshot: inMove,
        mover: mover(unschedulable),
        target: aTarget({ metadata: { deletionTimestamp: ago(second) } }),
      },
      'TargetMoving',
    ],
    [
      'a mover that cannot start before how far it is',
      { snapshot: inMove, mover: mover(unschedulable) },
      'MoverWaiting',
    ],
    ['how far it is, where nothing else is to be said', { snapshot: inMove, mover: mover(runningPod()) }, 'Copying'],
  ])('%s', (_, changes, reason) => {
    expect(snapshotVerdict(changes).reason).toBe(reason)
  })

  test('once the task has succeeded, only the mover matters: the server may go', () => {
    const verdict = snapshotVerdict({
      snapshot: inMove,
      mover: mover(runningPod()),
      instance: undefined,
      target: undefined,
      claim: undefined,
      engine: { state: 'NotAsked' },
    })
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'Copying' })
  })

  test('what is missing before the request does not matter after it', () => {
    const engine = anEngine({ candidates: [succeededTask()] })
    expect(
      snapshotVerdict({
        snapshot: aSnapshot({ status: requestedStatus({ taskUid: 12 }) }),
        engine,
        claim: undefined,
        ahead: ['first'],
      }),
    ).toMatchObject({ phase: 'Moving' })
  })
})

describe('a world that no rung foresaw', () => {
  test('is looked at again', () => {
    const verdict = snapshotVerdict({ target: aTarget({ status: { podIP: undefined } }) })
    expect(verdict).toMatchObject({ effects: [], requeueAfterMs: 10 * second })
  })
})
