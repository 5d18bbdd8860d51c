// From a succeeded task to a stored file: starting a mover, what holds it up, how far it is, and what follows from its end.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
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
  completedConditions,
  conditionsIn,
  decided,
  effectsOf,
  ended,
  failedConditions,
  hour,
  jobName,
  minute,
  moving,
  noMover,
  now,
  pendingConditions,
  processing,
  running,
  second,
  stored,
  succeeded,
} from '../../../../support/builders/observations.ts'
import type { Verdict } from '../../../../support/builders/observations.ts'

type Move = Parameters<typeof moving>[0]

const inMove = (move: Move = {}, more: Partial<MeiliSnapshotStatus> = {}): MeiliSnapshot =>
  aSnapshot({ status: moving(move, more) })

/** A mover of this snapshot, as told. */
function moved(
  snapshot: MeiliSnapshot,
  mover: Partial<SnapshotObservation['mover']> = {},
  job = aJob(snapshot),
): Partial<SnapshotObservation> {
  return { snapshot, engine: { state: 'NotAsked' }, mover: { ...noMover, job, jobs: [job], ...mover } }
}

/** No Job is there; the server has answered. */
const before = (move: Move = {}, more: Partial<MeiliSnapshotStatus> = {}): Partial<SnapshotObservation> => ({
  snapshot: inMove(move, more),
  engine: anEngine({ candidates: [succeeded()] }),
})

const going = { metadata: { deletionTimestamp: ago(second) } }

describe('moverMissing', () => {
  test('creates the Job of this attempt where the server runs, and puts the node on record', () => {
    const verdict = decided(before({ node: undefined as never }))
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
    [
      'as many movers as may be run already',
      { movers: { running: 10, limit: 10 } },
      '10 movers of other snapshots run already, and 10 may run at once.',
    ],
  ] as const)('waits while %s, and says until when', (_, changes, words) => {
    const verdict = decided({ ...before(), ...changes })
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'MoverStarting', effects: [], requeueAfterMs: 2 * second })
    expect(verdict.message).toBe(`${words} It goes on by itself, until 2026-03-01 18:00 UTC.`)
    expect(verdict.status.waitingFor).toBe(words)
  })

  test('waits until a Job of that name is gone: a mover that ends still holds the volume', () => {
    const snapshot = inMove()
    expect(decided({ ...before(), ...moved(snapshot, {}, aJob(snapshot, going)) })).toMatchObject({
      reason: 'MoverStarting',
      effects: [],
      message: expect.stringContaining(`Job ${jobName} is being removed.`),
    })
  })

  test('waits for the pause after a failed attempt, without a write', () => {
    const snapshot = inMove({ attempt: 2, retryAt: new Date(now + 3 * second).toISOString() })
    const verdict = decided({ ...before(), snapshot })
    expect(verdict).toMatchObject({ effects: [], requeueAfterMs: 3 * second })
    expect(verdict.status).toEqual(snapshot.status)
  })

  test('a later attempt waits for a newer snapshot that is about to replace the file', () => {
    const engine = anEngine({ candidates: [succeeded(), processing({ uid: 14 })] })
    expect(decided({ ...before({ attempt: 2 }), engine })).toMatchObject({
      effects: [],
      message: expect.stringContaining('Task 14, a newer snapshot, is processing: it is about to replace the file.'),
    })
    expect(decided({ ...before(), engine }).effects).toEqual(['CreateJob'])
    const failedSince = anEngine({ candidates: [succeeded(), aTask({ uid: 14, status: 'failed' })] })
    expect(decided({ ...before({ attempt: 2 }), engine: failedSince }).effects).toEqual(['CreateJob'])
  })

  test('a refused Job is tried again every 10 s without a new sentence', () => {
    const refused = before(
      {},
      { conditions: [aCondition('Ready', 'False', { reason: 'MoverRefused', message: 'exceeded quota.' })] },
    )
    const verdict = decided(refused)
    expect(verdict).toMatchObject({ effects: ['CreateJob'], requeueAfterMs: 10 * second })
    expect(verdict.status).toEqual(refused.snapshot?.status)
  })

  test('a refused Job that belongs elsewhere by now is told anew: status names the node that it is made for', () => {
    const refused = before(
      {},
      { conditions: [aCondition('Ready', 'False', { reason: 'MoverRefused', message: 'exceeded quota.' })] },
    )
    const verdict = decided({ ...refused, target: aTarget({ spec: { nodeName: 'node-b' } }) })
    expect(verdict).toMatchObject({
      reason: 'MoverStarting',
      effects: ['CreateJob'],
      status: { move: { node: 'node-b' } },
    })
  })
})

