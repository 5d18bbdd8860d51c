// Lives of schedules at random: killed operators, clocks that jump, suspensions, refusals. One run for each slot, and none before its time.
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { durationMs } from '../../../../../src/api/meta.ts'
import { jitterOf } from '../../../../../src/kinds/schedule/slots/jitter.ts'
import { isProblem, readSlots } from '../../../../../src/kinds/schedule/slots/slots.ts'
import { ModelledOperator, startMs } from './modelled-operator.ts'
import type { Creation, Pass } from './modelled-operator.ts'

/** A second or two; a machine that does much else at the same time takes longer. */
vi.setConfig({ testTimeout: 240_000 })

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const spec = fc.record({
  schedule: fc.constantFrom('0 3 * * *', '@hourly', '*/10 * * * *', '30 1,2 * * *', '0 */6 * * *', '0 4 * * 1'),
  timeZone: fc.constantFrom('Etc/UTC', 'Europe/Berlin', 'America/Santiago'),
  startingDeadline: fc.constantFrom('1m', '1h', '6h', '48h'),
  jitter: fc.constantFrom('4m', '1m', '10s'),
})

type Step = (operator: ModelledOperator) => void

const pass: fc.Arbitrary<Step> = fc
  .constantFrom<Pass>('whole', 'killed', 'killed after create', 'refused')
  .map((kind) => (operator) => void operator.pass(kind))
const away: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 20 * 24 * 60 }).map((minutes) => (operator) => {
  operator.realMs += minutes * minuteMs
})
const shortWhile: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 30 }).map((minutes) => (operator) => {
  operator.realMs += minutes * minuteMs
})
const suspend: fc.Arbitrary<Step> = fc.boolean().map((is) => (operator) => operator.suspend(is))
const another: fc.Arbitrary<Step> = spec.map((parts) => (operator) => operator.change({ schedule: parts.schedule }))
const end: fc.Arbitrary<Step> = fc.constant((operator) => operator.endRuns())
const attended: fc.Arbitrary<Step> = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean()).map(
  ([hours, isEnded]) =>
    (operator) =>
      operator.attend(operator.realMs + hours * hourMs, isEnded),
)
const jump: fc.Arbitrary<Step> = fc
  .oneof(fc.integer({ min: -3 * 24 * 60, max: 3 * 24 * 60 }), fc.constantFrom(-365 * 1440, 365 * 1440))
  .map((minutes) => (operator) => {
    operator.skewMs = minutes * minuteMs
  })

const quiet = [pass, pass, away, shortWhile, suspend, another, end, attended]
const lifeOf = (steps: readonly fc.Arbitrary<Step>[]): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 25 })

const isDouble = (creations: readonly Creation[]): boolean =>
  new Set(creations.map(({ slotMs }) => slotMs)).size < creations.length

function slotsBetween({ schedule }: ModelledOperator, fromMs: number, toMs: number): readonly number[] {
  const slots = readSlots(schedule.spec)
  if (isProblem(slots)) throw new Error(slots.message)
  const found: number[] = []
  for (let slotMs = slots.nextAfter(fromMs); slotMs !== undefined && slotMs <= toMs; slotMs = slots.nextAfter(slotMs))
    found.push(slotMs)
  return found
}

