// From a succeeded task to a mover that runs: starting it, what holds it up, how far it is, and a target that moves away.
import { describe, expect, test } from 'vitest'
import {
  aCondition,
  ago,
  aJob,
  anEngine,
  anInstance,
  aPod,
  aSnapshot,
  asStored,
  aTarget,
  aTask,
  aVolume,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  endedPod,
  hour,
  jobName,
  minute,
  now,
  pendingConditions,
  processingTask,
  runningPod,
  second,
  succeededTask,
} from '../../../../support/builders/observations.ts'
import { before, going, inMove, moverObservation } from './in-move.ts'

describe('moverMissing', () => {
  test('creates the Job of this attempt where the server runs, and puts the node on record', () => {
    const verdict = snapshotVerdict(before({ node: undefined as never }))
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'MoverStarting',
      effects: ['CreateJob'],
      requeueAfterMs: 5 * second,
      message: `Job ${jobName} is being started on node node-a.`,
    })
    expect(verdict.status.move).toMatchObject({ attempt: 1, jobName, node: 'node-a' })
    expect(effectsOf('CreateJob', before())[0]?.job.metadata).toMatchObject({ name: jobName, namespace: 'shop' })
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('gives the Job what is left of deadlines.move', () => {
    const job = effectsOf('CreateJob', before({ startedAt: ago(5 * hour) }))[0]?.job
    expect(job?.spec?.activeDeadlineSeconds).toBe(3600 + 600)
  })

  test.each([
    [
      'the server pod is gone',
      { target: undefined, engine: { state: 'NotAsked' } },
      'The pod of MeiliInstance search is not there.',
    ],
    [
      'the instance is gone',
      { instance: undefined, target: undefined, engine: { state: 'NotAsked' } },
      'MeiliInstance search does not exist in namespace shop.',
    ],
    [
      'the server pod is on no node',
      { target: aTarget({ spec: { nodeName: undefined } }) },
      'Pod search-0 is on no node yet.',
    ],
    [
      'the server does not answer',
      { engine: { state: 'Unreachable', message: 'GET /tasks got no reply: ETIMEDOUT' } },
      'GET /tasks got no reply: ETIMEDOUT.',
    ],
    [
      'the server refuses the key',
      { engine: { state: 'Unauthorized', message: 'Secret keys does not exist.' } },
      'Secret keys does not exist.',
    ],
    [
      'the server pod has no address',
      { target: aTarget({ status: { podIP: undefined } }), engine: { state: 'NotAsked' } },
      'Pod search-0 has no address.',
    ],
    [
      'the server pod is going away',
      { target: aTarget(going) },
      'Pod search-0 is going away; the mover waits for the next one.',
    ],
    [
      'the instance no longer knows its volume',
      { instance: anInstance({ status: { snapshotVolume: undefined } }) },
      'MeiliInstance search does not say on which claim its snapshots are.',
    ],
  ] as const)('waits while %s, and says until when', (_, changes, words) => {
    const verdict = snapshotVerdict({ ...before(), ...changes })
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'MoverStarting', effects: [], requeueAfterMs: 2 * second })
    expect(verdict.message).toBe(`${words} It goes on by itself, until 2026-03-01 18:00 UTC.`)
    expect(verdict.status.waitingFor).toBe(words)
  })

  test('waits until a Job of that name is gone: a mover that ends still holds the volume', () => {
    const snapshot = inMove()
    expect(snapshotVerdict({ ...before(), ...moverObservation(snapshot, {}, aJob(snapshot, going)) })).toMatchObject({
      reason: 'MoverStarting',
      effects: [],
      message: expect.stringContaining(`Job ${jobName} is being removed.`),
    })
  })

  test('waits for the pause after a failed attempt, without a write', () => {
    const snapshot = inMove({ attempt: 2, retryAt: new Date(now + 3 * second).toISOString() })
    const verdict = snapshotVerdict({ ...before(), snapshot })
    expect(verdict).toMatchObject({ effects: [], requeueAfterMs: 3 * second })
    expect(verdict.status).toEqual(snapshot.status)
  })

  test('a later attempt waits for a newer snapshot that is about to replace the file', () => {
    const engine = anEngine({ candidates: [succeededTask(), processingTask({ uid: 14 })] })
    expect(snapshotVerdict({ ...before({ attempt: 2 }), engine })).toMatchObject({
      effects: [],
      message: expect.stringContaining('Task 14, a newer snapshot, is processing: it is about to replace the file.'),
    })
    expect(snapshotVerdict({ ...before(), engine }).effects).toEqual(['CreateJob'])
    const failedSince = anEngine({ candidates: [succeededTask(), aTask({ uid: 14, status: 'failed' })] })
    expect(snapshotVerdict({ ...before({ attempt: 2 }), engine: failedSince }).effects).toEqual(['CreateJob'])
  })

  test('a refused Job is tried again every 10 s without a new sentence', () => {
    const refused = before(
      {},
      { conditions: [aCondition('Ready', 'False', { reason: 'MoverRefused', message: 'exceeded quota.' })] },
    )
    const verdict = snapshotVerdict(refused)
    expect(verdict).toMatchObject({ effects: ['CreateJob'], requeueAfterMs: 10 * second })
    expect(verdict.status).toEqual(refused.snapshot?.status)
  })

  test('a refused Job that belongs elsewhere by now is reported again: status names the node that it is made for', () => {
    const refused = before(
      {},
      { conditions: [aCondition('Ready', 'False', { reason: 'MoverRefused', message: 'exceeded quota.' })] },
    )
    const verdict = snapshotVerdict({ ...refused, target: aTarget({ spec: { nodeName: 'node-b' } }) })
    expect(verdict).toMatchObject({
      reason: 'MoverStarting',
      effects: ['CreateJob'],
      status: { move: { node: 'node-b' } },
    })
  })
})

