// The rows of the matrix: every step of a life, before and after, with the operator killed there; API writes in trouble; two operators. Those of a schedule are in schedule/.
import { takeoverRow, takeovers } from './faults/two-operators.ts'
import type { OperatorFixture } from './fixture/operator-fixture.ts'
import { FaultyReply, Kill, KillAgain, replyFaults } from './faults/fault.ts'
import type { Fault, Moment, ReplyFault } from './faults/fault.ts'
import { ordinary, rowOf } from './record/row.ts'
import type { End, Expected, Outcome } from './record/row.ts'
import type { Step } from './record/step-names.ts'

export const groups = {
  crash: 'crash points',
  trouble: 'writes in trouble',
  takeover: 'two operators',
  again: 'killed again and again',
  schedule: 'a schedule killed at its writes',
} as const
export type Group = keyof typeof groups

export interface Row {
  readonly group: Group
  readonly name: string
  /** Waits out a lease or a lost reply: begun first, so that it is not waited for in the end. */
  readonly isSlow: boolean
  readonly run: (fixture: OperatorFixture) => Promise<End>
}

/** A step that timing may leave out is tried again. */
const tries = 3

async function runWithFault(fixture: OperatorFixture, faultOf: () => Fault, expected: Expected): Promise<Outcome> {
  let last: Outcome | undefined
  for (let round = 0; round < tries; round += 1) {
    const fault = faultOf()
    const outcome = await rowOf(fixture, fault, expected)
    if (fault.isDone) return outcome
    // Without the fault it was an ordinary life, which may not have met what the row expects.
    last = { ...outcome, differences: [`the life went by ${tries} times without this step`, ...outcome.differences] }
  }
  if (last === undefined) throw new Error('no round')
  return last
}

/** Two points at which the next operator waits for the end of the dead one's lease, as it would in a cluster. */
const leavesLease = (name: string, moment: Moment): boolean =>
  (name === 'POST /snapshots' && moment === 'after') || (name === 'Job created' && moment === 'before')

export function crashRow(name: string, moment: Moment): Row {
  // The next operator waits for the task of a POST that was never sent, then counts and sends another.
  const repeats =
    (name === 'status: request on record' && moment === 'after') || (name === 'POST /snapshots' && moment === 'before')
  const waits = leavesLease(name, moment)
  return {
    group: 'crash',
    name: `killed ${moment.padEnd(6)} ${name}${waits ? ' (lease left alone)' : ''}`,
    isSlow: repeats || waits,
    run: async (fixture) =>
      await runWithFault(
        fixture,
        () => new Kill(name, moment, async () => await fixture.crash({ leavesLease: waits })),
        ordinary,
      ),
  }
}

function troubleRow(name: string, fault: ReplyFault): Row {
  const repeats = name === 'status: request on record' && fault === 'lost reply'
  return {
    group: 'trouble',
    name: `${fault.padEnd(10)} at ${name}`,
    isSlow: repeats,
    run: async (fixture) =>
      await runWithFault(fixture, () => new FaultyReply(name, fault), { ...ordinary, unsent: repeats ? 1 : 0 }),
  }
}

export const crashRows = (steps: readonly Step[]): Row[] =>
  steps.flatMap(({ name }) => [crashRow(name, 'before'), crashRow(name, 'after')])

export const troubleRows = (steps: readonly Step[]): Row[] =>
  steps
    .filter(({ kind }) => kind === 'write')
    .flatMap(({ name }) => replyFaults.map((fault) => troubleRow(name, fault)))

/** One life, and a kill at each of its writes. */
export function againRows(steps: readonly Step[]): Row[] {
  const names = steps.filter(({ kind }) => kind === 'write').map(({ name }) => name)
  return (['before', 'after'] as const).map((moment) => ({
    group: 'again',
    name: `killed ${moment.padEnd(6)} each of the ${names.length} writes, in one life`,
    isSlow: true,
    run: async (fixture) =>
      await runWithFault(
        fixture,
        () => new KillAgain(names, moment, async () => await fixture.crash({ leavesLease: false })),
        ordinary,
      ),
  }))
}

export const takeoverRows = (): Row[] =>
  takeovers.map((takeover) => ({
    group: 'takeover',
    name: takeover.name,
    isSlow: true,
    run: async (fixture) => await takeoverRow(fixture, takeover),
  }))

export interface Done {
  readonly row: Row
  readonly outcome: End
  readonly fixture: OperatorFixture
}

/** Runs the rows in all namespaces, the slow ones first; reports each as it is done. */
export async function runRows(
  fixtures: readonly OperatorFixture[],
  rows: readonly Row[],
  report: (done: Done) => void,
): Promise<void> {
  const waiting = rows.toSorted((a, b) => Number(b.isSlow) - Number(a.isSlow))
  const work = async (fixture: OperatorFixture): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift())
      report({ row, outcome: await row.run(fixture), fixture })
  }
  await Promise.all(fixtures.map(work))
}
