// The whole decision: whatever there is, it does not throw, fits the schema, and once it is written there is nothing more to say.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withoutUndefined } from '../../../../src/api/json.ts'
import { runNowAnnotation } from '../../../../src/api/schedule.ts'
import type { MeiliSnapshotScheduleStatus } from '../../../../src/api/schedule.ts'
import { scheduleStatus } from '../../../../src/api/status/schedule.ts'
import { decideSchedule } from '../../../../src/kinds/schedule/decide.ts'
import type { Run } from '../../../../src/kinds/schedule/run.ts'
import { ago, now } from '../../../support/builders/observations.ts'
import { aRun, aSchedule } from '../../../support/builders/schedules.ts'

const hour = 3_600_000
const time = fc.integer({ min: -200, max: 50 }).map((hours) => ago(-hours * hour))
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

const anyRun: fc.Arbitrary<Run> = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'nightly-202603010300'),
    phase: fc.constantFrom<Run['phase'][]>('Pending', 'Moving', 'Completed', 'Failed', 'Expired'),
    timeMs: fc.integer({ min: now - 200 * hour, max: now + 50 * hour }),
    documents: fc.constantFrom(0, 10, 1000),
    isPinned: fc.boolean(),
    isBeingDeleted: fc.boolean(),
  })
  .map(aRun)

const anyStatus = fc
  .record({
    observed: optional(
      fc.record({
        schedule: fc.constantFrom('0 3 * * *', '0 * * * *'),
        timeZone: fc.constant('Etc/UTC'),
        suspended: fc.boolean(),
      }),
    ),
    slotsAfter: optional(time),
    lastSlot: optional(time),
    lastRunName: optional(fc.constant('a')),
    run: optional(
      fc.record({
        name: fc.constantFrom('a', 'nightly-202603010300', 'nightly-now-12345678'),
        slot: optional(time),
        tries: fc.integer({ min: 1, max: 9 }),
        startedAt: time,
        retryAt: optional(time),
        failure: optional(fc.constant('exceeded quota')),
      }),
    ),
    consecutiveFailures: optional(fc.nat(5)),
    lastSuccess: optional(fc.record({ name: fc.constant('a'), completedAt: time })),
  })
  .map((status) => withoutUndefined<MeiliSnapshotScheduleStatus>(status))

const anySpec = fc.record({
  schedule: fc.constantFrom('0 3 * * *', '*/15 * * * *', '0 0 30 2 *', '0 5-3 * * *'),
  timeZone: fc.constantFrom('Etc/UTC', 'Europe/Berlin', 'Europe/Nowhere'),
  suspend: fc.boolean(),
  retention: fc.constantFrom({ keepLast: 1 }, { keepDaily: 2, mode: 'DryRun' }, undefined),
})

const anyWorld = fc.record({
  runs: fc.uniqueArray(anyRun, { selector: ({ name }) => name }),
  status: anyStatus,
  spec: anySpec.map((spec) => withoutUndefined<object>(spec)),
  annotations: fc.constantFrom({}, { [runNowAnnotation]: '1' }),
})

test('whatever there is: the status fits the schema, and there is a next time', () => {
  fc.assert(
    fc.property(anyWorld, ({ runs, status, spec, annotations }) => {
      const decision = decideSchedule({ schedule: aSchedule({ metadata: { annotations }, spec, status }), runs }, now)
      expect(scheduleStatus.safeParse(withoutUndefined(decision.status)).error).toBeUndefined()
      expect(decision.requeueAfterMs).toBeGreaterThan(0)
      expect(decision.requeueAfterMs).toBeLessThanOrEqual(hour)
    }),
  )
})

test('whatever there is, after some passes there is nothing more to write, and nothing to do', () => {
  fc.assert(
    fc.property(anyWorld, ({ runs, status, spec, annotations }) => {
      let seen = status
      const made: Run[] = []
      for (let pass = 0; pass < 6; pass++) {
        const schedule = aSchedule({ metadata: { annotations }, spec, status: seen })
        const { status: next, effects } = decideSchedule({ schedule, runs: [...runs, ...made] }, now)
        for (const effect of effects)
          if (effect.kind === 'CreateSnapshot')
            made.push(aRun({ name: effect.snapshot.metadata.name, phase: 'Pending' }))
        seen = withoutUndefined<MeiliSnapshotScheduleStatus>(next)
      }
      const schedule = aSchedule({ metadata: { annotations }, spec, status: seen })
      const last = decideSchedule({ schedule, runs: [...runs, ...made] }, now)
      expect(last.effects).toEqual([])
      expect(withoutUndefined(last.status)).toEqual(seen)
    }),
  )
})

test('whatever there is, time alone writes nothing: no figure and no sentence moves by itself', () => {
  fc.assert(
    fc.property(anyWorld, ({ runs, status, spec }) => {
      let seen = status
      let quiet = 0
      for (let second = 0; second < 12 && quiet < 3; second++) {
        const schedule = aSchedule({ spec, status: seen })
        const next = withoutUndefined<MeiliSnapshotScheduleStatus>(
          // What it creates never appears, so that a record stays.
          decideSchedule({ schedule, runs }, now + second * 1000).status,
        )
        quiet = isDeepStrictEqual(next, seen) ? quiet + 1 : 0
        seen = next
      }
      expect(quiet).toBe(3)
    }),
  )
})

test('an effect that creates comes with a status that differs from the one before', () => {
  fc.assert(
    fc.property(anyWorld, ({ runs, status, spec, annotations }) => {
      const schedule = aSchedule({ metadata: { annotations }, spec, status })
      const decision = decideSchedule({ schedule, runs }, now)
      if (decision.effects.length > 0) expect(withoutUndefined(decision.status)).not.toEqual(status)
    }),
  )
})

test('one that is being deleted: nothing is begun, nothing is written', () => {
  const status: MeiliSnapshotScheduleStatus = { lastSlot: ago(48 * hour) }
  const schedule = aSchedule({
    metadata: { deletionTimestamp: ago(0), annotations: { [runNowAnnotation]: '1' } },
    status,
  })
  expect(decideSchedule({ schedule, runs: [] }, now)).toEqual({ status, effects: [] })
})

test('without what the API server has, a removal that is on record does not go on, and is not forgotten', () => {
  const removing = { name: 'a', uid: 'a', deletionPolicy: 'Retain', startedAt: ago(0) } as const
  const decision = decideSchedule({ schedule: aSchedule({ status: { removing } }), runs: [] }, now)
  expect(decision.status).toMatchObject({ removing, counts: { expired: 0 } })
  expect(decision.effects.filter(({ kind }) => kind !== 'CreateSnapshot')).toEqual([])
})