describe('moverWaiting', () => {
  const pendingPod = (status: object): ReturnType<typeof aPod> =>
    aPod({ metadata: { name: `${jobName}-x` }, status: { phase: 'Pending', ...status } })

  test("says why in the cluster's own words, and when it is given up", () => {
    const pod = pendingPod({
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available: 3 Insufficient cpu.' }],
    })
    const verdict = snapshotVerdict(moverObservation(inMove(), { pod }))
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'MoverWaiting', effects: [], requeueAfterMs: 5 * second })
    expect(verdict.message).toBe(
      'The mover cannot start yet: no node can take it: 0/3 nodes are available: 3 Insufficient cpu. It is given up at 2026-03-01 18:00 UTC.',
    )
    expect(verdict.status.waitingFor).toBe('no node can take it: 0/3 nodes are available: 3 Insufficient cpu.')
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('a pod that is merely starting is no trouble', () => {
    const pod = pendingPod({
      containerStatuses: [{ name: 'mover', state: { waiting: { reason: 'ContainerCreating' } } }],
    })
    expect(snapshotVerdict(moverObservation(inMove(), { pod }))).toMatchObject({
      reason: 'MoverStarting',
      message: `Job ${jobName} is being started on node node-a.`,
      requeueAfterMs: 2 * second,
    })
  })
})

describe('moverRunning', () => {
  const copying = { step: 'copying', bytesDone: 3 * 1024 * 1024, bytesTotal: 8 * 1024 * 1024 } as const

  test('shows how far the copy is', () => {
    const verdict = snapshotVerdict(moverObservation(inMove(), { pod: runningPod(), progress: copying }))
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'Copying',
      effects: [],
      requeueAfterMs: 5 * second,
      message: `Job ${jobName} is copying: 3.0 MiB of 8.0 MiB.`,
    })
    expect(verdict.status.progress).toEqual({
      ...copying,
      percent: 37,
      percentText: '37 %',
      updatedAt: '2026-03-01T12:00:00Z',
    })
  })

  test.each(['verifying', 'committing'] as const)('%s is the phase Verifying', (step) => {
    expect(
      snapshotVerdict(moverObservation(inMove(), { pod: runningPod(), progress: { ...copying, step } })),
    ).toMatchObject({
      phase: 'Verifying',
      reason: 'Verifying',
      message: expect.stringContaining(`is ${step}: `),
    })
  })

  test.each([
    [0, 0, 0],
    [9, 8, 100],
  ])('%d of %d bytes: %d percent', (bytesDone, bytesTotal, percent) => {
    expect(
      snapshotVerdict(
        moverObservation(inMove(), { pod: runningPod(), progress: { step: 'copying', bytesDone, bytesTotal } }),
      ).status.progress?.percent,
    ).toBe(percent)
  })

  test('a mover that has not said anything yet is starting', () => {
    expect(snapshotVerdict(moverObservation(inMove(), { pod: runningPod() }))).toMatchObject({
      phase: 'Moving',
      reason: 'MoverStarting',
      message: `Job ${jobName} is being started on node node-a.`,
    })
  })

  test('a pod that made way for a drain is reported; the Job makes another one', () => {
    const pod = endedPod(143, undefined, { conditions: [{ type: 'DisruptionTarget', status: 'True' }] })
    expect(snapshotVerdict(moverObservation(inMove(), { pod }))).toMatchObject({
      reason: 'MoverStarting',
      effects: [],
      message: `Pod ${jobName}-x had to make way (drain, eviction or preemption): Job ${jobName} makes another one.`,
    })
  })
})

