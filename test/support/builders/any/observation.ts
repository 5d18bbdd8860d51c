// Worlds at random: whatever a pass may see, likely or not, each part as its own contract allows it.
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../src/api/snapshot.ts'
import type { SnapshotObservation } from '../../../../src/kinds/snapshot/observation.ts'
import { anEngine, anInstance, anObservation, aSnapshot, aTask, baseline, hour, minute, now } from '../observations.ts'
import { maybe, seldom, time } from './parts.ts'
import { engine, task } from './engine.ts'
import { snapshot } from './snapshot.ts'
import { claim, instance, target } from './cluster.ts'
import { mover as anyMover } from './mover.ts'

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

/** Each part may be there or not. */
export const anyObservation: Arbitrary<SnapshotObservation> = snapshot.chain((of) =>
  fc
    .record({
      instance: seldom<MeiliInstance | undefined>(anInstance(), maybe(instance)),
      target: maybe(target),
      successor: maybe(target),
      restore: seldom<SnapshotObservation['restore']>(
        undefined,
        fc.constant({ name: 'back', uid: 'restore-uid', isStopping: false, stopMark: '', isStarting: false }),
      ),
      claim: maybe(claim),
      engine,
      mover: anyMover(of),
      ahead: seldom<string[]>([], fc.constant(['first'])),
      adoptedByOthers: fc.constantFrom([], [], [12]),
      queued: seldom<SnapshotObservation['queued']>(
        undefined,
        fc.record({
          enough: fc.constantFrom('movers', 'streams', 'deletions', 'ofNamespace'),
          limit: fc.constant(3),
          ahead: fc.nat(1000),
          looked: fc.boolean(),
        }),
      ),
    })
    .map((parts) => anObservation({ ...parts, snapshot: of })),
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
