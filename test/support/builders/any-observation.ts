// Worlds at random: whatever a pass may see, likely or not, each part as its own contract allows it.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { instanceConditions, instanceReasons } from '../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import { snapshotFinalizer, snapshotReasons } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotRequest, SnapshotTask } from '../../../src/api/snapshot.ts'
import { exitCodes } from '../../../src/mover/contract.ts'
import type { MoverResult } from '../../../src/mover/contract.ts'
import { configVariable } from '../../../src/kinds/snapshot/job/template.ts'
import { moverJobName } from '../../../src/kinds/snapshot/job/commands/move.ts'
import type {
  EngineAnswer,
  EngineSeen,
  MoverSeen,
  SnapshotObservation,
} from '../../../src/kinds/snapshot/observation.ts'
import {
  aClaim,
  aCondition,
  aJob,
  anEngine,
  anInstance,
  anObservation,
  aPod,
  aSnapshot,
  asStored,
  aTarget,
  aTask,
  aVolume,
  baseline,
  ended,
  hour,
  minute,
  now,
  running,
  second,
  stored,
  succeeded,
} from './observations.ts'

const maybe = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

/** How long ago, often around the limits that the rungs know; below zero where clocks went back. */
const span = fc.oneof(
  fc
    .constantFrom(0, 250, second, 15 * second, 30 * second, minute, hour, 6 * hour)
    .chain((limit) => fc.constantFrom(limit - 1, limit, limit + 1, limit + second)),
  fc.integer({ min: -minute, max: 2 * minute }),
  fc.integer({ min: 0, max: 20 * hour }),
)
const time = span.map((spanMs) => new Date(now - spanMs).toISOString())

/** Words of others: none, usual ones, in any script, as long as a book. */
export const words = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    'GET http://10.1.2.3:7700/tasks?limit=1 got no reply: ECONNRESET.',
    'exceeded quota: small',
    'No space left on device (os error 28)',
  ),
  fc
    .array(fc.constantFrom('a', '😀', 'ß', '.', ' ', '\n', '\uD83D', '\u0000'), { maxLength: 20 })
    .map((parts) => parts.join('')),
  fc.constantFrom(70, 255, 256, 1000, 3000).map((length) => `a${'😀'.repeat(length)}`),
)

const taskStatus = fc.constantFrom('enqueued', 'processing', 'succeeded', 'failed', 'canceled')
const engineTime = fc.constantFrom(
  baseline.enqueuedAt,
  '2026-03-01T11:30:00Z',
  aTask().enqueuedAt,
  '2025-01-01T00:00:00.123456789Z',
)

const task: Arbitrary<SnapshotTask> = fc
  .record({
    uid: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 12, max: 14 }) }, fc.integer({ min: 9, max: 15 })),
    status: taskStatus,
    enqueuedAt: fc.oneof({ weight: 9, arbitrary: fc.constant(aTask().enqueuedAt) }, engineTime),
    message: words,
  })
  .map(({ message, ...told }) => {
    const { batchUid, startedAt, finishedAt, duration } = succeeded() as Required<SnapshotTask>
    if (told.status === 'enqueued' || told.status === 'canceled') return told
    if (told.status === 'processing') return { ...told, batchUid, startedAt }
    const error =
      told.status === 'failed' ? { error: { code: 'internal', message: message.slice(0, 2000).toWellFormed() } } : {}
    return { ...told, batchUid, startedAt, finishedAt, duration, ...error }
  })

const nameOf = (of: SnapshotTask | undefined): EngineAnswer['newest'] =>
  of && { uid: of.uid, enqueuedAt: of.enqueuedAt }

const answered: Arbitrary<EngineAnswer> = fc
  .record({
    newest: maybe(
      fc.record({
        uid: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 14, max: 20 }) }, fc.integer({ min: 9, max: 11 })),
        enqueuedAt: engineTime,
      }),
    ),
    baseline: maybe(
      fc.record({
        uid: fc.constant(baseline.uid),
        enqueuedAt: fc.oneof({ weight: 5, arbitrary: fc.constant(baseline.enqueuedAt) }, engineTime),
      }),
    ),
    candidates: fc
      .uniqueArray(task, { maxLength: 4, selector: ({ uid }) => uid })
      .map((tasks) => tasks.toSorted((a, b) => a.uid - b.uid)),
    running: maybe(
      fc.record({
        uid: fc.integer({ min: 8, max: 10 }),
        types: words,
        step: maybe(words),
        percent: maybe(fc.double({ min: -10, max: 1000, noNaN: true })),
      }),
    ),
    indexes: fc.record({
      count: fc.nat(),
      documents: fc.nat(),
      listed: fc.array(fc.record({ uid: fc.stringMatching(/^[a-z]{1,20}$/), documents: fc.nat() }), { maxLength: 3 }),
    }),
  })
  .map((parts) => anEngine({ ...parts, newest: parts.newest ?? nameOf(parts.candidates.at(-1)) ?? baseline }))