describe('moverWaiting', () => {
  const pending = (status: object): ReturnType<typeof aPod> =>
    aPod({ metadata: { name: `${jobName}-x` }, status: { phase: 'Pending', ...status } })

  test("says why in the cluster's own words, and when it is given up", () => {
    const pod = pending({
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available: 3 Insufficient cpu.' }],
    })
    const verdict = decided(moved(inMove(), { pod }))
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'MoverWaiting', effects: [], requeueAfterMs: 5 * second })
    expect(verdict.message).toBe(
      'The mover cannot start yet: no node can take it: 0/3 nodes are available: 3 Insufficient cpu. It is given up at 2026-03-01 18:00 UTC.',
    )
    expect(verdict.status.waitingFor).toBe('no node can take it: 0/3 nodes are available: 3 Insufficient cpu.')
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('a pod that is merely starting is no trouble', () => {
    const pod = pending({ containerStatuses: [{ name: 'mover', state: { waiting: { reason: 'ContainerCreating' } } }] })
    expect(decided(moved(inMove(), { pod }))).toMatchObject({
      reason: 'MoverStarting',
      message: `Job ${jobName} is being started on node node-a.`,
      requeueAfterMs: 2 * second,
    })
  })
})

describe('moverRunning', () => {
  const copying = { step: 'copying', bytesDone: 3 * 1024 * 1024, bytesTotal: 8 * 1024 * 1024 } as const

  test('shows how far the copy is', () => {
    const verdict = decided(moved(inMove(), { pod: running(), progress: copying }))
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
    expect(decided(moved(inMove(), { pod: running(), progress: { ...copying, step } }))).toMatchObject({
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
      decided(moved(inMove(), { pod: running(), progress: { step: 'copying', bytesDone, bytesTotal } })).status.progress
        ?.percent,
    ).toBe(percent)
  })

  test('a mover that has not said anything yet is starting', () => {
    expect(decided(moved(inMove(), { pod: running() }))).toMatchObject({
      phase: 'Moving',
      reason: 'MoverStarting',
      message: `Job ${jobName} is being started on node node-a.`,
    })
  })

  test('a pod that made way for a drain is told; the Job makes another one', () => {
    const pod = ended(143, undefined, { conditions: [{ type: 'DisruptionTarget', status: 'True' }] })
    expect(decided(moved(inMove(), { pod }))).toMatchObject({
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
    const verdict = decided({ ...moved(inMove(), { pod: running() }), ...changes })
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'TargetMoving',
      effects: ['DeleteJob'],
      requeueAfterMs: 2 * second,
    })
    expect(verdict.message).toBe(
      'Pod search-0 is leaving node node-a: the mover there makes way, and starts again when the pod is ready.',
    )
    expect(effectsOf('DeleteJob', { ...moved(inMove(), { pod: running() }), ...changes })).toEqual([
      { kind: 'DeleteJob', name: jobName, uid: 'job-uid' },
    ])
  })

  test.each([
    ['the server pod goes', { target: aTarget(going) }, 'TargetMoving'],
    ['the server is back', {}, 'MoverStarting'],
  ])('a mover that does not make way is Overdue: %s', (_, changes, reason) => {
    const snapshot = inMove()
    const verdict = decided({
      ...moved(snapshot, { pod: running() }, aJob(snapshot, { metadata: { deletionTimestamp: ago(3 * minute) } })),
      ...changes,
    })
    expect(verdict).toMatchObject({ reason, effects: [] })
    expect(conditionsIn(verdict.status)).toEqual([...pendingConditions, 'Overdue=True'])
  })

  test('deletes the Job once', () => {
    const snapshot = inMove()
    expect(
      decided({ ...moved(snapshot, { pod: running() }, aJob(snapshot, going)), target: aTarget(going) }),
    ).toMatchObject({ reason: 'TargetMoving', effects: [] })
  })

  test('and no new mover starts there while the pod is still going away', () => {
    const engine = anEngine({ candidates: [succeeded()] })
    const { status } = decided({ ...moved(inMove(), { pod: running() }), target: aTarget(going) })
    const next = decided({ snapshot: aSnapshot({ status: asStored(status) }), target: aTarget(going), engine })
    expect(next).toMatchObject({ effects: [], message: expect.stringContaining('Pod search-0 is going away') })
    expect(
      decided({
        snapshot: aSnapshot({ status: asStored(next.status) }),
        target: aTarget({ spec: { nodeName: 'node-b' } }),
        engine,
      }),
    ).toMatchObject({ effects: ['CreateJob'], status: { move: { node: 'node-b' } } })
  })

  test("a volume that any node can mount is in nobody's way", () => {
    const instance = anInstance({ status: aVolume({ accessModes: ['ReadWriteMany'] }) })
    expect(decided({ ...moved(inMove(), { pod: running() }), instance, target: aTarget(going) })).toMatchObject({
      reason: 'MoverStarting',
      effects: [],
    })
  })

  test('a pod that is gone holds nothing up: the mover that runs may finish', () => {
    expect(decided({ ...moved(inMove(), { pod: running() }), target: undefined })).toMatchObject({
      reason: 'MoverStarting',
      effects: [],
    })
  })
})

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
    const verdict = decided(moved(snapshot, { pod: unschedulable, jobs: [first, job] }, job))
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
    const { status } = decided(moved(inMove(late), { pod: unschedulable }))
    const verdict = decided({ snapshot: aSnapshot({ status: asStored(status) }) })
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
      { pod: running(), progress: { step: 'copying', bytesDone: 1024, bytesTotal: 2048 } },
      `Job ${jobName} was copying: 1.0 KiB of 2.0 KiB.`,
    ],
    ['not heard of', { pod: running() }, `Job ${jobName} had not said anything yet.`],
  ] as const)('a mover that was %s is not called anything else', (_, mover, words) => {
    const { status } = decided(moved(inMove(late), mover))
    expect(decided({ snapshot: aSnapshot({ status: asStored(status) }) }).message).toContain(
      `Last: ${words} No mover reported`,
    )
  })

  test('after movers that failed, a Job removes what one of them may have left', () => {
    expect(decided({ ...before({ ...late, attempt: 2, failures: 1, failure: 'It was killed.' }) })).toMatchObject({
      phase: 'Failed',
      effects: ['CreateJob'],
      message: expect.stringContaining('Job nightly-0a1b2c3d-sweep removes'),
    })
  })

  test.each([
    ['was at work when the deadline came', {}, running()],
    ['was seen at work before, and had to make way', { begun: true }, undefined],
  ])('after a mover that %s, a Job removes what it may have left: nobody saw how it ended', (_, known, pod) => {
    const { status } = decided(moved(inMove({ ...late, ...known }), { pod }))
    expect(decided({ snapshot: aSnapshot({ status: asStored(status) }) })).toMatchObject({
      phase: 'Failed',
      effects: ['CreateJob'],
      message: expect.stringContaining('Job nightly-0a1b2c3d-sweep removes'),
    })
  })

  test('a mover that does not end is waited for, and no longer in silence', () => {
    const snapshot = inMove(late)
    const hung = (sinceMs: number): Verdict =>
      decided(
        moved(
          snapshot,
          { pod: aPod({ metadata: { name: 'x' }, spec: { nodeName: 'node-a' } }) },
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
      `Job ${jobName} was deleted at 2026-03-01T11:58:59Z, and pod x on node node-a has not ended: the node is gone, or hangs. It may still write, so it is waited for. Once the node is known to be off, "kubectl delete pod --force" ends the wait.`,
    )
  })

  test('between two attempts the last word is why the one before failed', () => {
    const verdict = decided({
      ...before({ ...late, attempt: 2, failure: 'The copy stalled.', retryAt: new Date(now + second).toISOString() }),
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('Last: The copy stalled. No mover reported'),
    })
  })

  test('without any mover it says so', () => {
    expect(decided(before(late))).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('Last: no mover was running. No mover reported'),
    })
  })

  test('a file that was stored at the last moment counts', () => {
    const snapshot = inMove(late)
    expect(decided(moved(snapshot, { pod: ended(0, stored) }))).toMatchObject({ phase: 'Completed' })
    expect(decided(moved(snapshot, { pod: ended(0, stored) }, aJob(snapshot, going)))).toMatchObject({
      phase: 'Completed',
    })
  })

  test('in time nothing is ended', () => {
    expect(decided(moved(inMove({ startedAt: ago(6 * hour) }), { pod: running() })).effects).toEqual([])
  })
})

