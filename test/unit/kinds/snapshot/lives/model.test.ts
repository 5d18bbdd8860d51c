// Whole lives in a modelled world: whatever happens, it ends, and no second snapshot is taken without a reason on record.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exitCodes } from '../../../../../src/mover/contract.ts'
import { longest, ModelledWorld } from '../../../../support/builders/modelled-world.ts'
import type { Crash } from '../../../../support/builders/modelled-world.ts'
import { now } from '../../../../support/builders/observations.ts'

type Step = (world: ModelledWorld) => void

const pass =
  (crash: Crash): Step =>
  (world) =>
    void world.pass(crash)

/** Each has a name, so that a counterexample can be read. */
const steps: Readonly<Record<string, Step>> = {
  pass: pass(undefined),
  'operator dies before its write': pass('BeforeWrite'),
  'operator dies after its write': pass('AfterWrite'),
  'operator dies while it sends': pass('WhileSending'),
  'operator dies after its effect': pass('AfterEffect'),
  'engine works': (world) => world.engineWorks(),
  'a minute passes': (world) => void (world.nowMs += 60_000),
  'an hour passes': (world) => void (world.nowMs += 3_600_000),
  'somebody posts': (world) => void world.post(),
  'somebody cancels': (world) => world.cancelEnqueued(),
  'what was asked for is cancelled at once': (world) => {
    for (let round = 0; round < 4; round += 1) world.pass()
    world.cancelEnqueued()
    world.pass()
  },
  'the task fails': (world) => world.failRunning(),
  'tasks are pruned': (world) => world.pruneFinished(),
  'the database is replaced': (world) => world.replaceDatabase(),
  'the server goes': (world) => void (world.serverUp = false),
  'the server comes': (world) => void (world.serverUp = true),
  'the disk fills': (world) => void (world.freeBytes = 10),
  'space appears': (world) => void (world.freeBytes = 1e9),
  'somebody deletes the Jobs': (world) => world.deleteJobs(),
  'Jobs that have ended remove themselves': (world) => world.endedJobsGo(),
  'the mover works': (world) => world.jobsWork(),
  'the mover fails': (world) => world.jobsFail(exitCodes.inputOutput),
  'the archive is bad': (world) => world.jobsFail(exitCodes.archiveBad),
  'the mover is ended': (world) => world.jobsFail(exitCodes.terminated),
}

/** All goes well from now on, until it has ended. */
function settle(world: ModelledWorld): void {
  world.serverUp = true
  world.freeBytes = 1e9
  for (let round = 0; round < 300 && !world.isOver; round += 1) {
    world.nowMs += Math.min(60_000, world.pass())
    world.engineWorks()
    world.jobsWork()
  }
}

const lives = fc.record({
  names: fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 60, size: 'max' }),
  sourcePolicy: fc.constantFrom('Keep', 'Remove'),
})

function live({ names, sourcePolicy }: { names: readonly string[]; sourcePolicy: string }): ModelledWorld {
  const world = new ModelledWorld({ sourcePolicy })
  for (const name of names) steps[name]?.(world)
  settle(world)
  return world
}

test('it ends as Completed or Failed, within its deadlines, and then says nothing else', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const world = live(life)
      expect(world.isOver).toBe(true)
      expect(world.nowMs - now).toBeLessThan(longest + life.names.length * 3_600_000)
      const ended = world.snapshot.status
      for (const name of life.names) steps[name]?.(world)
      settle(world)
      expect(world.snapshot.status).toEqual(ended)
      expect(world.phases.filter((phase) => phase === 'Completed' || phase === 'Failed')).toHaveLength(1)
    }),
    { numRuns: 400 },
  )
})

test('Completed means that it is stored, and of the task that status names', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const { snapshot, stored } = live(life)
      if (snapshot.status?.phase === 'Completed') expect(snapshot.status.task?.uid).toBe(stored?.taskUid)
    }),
    { numRuns: 400 },
  )
})

test('each request was counted on record before it was sent; a second one has its reason there', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const { sent, snapshot } = live(life)
      for (const [index, request] of sent.entries())
        expect(
          sent.slice(0, index).every((before) => before.attempt < request.attempt || before.posts < request.posts),
        ).toBe(true)
      expect(Math.max(0, ...sent.map(({ attempt }) => attempt))).toBeLessThanOrEqual(3)
      const { attempt = 1, failure } = snapshot.status?.request ?? {}
      if (attempt > 1) expect(failure).toBeTruthy()
    }),
    { numRuns: 400 },
  )
})

test('where nobody interferes it takes one snapshot, however often the operator dies', () => {
  const crashes = fc.array(
    fc.constantFrom(
      'pass',
      'operator dies before its write',
      'operator dies after its write',
      'operator dies while it sends',
      'operator dies after its effect',
      'engine works',
      'the mover works',
      'Jobs that have ended remove themselves',
    ),
    { maxLength: 60, size: 'max' },
  )
  fc.assert(
    fc.property(crashes, (names) => {
      const { snapshot, sent } = live({ names, sourcePolicy: 'Keep' })
      expect(snapshot.status?.phase).toBe('Completed')
      expect(snapshot.status?.request?.attempt).toBe(1)
      expect(sent).toHaveLength(1)
    }),
    { numRuns: 400 },
  )
})

test('of what has ended no Job is left, but the log of a failure and what is still swept up', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const world = live(life)
      world.removeFinishedMovers()
      const isMover = (name: string): boolean => !name.endsWith('-sweep')
      if (world.snapshot.status?.phase === 'Completed') expect(world.jobNames).toEqual([])
      else expect(world.jobNames.filter(isMover).length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 400 },
  )
})