const engine: Arbitrary<EngineSeen> = fc.oneof(
  { weight: 6, arbitrary: answered },
  fc.constant({ state: 'NotAsked' } as const),
  words.map((message) => ({ state: 'Unreachable', message }) as const),
  words.map((message) => ({ state: 'Unauthorized', message }) as const),
)

const fromStatus = { words: words.map((text) => text.slice(0, 500).toWellFormed()), time }

const taskUid = fc.integer({ min: 12, max: 14 })

/** What may be on record of a request: that it was sent, missed, refused, answered, cancelled, or anything at once. */
const outcome: Arbitrary<Partial<SnapshotRequest>> = fc.oneof(
  fc.constant({}),
  fc.record({ missingSince: time }),
  fc.record({ refused: fromStatus.words }),
  fc.record({ taskUid, adoptedAt: time }),
  fc.record({ taskUid, adoptedAt: time, cancelTaskUid: fc.constant(16) }),
  fc.record(
    { missingSince: time, refused: fromStatus.words, taskUid, adoptedAt: time, cancelTaskUid: fc.constant(16) },
    { requiredKeys: [] },
  ),
)
const request = fc
  .record({ outcome, posts: fc.integer({ min: 1, max: 4 }), postedAt: time, baseline: maybe(fc.constant(baseline)) })
  .map(({ outcome: known, ...parts }) => ({ attempt: 1, ...parts, ...known }))
const move = fc.record({
  attempt: fc.integer({ min: 1, max: 3 }),
  node: maybe(fc.constantFrom('node-a', 'node-b')),
  startedAt: time,
  retryAt: maybe(time),
  failure: maybe(fromStatus.words),
})
const judgement = fc.record({
  conditions: maybe(
    fc
      .record({ reason: fc.constantFrom(...Object.values(snapshotReasons)), message: fromStatus.words })
      .map((why) => [aCondition('Ready', 'False', why)]),
  ),
  startedAt: maybe(time),
  waitingFor: maybe(fromStatus.words),
  progress: maybe(
    fc.record({
      step: fc.constantFrom('enqueued', 'copying', 'verifying'),
      updatedAt: maybe(time),
      percent: maybe(fc.integer({ min: 0, max: 100 })),
    }),
  ),
})

/** A status of any stage, as the API server may have kept it. */
const status: Arbitrary<MeiliSnapshotStatus> = fc
  .oneof(
    fc.constant({ observedGeneration: -1 }),
    judgement.map((parts) => ({ observedGeneration: 1, phase: 'Pending' as const, ...parts })),
    fc.record({ judgement, request, task: fc.option(task, { nil: undefined, freq: 2 }) }).map((parts) => ({
      observedGeneration: 1,
      phase: 'Snapshotting' as const,
      ...parts.judgement,
      request: parts.request,
      task: parts.task,
    })),
    fc.record({ judgement, request, move, taskUid }).map((parts) => ({
      observedGeneration: 1,
      phase: 'Moving' as const,
      ...parts.judgement,
      request: parts.request,
      task: succeeded({ uid: parts.taskUid }),
      move: { ...parts.move, jobName: moverJobName(aSnapshot(), parts.move.attempt) },
    })),
  )
  .map((parts) => asStored(parts as MeiliSnapshotStatus))

const template = { resources: { requests: { storage: '1Gi' } } }
const specs = [
  undefined,
  { destination: { claim: { name: 'search-data' } } },
  { destination: { claim: { name: 'backups', path: 'movies/daily', template } }, verification: { mode: 'None' } },
  { destination: { claim: { name: 'search-data', template } }, deadlines: { start: '90s', task: '1h', move: '1s' } },
]

const going = maybe(time).map((deletionTimestamp) => (deletionTimestamp === undefined ? {} : { deletionTimestamp }))
const seldom = <T>(usual: T, arbitrary: Arbitrary<T>): Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, arbitrary)

