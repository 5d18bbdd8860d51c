// Exactly one snapshot, however the server's clock is set, and another one only where the database is another one.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ModelledWorld } from '../../../../support/builders/modelled-world.ts'
import { hour } from '../../../../support/builders/observations.ts'

type Step = (world: ModelledWorld) => void

/** From what NTP does to what a machine without a battery does. */
const clockStep = fc
  .oneof(fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: -200 * hour, max: 200 * hour }))
  .map((byMs): [string, Step] => [`the server's clock is set by ${byMs} ms`, (world) => void (world.aheadMs += byMs)])
const pass: [string, Step] = ['pass', (world) => void world.pass()]
const usual: [string, Step][] = [
  pass,
  ['engine works', (world) => world.engineWorks()],
  ['somebody posts', (world) => void world.post()],
]
const pruning: [string, Step][] = [['all up to the baseline is pruned', (world) => world.pruneBaseline()]]
const crashes: [string, Step][] = (['BeforeWrite', 'AfterWrite', 'WhileSending', 'AfterEffect'] as const).map(
  (crash) => [`operator dies ${crash}`, (world) => void world.pass(crash)],
)
const replacement = fc
  .nat(40)
  .map((tasks): [string, Step] => [
    `the database is replaced by one with ${tasks} tasks`,
    (world) => world.replaceDatabase(tasks),
  ])

/** Names only, so that a counterexample can be read; all goes well at the end. */
function live(steps: readonly [string, Step][]): ModelledWorld {
  const world = new ModelledWorld({})
  for (const [, step] of steps) step(world)
  for (let round = 0; round < 300 && !world.isOver; round += 1) {
    world.nowMs += Math.min(60_000, world.pass())
    world.engineWorks()
    world.jobsWork()
  }
  return world
}

const livesOf = (...parts: fc.Arbitrary<[string, Step]>[]): fc.Arbitrary<[string, Step][]> =>
  fc.array(fc.oneof(...parts), { maxLength: 40, size: 'max' })
const runs = { numRuns: 400 }

test('with each reply on record: one snapshot, whatever the clock does and whatever is pruned', () => {
  fc.assert(
    fc.property(livesOf(fc.constantFrom(...usual, ...pruning), clockStep), (steps) => {
      const { sent, snapshot } = live(steps)
      expect(sent).toHaveLength(1)
      expect(snapshot.status).toMatchObject({ phase: 'Completed', request: { attempt: 1 } })
    }),
    runs,
  )
})

test('with the baseline still there: one snapshot, whatever the clock does and however often the operator dies', () => {
  fc.assert(
    fc.property(livesOf(fc.constantFrom(...usual, ...crashes), clockStep), (steps) => {
      const { sent, snapshot } = live(steps)
      expect(sent.length).toBeLessThanOrEqual(1)
      expect(snapshot.status).toMatchObject({ phase: 'Completed', request: { attempt: 1 } })
    }),
    runs,
  )
})

test('with another database now and then: no more snapshots than there were databases', () => {
  fc.assert(
    fc.property(livesOf(fc.constantFrom(...usual, ...pruning), clockStep, replacement), (steps) => {
      const { sent } = live(steps)
      const replaced = steps.filter(([name]) => name.startsWith('the database is replaced')).length
      expect(sent.length).toBeLessThanOrEqual(1 + replaced)
    }),
    runs,
  )
})
