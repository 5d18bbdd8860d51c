// The rows of the matrix: every step of a life, before and after, with the operator killed there; API writes in trouble; two operators.
import { duelRow, duels } from './faults/duel.ts'
import type { Lane } from './place/lane.ts'
import { Kill, KillAgain, Trouble, faults } from './faults/mischief.ts'
import type { Fault, Mischief, Moment } from './faults/mischief.ts'
import { ordinary, rowOf } from './record/row.ts'
import type { Expected, Outcome } from './record/row.ts'
import type { Step } from './record/story.ts'

export const groups = {
  crash: 'crash points',
  trouble: 'writes in trouble',
  duel: 'two operators',
  again: 'killed again and again',
} as const
export type Group = keyof typeof groups

export interface Row {
  readonly group: Group
  readonly name: string
  /** Waits out a lease or a lost reply: begun first, so that it is not waited for in the end. */
  readonly isSlow: boolean
  readonly run: (lane: Lane) => Promise<Outcome>
}

/** A step that timing may leave out is tried again. */
const tries = 3

async function struck(lane: Lane, mischiefOf: () => Mischief, expected: Expected): Promise<Outcome> {
  let last: Outcome | undefined
  for (let round = 0; round < tries; round += 1) {
    const mischief = mischiefOf()
    const outcome = await rowOf(lane, mischief, expected)
    if (mischief.isDone) return outcome
    // Without the mischief it was an ordinary life, which may not have met what the row expects.
    last = { ...outcome, faults: [`the life went by ${tries} times without this step`, ...outcome.faults] }
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
    run: async (lane) =>
      await struck(lane, () => new Kill(name, moment, async () => await lane.crash({ leavesLease: waits })), ordinary),
  }
}

function troubleRow(name: string, fault: Fault): Row {
  const repeats = name === 'status: request on record' && fault === 'lost reply'
  return {
    group: 'trouble',
    name: `${fault.padEnd(10)} at ${name}`,
    isSlow: repeats,
    run: async (lane) => await struck(lane, () => new Trouble(name, fault), { ...ordinary, unsent: repeats ? 1 : 0 }),
  }
}

export const crashRows = (steps: readonly Step[]): Row[] =>
  steps.flatMap(({ name }) => [crashRow(name, 'before'), crashRow(name, 'after')])

export const troubleRows = (steps: readonly Step[]): Row[] =>
  steps.filter(({ kind }) => kind === 'write').flatMap(({ name }) => faults.map((fault) => troubleRow(name, fault)))

/** One life, and a kill at each of its writes. */
export function againRows(steps: readonly Step[]): Row[] {
  const names = steps.filter(({ kind }) => kind === 'write').map(({ name }) => name)
  return (['before', 'after'] as const).map((moment) => ({
    group: 'again',
    name: `killed ${moment.padEnd(6)} each of the ${names.length} writes, in one life`,
    isSlow: true,
    run: async (lane) =>
      await struck(
        lane,
        () => new KillAgain(names, moment, async () => await lane.crash({ leavesLease: false })),
        ordinary,
      ),
  }))
}

export const duelRows = (): Row[] =>
  duels.map((duel) => ({
    group: 'duel',
    name: duel.name,
    isSlow: true,
    run: async (lane) => await duelRow(lane, duel),
  }))

export interface Done {
  readonly row: Row
  readonly outcome: Outcome
  readonly lane: Lane
}

/** Runs the rows on all lanes, the slow ones first; tells of each as it is done. */
export async function runRows(lanes: readonly Lane[], rows: readonly Row[], tell: (done: Done) => void): Promise<void> {
  const waiting = rows.toSorted((a, b) => Number(b.isSlow) - Number(a.isSlow))
  const work = async (lane: Lane): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift())
      tell({ row, outcome: await row.run(lane), lane })
  }
  await Promise.all(lanes.map(work))
}