const snapshot: Arbitrary<MeiliSnapshot> = fc
  .record({
    status,
    spec: fc.constantFrom(...specs),
    generation: fc.integer({ min: 1, max: 2 }),
    finalizers: fc.constantFrom([snapshotFinalizer], [snapshotFinalizer], []),
    going: seldom({}, going),
    name: seldom<string>('nightly', fc.constantFrom('n'.repeat(253), 'a.b-c')),
  })
  .map((parts) =>
    aSnapshot({
      name: parts.name,
      status: parts.status,
      ...(parts.spec === undefined ? {} : { spec: parts.spec }),
      metadata: { generation: parts.generation, finalizers: parts.finalizers, ...parts.going },
    }),
  )

const instance: Arbitrary<MeiliInstance> = fc
  .record({
    ready: seldom('True', fc.constantFrom('False', 'Unknown')) as Arbitrary<'True'>,
    volume: seldom('True', fc.constantFrom('False', 'Unknown')) as Arbitrary<'True'>,
    reason: fc.constantFrom(...Object.values(instanceReasons)),
    message: words,
    observedGeneration: seldom(1, fc.constant(2)),
    snapshotVolume: maybe(
      fc.record({
        claimName: fc.constantFrom('search-data', 'backups', undefined),
        accessModes: fc.constantFrom(['ReadWriteOnce'], ['ReadWriteMany']),
        subPath: fc.constantFrom('', 'snapshots'),
      }),
    ),
  })
  .map(({ ready, volume, reason, message, observedGeneration, snapshotVolume }) =>
    anInstance({
      status: {
        observedGeneration,
        conditions: [
          aCondition('Ready', ready, { reason, message }),
          aCondition(instanceConditions.SnapshotVolumeReady, volume, { reason, message }),
        ],
        ...(snapshotVolume === undefined ? {} : aVolume(snapshotVolume)),
      },
    }),
  )

const target: Arbitrary<V1Pod> = fc
  .record({
    going: seldom({}, going),
    nodeName: seldom<string | undefined>('node-a', fc.constantFrom('node-b', undefined)),
    podIP: seldom<string | undefined>('10.1.2.3', fc.constantFrom('fd00::1', undefined)),
    runAsUser: fc.constantFrom(1000, 0, undefined),
  })
  .map((parts) =>
    aTarget({
      metadata: parts.going,
      spec: { nodeName: parts.nodeName, securityContext: { runAsUser: parts.runAsUser } },
      status: { podIP: parts.podIP },
    }),
  )

const claim = fc
  .record({
    going: seldom({}, going),
    accessModes: seldom<string[]>(['ReadWriteOnce'], fc.constantFrom(['ReadOnlyMany'], [])),
    volumeMode: seldom<string>('Filesystem', fc.constant('Block')),
    phase: fc.constantFrom('Bound', 'Pending', 'Lost'),
  })
  .map((parts) =>
    aClaim({
      metadata: parts.going,
      spec: { accessModes: parts.accessModes, volumeMode: parts.volumeMode },
      status: { phase: parts.phase },
    }),
  )

const said: Arbitrary<MoverResult | string> = fc.oneof(
  fc.constant(stored),
  fc.constant({ ...stored, stored: { ...stored.stored!, taskUid: 14 } }),
  fc.record({ exitCode: fc.constantFrom<number>(...Object.values(exitCodes), 1, 137), message: words }),
  words,
)
const pod: Arbitrary<V1Pod> = fc.oneof(
  fc.constant(running()),
  fc
    .record({ exitCode: fc.constantFrom<number>(...Object.values(exitCodes), 137), said, disrupted: fc.boolean() })
    .map((parts) =>
      ended(parts.exitCode, parts.said, {
        conditions: parts.disrupted ? [{ type: 'DisruptionTarget', status: 'True' }] : [],
      }),
    ),
  fc
    .record({
      scheduled: fc.constantFrom('True', 'False'),
      reason: maybe(fc.constantFrom('ContainerCreating', 'ErrImagePull')),
      message: words,
    })
    .map(({ scheduled, reason, message }) =>
      aPod({
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: scheduled, message }],
          containerStatuses: [{ name: 'mover', state: reason === undefined ? {} : { waiting: { reason, message } } }],
        },
      }),
    ),
)

