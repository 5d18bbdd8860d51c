// A file that no mover can mount: who must allow that it is sent, and how it is sent.
import { describe, expect, test } from 'vitest'
import { instanceConditions } from '../../../../../src/api/instance.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { exitCodes, receiveConfig } from '../../../../../src/mover/contract.ts'
import { applyFact } from '../../../../../src/kinds/snapshot/apply-fact.ts'
import { configVariable } from '../../../../../src/reconcile/job/template.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  aCondition,
  aJob,
  anEngine,
  anInstance,
  aSnapshot,
  aTarget,
  aVolume,
  snapshotVerdict,
  effectsOf,
  endedPod,
  movingStatus,
  noMover,
  now,
  ready,
  runningPod,
  second,
  succeededTask,
} from '../../../../support/builders/observations.ts'
import { allowed, source, stream } from '../../../../support/builders/streamed.ts'

const maxStreams = 2

const volumes = {
  emptyDir: {
    kind: 'emptyDir',
    claimName: undefined,
    accessModes: undefined,
    subPath: '',
    directory: '/snapshots',
    container: 'meilisearch',
  },
  onePod: {
    claimName: 'search-data',
    accessModes: ['ReadWriteOncePod'],
    directory: '/snapshots',
    container: 'meilisearch',
  },
} as const

function on(
  volume: keyof typeof volumes,
  reason = 'StreamOnly',
  status: 'True' | 'False' = 'True',
): SnapshotObservation['instance'] {
  return anInstance({
    status: {
      ...aVolume(volumes[volume]),
      observedGeneration: 1,
      conditions: [
        ready,
        aCondition(instanceConditions.SnapshotVolumeReady, status, { reason, message: `The instance says ${reason}.` }),
      ],
    },
  })
}

const streamingSnapshot = (more: Partial<MeiliSnapshotStatus> = {}, move: object = {}): MeiliSnapshot =>
  aSnapshot({ spec: allowed, status: movingStatus({ stream, ...move }, more) })

function mover(
  snapshot: MeiliSnapshot,
  progress?: SnapshotObservation['mover']['progress'],
): Partial<SnapshotObservation> {
  const job = aJob(snapshot)
  return {
    snapshot,
    instance: on('emptyDir'),
    maxStreams,
    engine: { state: 'NotAsked' },
    mover: { ...noMover, job, jobs: [job], pod: runningPod(), progress },
  }
}

const copyingProgress = (bytesDone: number): SnapshotObservation['mover']['progress'] => ({
  step: 'copying',
  bytesDone,
  bytesTotal: 1000,
})

describe('streamNotAllowed', () => {
  test.each([
    ['emptyDir', 'emptyDir'],
    ['onePod', 'claim search-data, ReadWriteOncePod'],
  ] as const)('%s, the object does not allow it: Failed, and only the object is named', (volume, where) => {
    const verdict = snapshotVerdict({ snapshot: aSnapshot(), instance: on(volume), maxStreams })
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'StreamNotAllowed', effects: [] })
    expect(verdict.message).toBe(
      `No other pod can mount /snapshots of MeiliInstance search (${where}). This operator may stream it, but the MeiliSnapshot does not allow that: create one with spec.mover.stream.mode: IfNeeded, or put MEILI_SNAPSHOT_DIR on a ReadWriteOnce or ReadWriteMany claim.`,
    )
  })

  test('the install does not allow it: Failed, and only the install is named', () => {
    const verdict = snapshotVerdict({
      snapshot: aSnapshot({ spec: allowed }),
      instance: on('emptyDir', 'DirectoryNotOnClaim', 'False'),
    })
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'StreamNotAllowed' })
    expect(verdict.message).toContain(
      'this operator was installed without it: install install-streaming.yaml and set MAX_STREAMS (in the chart, stream.exec)',
    )
  })

  test("neither allows it: the instance's own words name both", () => {
    expect(
      snapshotVerdict({ snapshot: aSnapshot(), instance: on('emptyDir', 'DirectoryNotOnClaim', 'False') }),
    ).toMatchObject({
      phase: 'Failed',
      reason: 'DirectoryNotOnClaim',
      message: 'The instance says DirectoryNotOnClaim.',
    })
  })

  test('both allow it: it goes on', () => {
    expect(
      snapshotVerdict({ snapshot: aSnapshot({ spec: allowed }), instance: on('emptyDir'), maxStreams }),
    ).toMatchObject({
      reason: 'Requesting',
    })
  })

  test('a volume that a mover can mount is not asked about', () => {
    expect(snapshotVerdict({ snapshot: aSnapshot({ spec: allowed }) })).toMatchObject({ reason: 'Requesting' })
  })

  test("sourcePolicy Remove is refused: streaming never removes Meilisearch's file", () => {
    const verdict = snapshotVerdict({
      snapshot: aSnapshot({ spec: { ...allowed, sourcePolicy: 'Remove' } }),
      instance: on('emptyDir'),
      maxStreams,
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'StreamNotAllowed',
      message: expect.stringContaining('Use sourcePolicy: Keep.') as string,
    })
  })

  test('the claim that no mover can mount is no destination either', () => {
    const verdict = snapshotVerdict({
      snapshot: aSnapshot({ spec: { ...allowed, destination: { claim: { name: 'search-data' } } } }),
      instance: on('onePod'),
      maxStreams,
      databases: [],
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'StreamNotAllowed',
      message: expect.stringContaining('Use another claim for the destination.') as string,
    })
  })
})

