// Retention through whole lives: an operator that dies anywhere, a cluster that refuses, people who pin, delete and change the rules.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retain } from '../../../../../src/kinds/schedule/retention/retain.ts'
import { hour, minute } from '../../../../support/builders/observations.ts'
import { World } from './world.ts'
import type { Crash, Pass } from './world.ts'

const day = 24 * hour
const policies = [
  { keepLast: 3 },
  { keepLast: 1, minimum: 3 },
  { keepDaily: 4, keepWeekly: 2, failed: 1 },
  { keepWithin: '60h', minimum: 2 },
  { keepLast: 2, mode: 'DryRun' },
  {},
  { keepLast: 5, failed: 0, guard: { maxDropPercent: 0 } },
]

type Act = (world: World) => void
const anyIndex = fc.nat(30)
const nothing: Act = () => undefined

const byPeople = fc.oneof(
  anyIndex.map(
    (index): Act =>
      (world) =>
        world.change(index, { isPinned: true }),
  ),
  anyIndex.map(
    (index): Act =>
      (world) =>
        world.change(index, { isPinned: false }),
  ),
  anyIndex.map(
    (index): Act =>
      (world) =>
        world.deleteByHand(index),
  ),
  fc.constantFrom(...policies).map(
    (policy): Act =>
      (world) =>
        world.setRules(policy),
  ),
  fc.constant<Act>((world) => void (world.confirm = world.status.held?.hash)),
)
const byTheWorld = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Act>((world) => world.tend()) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(minute, hour, day, 9 * day).map(
      (ms): Act =>
        (world) =>
          void (world.nowMs += ms),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Act>((world) => void (world.nowMs -= 2 * hour)) },
  { weight: 4, arbitrary: fc.constant<Act>((world) => world.add()) },
  { weight: 1, arbitrary: fc.constant<Act>((world) => world.add({ documents: 10 })) },
  { weight: 1, arbitrary: fc.constant<Act>((world) => world.add({ phase: 'Failed', mayHaveFiles: false })) },
)
const anyPass = fc
  .record({
    crash: fc.constantFrom<Crash>('never', 'never', 'beforeWrite', 'beforeEffect', 'beforeAnswer'),
    isRefused: fc.constantFrom(false, false, false, false, true),
    meanwhile: fc.oneof({ weight: 4, arbitrary: fc.constant(nothing) }, { weight: 1, arbitrary: byPeople }),
  })
  .map(
    (pass): Act =>
      (world) =>
        void world.pass(pass),
  )
const anyLife = fc.array(
  fc.oneof({ weight: 6, arbitrary: anyPass }, { weight: 4, arbitrary: byTheWorld }, { weight: 1, arbitrary: byPeople }),
  { maxLength: 100, size: 'max' },
)

const calm: Pass = { crash: 'never', isRefused: false, meanwhile: nothing }

/** Nobody interferes, snapshots come, and people confirm what they are asked. */
function settle(world: World, policy: object): void {
  world.setRules(policy)
  world.nowMs += 10 * day
  world.add()
  for (let i = 0; i < 400 && (i < 3 || isAtWork(world)); i += 1) {
    world.confirm = world.status.held?.hash
    world.pass(calm)
    world.tend()
    world.nowMs += minute
  }
}

const isAtWork = ({ status: { expiring, removing, held } }: World): boolean =>
  expiring !== undefined || removing !== undefined || held !== undefined

test('never fewer good ones than the floor, never a pinned one, one at a time, and each one gone or as it was', () => {
  let expired = 0
  fc.assert(
    fc.property(anyLife, fc.constantFrom(...policies), fc.nat(12), (life, policy, count) => {
      const world = new World(policy)
      for (let i = 0; i < count; i += 1) {
        world.add()
        world.nowMs += day
      }
      for (const act of life) act(world)
      settle(world, { keepLast: 3, failed: 1 })
      const { runs, nowMs, status } = world
      expect(status.removing).toBeUndefined()
      expect(runs.filter(({ deletionPolicy }) => deletionPolicy === 'Delete')).toEqual([])
      const rules = { keepLast: 3, minimum: 1, failed: 1 }
      expect(retain({ runs, rules, timeZone: 'Etc/UTC', nowMs }).expire).toEqual([])
      expect(status.counts?.expired ?? 0).toBeLessThanOrEqual(world.gone)
      expired += status.counts?.expired ?? 0
    }),
    { numRuns: 100 },
  )
  // Not all of them stood still.
  expect(expired).toBeGreaterThan(500)
})