/** The Job of the attempt on record, of one before it, or of an older operator. */
const jobsOf = (of: MeiliSnapshot): Arbitrary<V1Job[]> => {
  const name = of.status?.move?.jobName ?? 'earlier'
  const one = fc
    .record({
      name: fc.constantFrom(name, 'earlier'),
      going,
      config: seldom<string | undefined>(undefined, fc.constantFrom('oops', '{}')),
      over: seldom<string | undefined>(undefined, fc.constantFrom('Failed', 'Complete')),
      message: words,
    })
    .map((parts) => {
      const conditions =
        parts.over === undefined
          ? []
          : [{ type: parts.over, status: 'True', reason: parts.over, message: parts.message }]
      const job = aJob(aSnapshot(), {
        metadata: { name: parts.name, uid: `${parts.name}-uid`, ...parts.going },
        status: { conditions },
      })
      if (parts.config !== undefined)
        job.spec!.template.spec!.containers[0]!.env = [{ name: configVariable, value: parts.config }]
      return job
    })
  return fc.uniqueArray(one, { maxLength: 2, selector: ({ metadata }) => metadata?.name })
}

/** The Job is found by its name, as observe does it: another status may see another Job in the same world. */
export function sameWorld(observation: SnapshotObservation, after: MeiliSnapshot): SnapshotObservation {
  const { mover } = observation
  const job = mover.jobs.find(({ metadata }) => metadata?.name === after.status?.move?.jobName)
  const unchanged = job !== undefined && job === mover.job
  return {
    ...observation,
    snapshot: after,
    mover: unchanged
      ? mover
      : { ...mover, job, pod: undefined, progress: undefined, warning: undefined, claimTrouble: undefined },
  }
}

const mover = (of: MeiliSnapshot): Arbitrary<MoverSeen> =>
  fc
    .record({
      jobs: jobsOf(of),
      pod: maybe(pod),
      progress: maybe(
        fc.record({
          step: fc.constantFrom('copying', 'verifying', 'committing'),
          bytesDone: fc.nat(),
          bytesTotal: fc.nat(),
        }),
      ),
      warning: maybe(words.map((message) => ({ reason: 'Failed', message }))),
      claimTrouble: maybe(words),
    })
    .map((parts) => ({ ...parts, job: parts.jobs.find(({ metadata }) => metadata?.name === of.status?.move?.jobName) }))

/** Each part may be there or not. */
export const anyObservation: Arbitrary<SnapshotObservation> = snapshot.chain((of) =>
  fc
    .record({
      instance: seldom<MeiliInstance | undefined>(anInstance(), maybe(instance)),
      target: maybe(target),
      successor: maybe(target),
      claim: maybe(claim),
      engine,
      mover: mover(of),
      ahead: seldom<string[]>([], fc.constant(['first'])),
      adoptedByOthers: fc.constantFrom([], [], [12]),
      movers: fc.record({ running: fc.nat(3), limit: fc.constant(3) }),
    })
    .map((parts) => anObservation({ ...parts, snapshot: of })),
)

const database = fc.record({
  instance: fc.constantFrom('search', 'movies', undefined),
  claimName: fc.constantFrom('search-data', 'backups', 'movies-data'),
  subPath: fc.constantFrom('data.ms', 'search', 'search/data.ms', 'movies/data.ms', 'snapshots', '', undefined),
})