describe('the mover that waits', () => {
  const before = { instance: on('emptyDir'), maxStreams, engine: anEngine({ candidates: [succeededTask()] }) }
  const start = {
    ...before,
    snapshot: aSnapshot({
      spec: { mover: { stream: { mode: 'IfNeeded', maxSize: '2Gi' } } },
      status: movingStatus({ node: undefined as never }),
    }),
  }

  test('mounts the destination alone, and gets the path of the file and its largest size', () => {
    const [effect] = effectsOf('CreateJob', start)
    const pod = effect?.job.spec?.template.spec
    expect(pod?.volumes).toEqual([{ name: 'destination', persistentVolumeClaim: { claimName: 'backups' } }])
    expect(pod?.containers[0]?.volumeMounts).toEqual([{ name: 'destination', mountPath: '/destination' }])
    expect(pod?.affinity?.nodeAffinity).toEqual({
      preferredDuringSchedulingIgnoredDuringExecution: [expect.anything()],
    })
    const config = receiveConfig.parse(
      JSON.parse(pod?.containers[0]?.env?.find(({ name }) => name === configVariable)?.value ?? ''),
    )
    expect(config).toMatchObject({
      command: 'receive',
      source: { directory: '/snapshots', fileName: 'data.ms.snapshot' },
      maxSizeBytes: 2 * 1024 ** 3,
      stallSeconds: 600,
    })
  })

  test('has it on record where the pin will be, before it starts', () => {
    expect(snapshotVerdict(start).status.move?.stream).toEqual(stream)
  })

  test.each([
    [
      'as many are streamed as may be',
      { queued: { enough: 'streams' as const, limit: 2, ahead: 0, looked: true } },
      { reason: 'MoverQueued', words: 'As many snapshots are streamed as may be at once (MAX_STREAMS is 2).' },
    ],
    [
      'streaming was switched off meanwhile',
      { maxStreams: 0 },
      {
        reason: 'MoverStarting',
        words: 'The snapshot file is where no other pod can mount it, and streaming is switched off.',
      },
    ],
  ])('is not started while %s', (_, more, { reason, words }) => {
    expect(snapshotVerdict({ ...start, ...more })).toMatchObject({
      reason,
      effects: [],
      message: expect.stringContaining(words) as string,
    })
  })

  test('holds no volume of the server: it stays where the server moves to another node', () => {
    expect(
      snapshotVerdict({
        ...mover(streamingSnapshot(), copyingProgress(1)),
        target: aTarget({ spec: { nodeName: 'node-b' } }),
      }).reason,
    ).toBe('Copying')
  })
})

