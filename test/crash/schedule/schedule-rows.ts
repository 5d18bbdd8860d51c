// The rows about a schedule: the operator killed before and after each of its writes for it, once in a life, and at all of them in one.
import { Kill, KillAgain, noFault } from '../faults/fault.ts'
import type { Fault, Moment } from '../faults/fault.ts'
import type { OperatorFixture } from '../fixture/operator-fixture.ts'
import type { Row } from '../matrix.ts'
import type { End } from '../record/row.ts'
import type { Step } from '../record/step-names.ts'
import { scheduleRowOf } from './schedule-row.ts'

/** A step that timing may leave out is tried again. */
const tries = 2
const moments: readonly Moment[] = ['before', 'after']

/** Which writes every undisturbed life has, in order. @throws Error where one does not end well */
export async function recordSchedule(fixtures: readonly OperatorFixture[]): Promise<readonly Step[]> {
  const lives = await Promise.all(
    fixtures.map(async (fixture) => {
      const { differences, life } = await scheduleRowOf(fixture, noFault)
      if (differences.length > 0)
        throw new Error(
          `The undisturbed life of a schedule does not end well:\n  ${differences.join('\n  ')}\n  steps: ${life.steps.map(({ name }) => name).join('; ')}\n  logs: ${fixture.logs.join(' ')}`,
        )
      return [...new Map(life.steps.map((step) => [step.name, step])).values()]
    }),
  )
  return (lives[0] ?? []).filter(({ name }) => lives.every((steps) => steps.some((step) => step.name === name)))
}

async function runWithFault(fixture: OperatorFixture, faultOf: () => Fault): Promise<End> {
  let last: End | undefined
  for (let round = 0; round < tries; round += 1) {
    const fault = faultOf()
    const end = await scheduleRowOf(fixture, fault)
    if (fault.isDone || end.differences.length > 0) return end
    const missing = fault.missing ?? ['this step']
    last = { ...end, differences: [`the life went by ${tries} times without ${missing.join('; ')}`] }
  }
  if (last === undefined) throw new Error('no round')
  return last
}

const crash = (fixture: OperatorFixture) => async (): Promise<void> => await fixture.crash({ leavesLease: false })

export const scheduleRows = (steps: readonly Step[]): Row[] =>
  steps.flatMap(({ name }) =>
    moments.map((moment) => ({
      group: 'schedule' as const,
      name: `killed ${moment.padEnd(6)} ${name}`,
      isSlow: true,
      run: async (fixture: OperatorFixture) =>
        await runWithFault(fixture, () => new Kill(name, moment, crash(fixture))),
    })),
  )

/** Two rows: a life in which the operator is killed at each of these writes. */
export const scheduleAgainRows = (steps: readonly Step[]): Row[] =>
  moments.map((moment) => ({
    group: 'schedule' as const,
    name: `killed ${moment.padEnd(6)} each of the ${steps.length} writes of a schedule, in one life`,
    isSlow: true,
    run: async (fixture) =>
      await runWithFault(
        fixture,
        () =>
          new KillAgain(
            steps.map(({ name }) => name),
            moment,
            crash(fixture),
          ),
      ),
  }))