/** Each Job of ours at the point at which it is made: the probe, the mover, what removes Meilisearch's file, what removes the artifact, what sweeps up after the last mover. */
const stages: Arbitrary<Partial<SnapshotObservation>> = fc
  .record({
    stage: fc.constantFrom('probe', 'move', 'release', 'cleanup', 'sweep'),
    destination: fc.constantFrom('search-data', 'backups', 'movies-data'),
    path: fc.constantFrom(undefined, 'movies', 'movies/daily', 'data.ms'),
    isStored: fc.boolean(),
  })
  .map(({ stage, destination, path, isStored }): Partial<SnapshotObservation> => {
    const spec = {
      destination: { claim: { name: destination, ...(path === undefined ? {} : { path }) } },
      sourcePolicy: stage === 'release' ? 'Remove' : 'Keep',
      deletionPolicy: 'Delete',
    }
    const artifact = {
      claimName: destination,
      path: `${path ?? 'search'}/nightly-0a1b2c3d`,
      fileName: 'data.ms.snapshot',
      sizeBytes: 5,
      size: '5 B',
      sha256: 'ab',
      meilisearchVersion: '1.21.0',
      verification: 'Archive' as const,
    }
    const before = {
      observedGeneration: 1,
      request: { attempt: 1, baseline, posts: 1, postedAt: new Date(now).toISOString(), taskUid: 12 },
      task: succeeded(),
      move: { attempt: 1, jobName: moverJobName(aSnapshot(), 1), startedAt: new Date(now).toISOString() },
    }
    switch (stage) {
      case 'probe':
        return {
          snapshot: aSnapshot({ spec }),
          room: { sizeBytes: 1000, known: { freeBytes: 1, observedAt: new Date(now).toISOString() } },
        }
      case 'move':
        return {
          snapshot: aSnapshot({ spec, status: { ...before, phase: 'Moving' } }),
          engine: anEngine({ candidates: [succeeded()] }),
        }
      case 'release':
        return {
          snapshot: aSnapshot({
            spec,
            status: {
              ...before,
              phase: 'Moving',
              artifact,
              release: {
                attempt: 1,
                jobName: 'release',
                file: { inode: '1', sizeBytes: 5, modifiedAt: '2026-03-01T11:59:45Z' },
              },
            },
          }),
        }
      case 'cleanup':
        return {
          snapshot: aSnapshot({
            spec,
            metadata: { deletionTimestamp: new Date(now).toISOString() },
            status: {
              ...before,
              phase: 'Completed',
              ...(isStored ? { artifact } : {}),
              cleanup: { attempt: 1, jobName: 'cleanup' },
            },
          }),
        }
      default: {
        const last = aSnapshot({ spec, status: { ...before, phase: 'Moving', move: { ...before.move, failures: 2 } } })
        const job = aJob(last)
        return {
          snapshot: last,
          mover: {
            job,
            jobs: [job],
            pod: ended(137, ''),
            progress: undefined,
            warning: undefined,
            claimTrouble: undefined,
          },
        }
      }
    }
  })

/** Worlds in which databases lie where Jobs of ours are about to mount something. */
export const anyBesideDatabases: Arbitrary<SnapshotObservation> = fc
  .record({
    databases: fc.array(database, { maxLength: 3 }),
    unseen: seldom<string[]>([], fc.constant(['fresh'])),
    parts: fc.oneof(stages, anyObservation),
    snapshotVolume: maybe(
      fc.record({
        claimName: fc.constantFrom('search-data', 'backups'),
        subPath: fc.constantFrom('', 'snapshots', 'data.ms/snapshots'),
      }),
    ),
  })
  .map(({ databases, unseen, parts, snapshotVolume }) =>
    anObservation({
      ...parts,
      databases,
      unseen,
      ...(snapshotVolume === undefined ? {} : { instance: anInstance({ status: aVolume(snapshotVolume) }) }),
    }),
  )

/** Worlds in which nothing stands between a lost or refused request and the next one but the request itself. */
export const anyUnanswered: Arbitrary<SnapshotObservation> = fc
  .record({
    posts: fc.integer({ min: 1, max: 4 }),
    postedAt: time,
    known: fc.oneof(fc.record({ missingSince: time }), fc.record({ refused: fc.constant('no') })),
    candidates: fc.array(task, { maxLength: 1 }),
  })
  .map(({ posts, postedAt, known, candidates }) =>
    anObservation({
      snapshot: aSnapshot({
        status: { phase: 'Snapshotting', request: { attempt: 1, baseline, posts, postedAt, ...known } },
      }),
      engine: anEngine({ candidates }),
    }),
  )

/** Worlds in which a task waits in front of its deadline, or past it. */
export const anyEnqueued: Arbitrary<SnapshotObservation> = fc
  .record({
    known: fc.constantFrom({ taskUid: 12 }, { taskUid: 12 }, { taskUid: 12, cancelTaskUid: 16 }, {}),
    waitedMs: fc.constantFrom(minute, 6 * hour, 6 * hour + 1, 7 * hour),
    onRecord: fc.boolean(),
    adoptedByOthers: fc.constantFrom([], [], [12]),
  })
  .map(({ known, waitedMs, onRecord, adoptedByOthers }) => {
    const adoptedAt = new Date(now - waitedMs).toISOString()
    const waiting: MeiliSnapshotStatus = {
      phase: 'Snapshotting',
      request: { attempt: 1, baseline, posts: 1, postedAt: adoptedAt, ...known, adoptedAt },
      ...(onRecord ? { task: aTask() } : {}),
    }
    return anObservation({
      snapshot: aSnapshot({ status: waiting }),
      engine: anEngine({ candidates: [aTask()] }),
      adoptedByOthers,
    })
  })