describe('segmentsMissing', () => {
  test('sends to the mover that runs, and looks again soon', () => {
    expect(effectsOf('StreamSegments', mover(streamingSnapshot(), copyingProgress(0)))).toEqual([
      { kind: 'StreamSegments', source, receiver: { pod: 'nightly-0a1b2c3d-1-1-x', container: 'mover' } },
    ])
    expect(snapshotVerdict(mover(streamingSnapshot(), copyingProgress(0)))).toMatchObject({
      phase: 'Moving',
      reason: 'Copying',
      requeueAfterMs: 250,
    })
    expect(snapshotVerdict(mover(streamingSnapshot()))).toMatchObject({
      reason: 'MoverStarting',
      effects: ['StreamSegments'],
    })
  })

  test.each(['verifying', 'committing'] as const)('sends nothing more while it is %s', (step) => {
    expect(snapshotVerdict(mover(streamingSnapshot(), { step, bytesDone: 0, bytesTotal: 1000 }))).toMatchObject({
      phase: 'Verifying',
      effects: [],
    })
  })

  test('sends nothing to a mover that mounts the file', () => {
    expect(snapshotVerdict(mover(aSnapshot({ status: movingStatus() }), copyingProgress(1))).effects).toEqual([])
  })

  test('sends from the pod that is there now, and puts that on record', () => {
    const seen = {
      ...mover(streamingSnapshot(), copyingProgress(0)),
      target: aTarget({ metadata: { name: 'search-1' } }),
    }
    expect(effectsOf('StreamSegments', seen)[0]?.source.pod).toBe('search-1')
    expect(snapshotVerdict(seen).status.move?.stream).toEqual({ ...stream, pod: 'search-1' })
  })

  test('waits for a server that is gone, and says so', () => {
    const verdict = snapshotVerdict({ ...mover(streamingSnapshot(), copyingProgress(0)), target: undefined })
    expect(verdict).toMatchObject({
      effects: [],
      requeueAfterMs: 2 * second,
      message:
        'The stream was interrupted: The pod of MeiliInstance search is not there. It goes on by itself, until 2026-03-01 18:00 UTC.',
    })
    expect(verdict.status.waitingFor).toBe('The pod of MeiliInstance search is not there.')
  })

  test.each([
    ['StreamInterrupted', { kind: 'StreamInterrupted', message: 'exec in Pod shop/search-0 was cut: read ECONNRESET' }],
    [
      'Refused',
      { kind: 'Refused', effect: 'StreamSegments', message: 'exec in Pod shop/search-0 was cut: read ECONNRESET' },
    ],
  ] as const)('an interruption (%s) is reported until something comes again', (_, fact) => {
    const before = streamingSnapshot({ progress: { step: 'copying', bytesDone: 500 } })
    const after = applyFact(before, fact, now)
    expect(after).toMatchObject({
      waitingFor: expect.stringContaining('was cut: read ECONNRESET') as string,
      progress: { bytesDone: 500 },
      phase: 'Moving',
    })
    const later = { ...before, status: after }
    expect(snapshotVerdict(mover(later, copyingProgress(500)))).toMatchObject({
      effects: ['StreamSegments'],
      requeueAfterMs: 2 * second,
      status: { waitingFor: expect.stringContaining('ECONNRESET') as string },
    })
    const again = snapshotVerdict(mover(later, copyingProgress(501)))
    expect(again).toMatchObject({
      effects: ['StreamSegments'],
      requeueAfterMs: 250,
      message: expect.stringContaining('is copying') as string,
    })
    expect(again.status.waitingFor).toBeUndefined()
  })
})

describe('how it ended', () => {
  test.each([
    ['larger than allowed', exitCodes.tooLarge, { reason: 'StreamTooLarge', phase: 'Failed' }],
    ['without the tools', exitCodes.toolsMissing, { reason: 'StreamToolsMissing', phase: 'Failed' }],
    [
      'without anything that came: tried again, and not counted',
      exitCodes.streamBroken,
      { reason: 'MoverStarting', phase: 'Moving' },
    ],
  ] as const)('%s', (_, exitCode, expected) => {
    const snapshot = streamingSnapshot()
    const job = aJob(snapshot)
    const verdict = snapshotVerdict({
      ...mover(snapshot),
      mover: { ...noMover, job, jobs: [job], pod: endedPod(exitCode) },
    })
    expect(verdict).toMatchObject(expected)
    expect(verdict.status.move?.failures ?? 0).toBe(0)
  })
})