describe('whatever happens to an operator whose clock goes right', () => {
  it('runs each slot once at most, in its time, and none that passed before or while suspended', () => {
    fc.assert(
      fc.property(spec, lifeOf(quiet), (parts, steps) => {
        const operator = new ModelledOperator(parts)
        operator.pass()
        for (const step of steps) {
          const before = operator.creations.length
          step(operator)
          const { spec: now } = operator.schedule
          const jitterMs = jitterOf(operator.schedule)
          for (const { slotMs, clockMs } of operator.creations.slice(before)) {
            expect(slotMs).toBeGreaterThan(startMs)
            expect(slotMs + jitterMs).toBeLessThanOrEqual(clockMs)
            expect(clockMs).toBeLessThanOrEqual(slotMs + jitterMs + durationMs(now.startingDeadline))
            expect(slotsBetween(operator, slotMs - 1, slotMs)).toEqual([slotMs])
            expect(operator.suspensions.some(([fromMs, toMs]) => slotMs > fromMs && slotMs <= toMs)).toBe(false)
          }
        }
        expect(isDouble(operator.creations)).toBe(false)
        expect(operator.plan?.clockWentBack).toBeUndefined()
        expect(operator.plan?.takeBack).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('misses no slot from then on', () => {
    fc.assert(
      fc.property(spec, lifeOf(quiet), (parts, steps) => {
        const operator = new ModelledOperator(parts)
        for (const step of steps) step(operator)
        operator.suspend(false)
        operator.endRuns()
        operator.pass()
        operator.endRuns()
        const [sinceMs, before] = [operator.realMs, operator.creations.length]
        const jitterMs = jitterOf(operator.schedule)
        // What passed while it was suspended does not run, though its jitter may not have passed.
        const fromMs = Math.max(sinceMs - jitterMs, Date.parse(operator.schedule.status?.slotsAfter ?? ''))
        operator.attend(sinceMs + 2 * dayMs, true)
        const made = operator.creations.slice(before).map(({ slotMs }) => slotMs)
        expect(made).toEqual(slotsBetween(operator, fromMs, operator.realMs - jitterMs))
      }),
      { numRuns: 80 },
    )
  })

  it('says when the next one comes before it comes', () => {
    fc.assert(
      fc.property(spec, lifeOf([pass, away, shortWhile, end, attended]), (parts, steps) => {
        const operator = new ModelledOperator(parts)
        for (const step of steps) step(operator)
        operator.endRuns()
        operator.pass()
        operator.endRuns()
        const { nextRunMs = NaN } = operator.pass()
        expect(nextRunMs).toBeGreaterThan(operator.clockMs)
        const before = operator.creations.length
        operator.realMs = nextRunMs - 1
        operator.pass()
        expect(operator.creations).toHaveLength(before)
        operator.realMs = nextRunMs
        operator.pass()
        expect(operator.creations.slice(before).map(({ slotMs }) => slotMs + jitterOf(operator.schedule))).toEqual([
          nextRunMs,
        ])
      }),
      { numRuns: 100 },
    )
  })
})

describe('whatever happens to an operator whose clock jumps', () => {
  /** What was made more than an hour before its slot was never that slot's. */
  const isReal = ({ slotMs, realMs }: Creation): boolean => realMs >= slotMs - hourMs

  it('runs each slot once at most', () => {
    fc.assert(
      fc.property(spec, lifeOf([...quiet, jump, jump]), (parts, steps) => {
        const operator = new ModelledOperator(parts)
        for (const step of steps) step(operator)
        expect(isDouble(operator.creations.filter(isReal))).toBe(false)
        expect(operator.again).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('goes on by itself once it is right again, an hour later at most', () => {
    fc.assert(
      fc.property(spec, lifeOf([...quiet, jump, jump]), (parts, steps) => {
        const operator = new ModelledOperator(parts)
        for (const step of steps) step(operator)
        operator.skewMs = 0
        operator.change({ suspend: false, schedule: '0 * * * *' })
        operator.pass()
        operator.endRuns()
        const before = operator.creations.length
        operator.attend(operator.realMs + 6 * hourMs, true)
        expect(operator.plan?.clockWentBack).toBeUndefined()
        expect(operator.creations.length - before).toBeGreaterThanOrEqual(4)
      }),
      { numRuns: 200 },
    )
  })

  it('makes few snapshots more by it, however far it jumped', () => {
    const operator = new ModelledOperator({ schedule: '0 3 * * *' })
    operator.attend(startMs + 3 * dayMs, true)
    expect(operator.creations).toHaveLength(3)
    operator.skewMs = 365 * dayMs
    operator.realMs = startMs + 3 * dayMs + 15 * hourMs
    operator.pass()
    expect(operator.creations).toHaveLength(4)
    operator.skewMs = 0
    operator.attend(startMs + 6 * dayMs, true)
    expect(operator.creations.map(({ name }) => name.slice(-12))).toEqual([
      '202611300300',
      '202612010300',
      '202612020300',
      '202712030300',
      '202612040300',
      '202612050300',
    ])
  })
})