describe('targetMoving', () => {
  test.each([
    ['is being deleted', { target: aTarget(going) }],
    ['runs on another node by now', { target: aTarget({ spec: { nodeName: 'node-b' } }) }],
    [
      'was replaced there, and the instance does not know it yet',
      { target: undefined, successor: aTarget({ spec: { nodeName: 'node-b' } }) },
    ],
  ])('the mover makes way when the server pod %s: its volume must be free', (_, changes) => {
    const verdict = snapshotVerdict({ ...moverObservation(inMove(), { pod: runningPod() }), ...changes })
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'TargetMoving',
      effects: ['DeleteJob'],
      requeueAfterMs: 2 * second,
    })
    expect(verdict.message).toBe(
      'Pod search-0 is leaving node node-a: the mover there makes way, and starts again when the pod is ready.',
    )
    expect(effectsOf('DeleteJob', { ...moverObservation(inMove(), { pod: runningPod() }), ...changes })).toEqual([
      { kind: 'DeleteJob', name: jobName, uid: 'job-uid' },
    ])
  })

  test.each([
    ['the server pod goes', { target: aTarget(going) }, 'TargetMoving'],
    ['the server is back', {}, 'MoverStarting'],
  ])('a mover that does not make way is Overdue: %s', (_, changes, reason) => {
    const snapshot = inMove()
    const verdict = snapshotVerdict({
      ...moverObservation(
        snapshot,
        { pod: runningPod() },
        aJob(snapshot, { metadata: { deletionTimestamp: ago(3 * minute) } }),
      ),
      ...changes,
    })
    expect(verdict).toMatchObject({ reason, effects: [] })
    expect(conditionsIn(verdict.status)).toEqual([...pendingConditions, 'Overdue=True'])
  })

  test('deletes the Job once', () => {
    const snapshot = inMove()
    expect(
      snapshotVerdict({
        ...moverObservation(snapshot, { pod: runningPod() }, aJob(snapshot, going)),
        target: aTarget(going),
      }),
    ).toMatchObject({ reason: 'TargetMoving', effects: [] })
  })

  test('and no new mover starts there while the pod is still going away', () => {
    const engine = anEngine({ candidates: [succeededTask()] })
    const { status } = snapshotVerdict({ ...moverObservation(inMove(), { pod: runningPod() }), target: aTarget(going) })
    const next = snapshotVerdict({ snapshot: aSnapshot({ status: asStored(status) }), target: aTarget(going), engine })
    expect(next).toMatchObject({ effects: [], message: expect.stringContaining('Pod search-0 is going away') })
    expect(
      snapshotVerdict({
        snapshot: aSnapshot({ status: asStored(next.status) }),
        target: aTarget({ spec: { nodeName: 'node-b' } }),
        engine,
      }),
    ).toMatchObject({ effects: ['CreateJob'], status: { move: { node: 'node-b' } } })
  })

  test("a volume that any node can mount is in nobody's way", () => {
    const instance = anInstance({ status: aVolume({ accessModes: ['ReadWriteMany'] }) })
    expect(
      snapshotVerdict({ ...moverObservation(inMove(), { pod: runningPod() }), instance, target: aTarget(going) }),
    ).toMatchObject({
      reason: 'MoverStarting',
      effects: [],
    })
  })

  test('a pod that is gone holds nothing up: the mover that runs may finish', () => {
    expect(snapshotVerdict({ ...moverObservation(inMove(), { pod: runningPod() }), target: undefined })).toMatchObject({
      reason: 'MoverStarting',
      effects: [],
    })
  })
})
