// What Meilisearch may answer, or that it does not: tasks, its newest one, a batch.
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import type { SnapshotTask } from '../../../../src/api/snapshot.ts'
import type { EngineAnswer, EngineSeen } from '../../../../src/kinds/snapshot/observation.ts'
import { anEngine, aTask, baseline, succeededTask } from '../observations.ts'
import { maybe, words } from './parts.ts'

const taskStatus = fc.constantFrom('enqueued', 'processing', 'succeeded', 'failed', 'canceled')
const engineTime = fc.constantFrom(
  baseline.enqueuedAt,
  '2026-03-01T11:30:00Z',
  aTask().enqueuedAt,
  '2025-01-01T00:00:00.123456789Z',
)

export const task: Arbitrary<SnapshotTask> = fc
  .record({
    uid: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 12, max: 14 }) }, fc.integer({ min: 9, max: 15 })),
    status: taskStatus,
    enqueuedAt: fc.oneof({ weight: 9, arbitrary: fc.constant(aTask().enqueuedAt) }, engineTime),
    message: words,
  })
  .map(({ message, ...base }) => {
    const { batchUid, startedAt, finishedAt, duration } = succeededTask() as Required<SnapshotTask>
    if (base.status === 'enqueued' || base.status === 'canceled') return base
    if (base.status === 'processing') return { ...base, batchUid, startedAt }
    const error =
      base.status === 'failed' ? { error: { code: 'internal', message: message.slice(0, 2000).toWellFormed() } } : {}
    return { ...base, batchUid, startedAt, finishedAt, duration, ...error }
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

export const engine: Arbitrary<EngineSeen> = fc.oneof(
  { weight: 6, arbitrary: answered },
  fc.constant({ state: 'NotAsked' } as const),
  words.map((message) => ({ state: 'Unreachable', message }) as const),
  words.map((message) => ({ state: 'Unauthorized', message }) as const),
)
