// Any snapshot: a status of any stage, a spec, and its own deletion.
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { snapshotFinalizer, snapshotReasons } from '../../../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotRequest } from '../../../../src/api/snapshot.ts'
import { moverJobName } from '../../../../src/kinds/snapshot/job/commands/move.ts'
import { aCondition, aSnapshot, asStored, baseline, succeededTask } from '../observations.ts'
import { going, maybe, seldom, time, words } from './parts.ts'
import { task } from './engine.ts'

const fromStatus = { words: words.map((text) => text.slice(0, 500).toWellFormed()), time }

const taskUid = fc.integer({ min: 12, max: 14 })

/** What may be on record of a request: that it was sent, missed, refused, answered, cancelled, or anything at once. */
const outcome: Arbitrary<Partial<SnapshotRequest>> = fc.oneof(
  fc.constant({}),
  fc.record({ missingSince: time }),
  fc.record({ refused: fromStatus.words }),
  fc.record({ taskUid, adoptedAt: time }),
  fc.record({ taskUid, adoptedAt: time, cancelTaskUid: fc.constant(16) }),
  fc
    .record(
      { missingSince: time, refused: fromStatus.words, taskUid, adoptedAt: time, cancelTaskUid: fc.constant(16) },
      { requiredKeys: [] },
    )
    // The cancellation of a task is asked for once it is known.
    .map(({ cancelTaskUid, ...rest }) => (rest.taskUid === undefined ? rest : { cancelTaskUid, ...rest })),
)
const request = fc
  .record({ outcome, posts: fc.integer({ min: 1, max: 4 }), postedAt: time, baseline: maybe(fc.constant(baseline)) })
  .map(({ outcome: known, ...parts }) => ({ attempt: 1, ...parts, ...known }))
/** A task that is not on record has been taken over only where its uid is. */
const whileUnknown = ({ adoptedAt, ...rest }: SnapshotRequest): SnapshotRequest =>
  rest.taskUid === undefined || adoptedAt === undefined ? rest : { adoptedAt, ...rest }
const move = fc.record({
  attempt: fc.integer({ min: 1, max: 3 }),
  node: maybe(fc.constantFrom('node-a', 'node-b')),
  startedAt: maybe(time),
  queuedAt: maybe(time),
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
      request: parts.task === undefined ? whileUnknown(parts.request) : parts.request,
      task: parts.task,
    })),
    fc.record({ judgement, request, move, taskUid }).map((parts) => ({
      observedGeneration: 1,
      phase: 'Moving' as const,
      ...parts.judgement,
      request: parts.request,
      task: succeededTask({ uid: parts.taskUid }),
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

export const snapshot: Arbitrary<MeiliSnapshot> = fc
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