describe('moverFinished', () => {
  test('a stored file completes the snapshot', () => {
    const verdict = decided(
      moved(inMove({}, { startedAt: ago(95 * second), waitingFor: 'something' }), { pod: ended(0, stored) }),
    )
    expect(verdict).toMatchObject({ phase: 'Completed', reason: 'Completed', effects: [], requeueAfterMs: undefined })
    expect(verdict.message).toBe(`5.0 MiB, sha256 ${'ab'.repeat(32)}, on claim backups at search/nightly-0a1b2c3d.`)
    expect(verdict.status).toMatchObject({
      artifact: { sizeBytes: 5_242_880 },
      completedAt: '2026-03-01T12:00:00Z',
      duration: '1m35s',
      progress: { step: 'done', percent: 100, percentText: '100 %' },
    })
    expect(verdict.status.waitingFor).toBeUndefined()
    expect(conditionsIn(verdict.status)).toEqual(completedConditions)
  })

  test('a newer snapshot that came to its place during the copy is noted', () => {
    const replaced = { ...stored, stored: { ...stored.stored!, replacedDuringCopy: true } }
    const verdict = decided(moved(inMove(), { pod: ended(0, replaced) }))
    expect(verdict).toMatchObject({ phase: 'Completed', reason: 'Completed' })
    expect(verdict.message).toMatch(
      /nightly-0a1b2c3d\. While it was copied a newer snapshot of the server took its place; what is stored is the older one, whole\.$/,
    )
  })

  test('a failure that another attempt would not cure ends it, in the words of the mover', () => {
    const verdict = decided(
      moved(inMove(), {
        pod: ended(13, { exitCode: 13, message: 'search/nightly-0a1b2c3d belongs to another object.' }),
      }),
    )
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'DestinationConflict',
      message: 'search/nightly-0a1b2c3d belongs to another object.',
      effects: [],
      requeueAfterMs: undefined,
    })
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test.each([
    [1, 5 * second, '2026-03-01T12:00:05Z'],
    [2, 25 * second, '2026-03-01T12:00:25Z'],
  ])('after passing failure %d the next attempt begins in %d ms', (failures, pauseMs, retryAt) => {
    const verdict = decided(
      moved(inMove({ attempt: failures, failures: failures - 1 }), {
        pod: ended(32, { exitCode: 32, message: 'No byte for 120 s' }),
      }),
    )
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'MoverStarting', effects: [], requeueAfterMs: pauseMs })
    expect(verdict.message).toMatch(
      new RegExp(
        `^The mover failed \\(failure ${failures} of 3\\): No byte for 120 s\\. It is tried again, until \\d{4}-.* UTC\\.$`,
      ),
    )
    expect(verdict.status.move).toEqual({
      attempt: failures + 1,
      failures,
      jobName: `nightly-0a1b2c3d-1-${failures + 1}`,
      startedAt: ago(10 * second),
      failure: 'No byte for 120 s',
      retryAt,
    })
  })

  test('the third failure is the last', () => {
    const verdict = decided(
      moved(inMove({ attempt: 5, failures: 2 }), { pod: ended(30, { exitCode: 30, message: 'I/O error.' }) }),
    )
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'MoverFailed',
      message: 'The mover failed 3 times. Last: I/O error.',
      effects: [],
    })
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test('after a last one that was killed, a Job removes what it left, under no limits of the user, and the message says so', () => {
    const snapshot = aSnapshot({
      status: moving({ failures: 2 }),
      spec: { mover: { resources: { limits: { memory: '20Mi' } } } },
    })
    const job = aJob(snapshot)
    const killed: Partial<SnapshotObservation> = {
      snapshot,
      mover: { ...noMover, job, jobs: [job], pod: ended(137, '') },
    }
    expect(decided(killed)).toMatchObject({
      phase: 'Failed',
      reason: 'MoverFailed',
      effects: ['CreateJob'],
      requeueAfterMs: undefined,
    })
    expect(decided(killed).message).toMatch(
      / Job nightly-0a1b2c3d-sweep removes what was left of it on claim backups\.$/,
    )
    const [sweep] = effectsOf('CreateJob', killed)
    const [container] = sweep?.job.spec?.template.spec?.containers ?? []
    expect(JSON.parse(container?.env?.[0]?.value ?? '')).toMatchObject({
      command: 'remove',
      extent: 'Partials',
      destination: { path: 'search', directory: 'nightly-0a1b2c3d' },
    })
    expect(container?.resources?.limits).toEqual({ cpu: '2', memory: '256Mi' })
    expect(sweep?.job.metadata?.ownerReferences).toHaveLength(1)
  })

  test('a mover that ended well but told nothing is run again: it finds what is stored', () => {
    expect(decided(moved(inMove(), { pod: ended(0, '') }))).toMatchObject({
      phase: 'Moving',
      status: { move: { attempt: 2 } },
      message: expect.stringContaining('ended with exit code 0 (Completed) and left no result'),
    })
  })

  test('the end of a Job that is being removed counts for nothing where it stored nothing', () => {
    const snapshot = inMove()
    expect(
      decided({
        ...moved(snapshot, { pod: ended(143, { exitCode: 143, message: 'Terminated.' }) }, aJob(snapshot, going)),
      }),
    ).toMatchObject({ reason: 'MoverStarting', effects: [], status: { move: { attempt: 1 } } })
  })

  test('keeps its clock over all attempts', () => {
    const verdict = decided(moved(inMove({ startedAt: ago(minute) }), { pod: ended(30) }))
    expect(verdict.status.move?.startedAt).toBe(ago(minute))
  })
})
