// Whole expiries in a modelled world: whatever happens on the way, the same tombstone, never too early, and never of what a person keeps.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exitCodes } from '../../../../../src/mover/contract.ts'
import { ModelledWorld } from '../../../../support/builders/modelled-world.ts'
import type { Crash } from '../../../../support/builders/modelled-world.ts'
import { conditionsIn, hour, minute, second } from '../../../../support/builders/observations.ts'

type Step = (world: ModelledWorld) => void

const pass =
  (crash: Crash): Step =>
  (world) =>
    void world.pass(crash)

const steps: Readonly<Record<string, Step>> = {
  pass: pass(undefined),
  'operator dies before its write': pass('BeforeWrite'),
  'operator dies after its write': pass('AfterWrite'),
  'operator dies after its effect': pass('AfterEffect'),
  'a minute passes': (world) => void (world.nowMs += minute),
  'an hour passes': (world) => void (world.nowMs += hour),
  'the mover works': (world) => world.jobsWork(),
  'the mover fails': (world) => world.jobsFail(exitCodes.inputOutput),
  'somebody deletes the Jobs': (world) => world.deleteJobs(),
  'Jobs that have ended remove themselves': (world) => world.endedJobsGo(),
  'finished movers are removed': (world) => world.removeFinishedMovers(),
  'a person keeps it': (world) => world.pin('true'),
  'a person keeps it no longer': (world) => world.pin('false'),
  'the time is put off': (world) => world.expireAfter('6h'),
  'the time is as it was': (world) => world.expireAfter('2h'),
  'our clock leaps a year ahead': (world) => void (world.leapMs = 8760 * hour),
  'our clock is set back by a day': (world) => void (world.leapMs = -24 * hour),
  'our clock is right': (world) => void (world.leapMs = 0),
}
const names = fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 60, size: 'max' })

/** Completed a moment ago. */
function completed(): { world: ModelledWorld; completedMs: number } {
  const world = new ModelledWorld({ expiresAfter: '2h' })
  for (let round = 0; round < 300 && !world.isOver; round += 1) {
    world.nowMs += Math.min(minute, world.pass())
    world.engineWorks()
    world.jobsWork()
  }
  expect(world.snapshot.status?.phase).toBe('Completed')
  return { world, completedMs: Date.parse(world.snapshot.status?.completedAt ?? '') }
}

function settle(world: ModelledWorld): void {
  world.leapMs = 0
  for (let round = 0; round < 100 && world.snapshot.status?.phase !== 'Expired'; round += 1) {
    world.nowMs += Math.min(hour, world.pass())
    world.jobsWork()
  }
}

test('nothing is removed before its time by the right clock, nor what a person keeps', () => {
  fc.assert(
    fc.property(names, (life) => {
      const { world, completedMs } = completed()
      for (const name of life) steps[name]?.(world)
      const { removalBegun } = world
      if (removalBegun === undefined) {
        expect(world.stored).toBeDefined()
        return
      }
      expect(removalBegun.pinned).toBe(false)
      // Times on record are whole seconds.
      expect(removalBegun.atMs).toBeGreaterThan(completedMs + 2 * hour + minute - 2 * second)
    }),
    { numRuns: 200 },
  )
})

test('it comes to an end, and says of the files what is true', () => {
  fc.assert(
    fc.property(names, (life) => {
      const { world } = completed()
      for (const name of life) steps[name]?.(world)
      world.pin('false')
      settle(world)
      const { status } = world.snapshot
      expect(status).toMatchObject({ phase: 'Expired' })
      expect(status?.deleteArtifact).toBeUndefined()
      if (status?.expiry?.outcome === 'Removed') expect(world.stored).toBeUndefined()
      expect(world.sent).toHaveLength(1)
      const ended = structuredClone(status)
      for (const name of life) steps[name]?.(world)
      expect({ ...world.snapshot.status, observedGeneration: 0, conditions: [] }).toEqual({
        ...ended,
        observedGeneration: 0,
        conditions: [],
      })
    }),
    { numRuns: 200 },
  )
})

test('where nothing but the operator dies it is the same tombstone, at every point', () => {
  const crashes = fc.array(
    fc.constantFrom(
      'pass',
      'operator dies before its write',
      'operator dies after its write',
      'operator dies after its effect',
      'a minute passes',
      'the mover works',
      'finished movers are removed',
      'Jobs that have ended remove themselves',
    ),
    { maxLength: 60, size: 'max' },
  )
  fc.assert(
    fc.property(crashes, (life) => {
      const { world } = completed()
      world.nowMs += 2 * hour
      for (const name of life) steps[name]?.(world)
      settle(world)
      world.removeFinishedMovers()
      expect(world.snapshot.status?.expiry?.outcome).toBe('Removed')
      expect(world.stored).toBeUndefined()
      expect(world.jobNames).toEqual([])
      expect(conditionsIn(world.snapshot.status ?? {})).toEqual([
        'Ready=True',
        'Complete=True',
        'Failed=False',
        'ArtifactAvailable=False',
      ])
    }),
    { numRuns: 200 },
  )
})
