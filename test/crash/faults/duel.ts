// Two operators at once: the first is stopped, or robbed of its lease, while its request is on the way; a second one takes over meanwhile.
import { eventually } from '../../support/kubernetes/eventually.ts'
import type { Forward, Reply } from '../place/door.ts'
import type { Lane } from '../place/lane.ts'
import type { Mischief } from './mischief.ts'
import { ordinary, rowOf } from '../record/row.ts'
import type { Expected, Outcome } from '../record/row.ts'
import type { Life } from '../record/life.ts'
import type { Operator } from '../place/operator.ts'
import type { Step } from '../record/story.ts'

interface Fight {
  readonly lane: Lane
  readonly life: () => Life
  readonly first: Operator
  /** Sends the first operator's request on. */
  readonly forward: Forward
}

export interface Duel {
  readonly name: string
  readonly at: string
  readonly expected: Expected
  /** Gives the reply that the first operator gets in the end. */
  readonly fight: (fight: Fight) => Promise<Reply>
}

const takeoverMs = 40_000
const secondPostMs = 90_000

async function secondLeads(lane: Lane): Promise<void> {
  const second = lane.employ()
  await eventually(
    `${second.name} to lead`,
    async () => ((await lane.leaseHolder())?.startsWith(second.name) === true ? true : undefined),
    { timeoutMs: takeoverMs },
  )
}

const adopted = ({ lane, life }: Fight): Promise<true> =>
  lane.bell.until(
    () => 'the second operator to adopt the task',
    () => (life().witness.snapshot?.status?.task === undefined ? undefined : true),
    takeoverMs,
  )
const posted = ({ lane, life }: Fight): Promise<true> =>
  lane.bell.until(
    () => 'the second operator to POST',
    () => (life().witness.snapshot?.status?.request?.taskUid === undefined ? undefined : true),
    secondPostMs,
  )

export const duels: readonly Duel[] = [
  {
    name: 'first frozen with its POST on the way, which arrives when the second leads',
    at: 'POST /snapshots',
    expected: ordinary,
    fight: async (fight) => {
      fight.first.freeze()
      await secondLeads(fight.lane)
      const reply = await fight.forward()
      await adopted(fight)
      fight.first.thaw()
      return reply
    },
  },
  {
    name: 'first frozen with its POST on the way, which arrives after the second has sent its own',
    at: 'POST /snapshots',
    expected: { tasks: 2, unsent: 0, maxMovers: 3 },
    fight: async (fight) => {
      fight.first.freeze()
      await secondLeads(fight.lane)
      await posted(fight)
      const reply = await fight.forward()
      fight.first.thaw()
      return reply
    },
  },
  {
    name: 'first frozen between its write and its POST, which it must not send any more when the second leads',
    at: 'status: request on record',
    expected: { tasks: 1, unsent: 1, maxMovers: 1 },
    fight: async (fight) => {
      const reply = await fight.forward()
      fight.first.freeze()
      await secondLeads(fight.lane)
      fight.first.thaw()
      return reply
    },
  },
  {
    name: 'first robbed of its lease with its POST on the way, which arrives when the second leads',
    at: 'POST /snapshots',
    expected: ordinary,
    fight: async (fight) => {
      await fight.lane.giveLeaseAway()
      await secondLeads(fight.lane)
      return await fight.forward()
    },
  },
]

class Duelling implements Mischief {
  isDone = false
  readonly #duel: Duel
  readonly #lane: Lane
  readonly first: Operator

  constructor(duel: Duel, lane: Lane) {
    this.#duel = duel
    this.#lane = lane
    this.first = lane.operator
  }

  async at(step: Step, forward: Forward): Promise<Reply | undefined> {
    if (this.isDone || step.name !== this.#duel.at) return await forward()
    this.isDone = true
    return await this.#duel.fight({ lane: this.#lane, life: () => this.#lane.life, first: this.first, forward })
  }
}

/** The same end as always; and the first operator has ended by itself, since it lost its lease. */
export async function duelRow(lane: Lane, duel: Duel): Promise<Outcome> {
  const duelling = new Duelling(duel, lane)
  const outcome = await rowOf(lane, duelling, duel.expected)
  if (outcome.faults.length > 0) return outcome
  if (!duelling.isDone) return { ...outcome, faults: ['the life went by without this step'] }
  const end = await eventually('the first operator to end', () => Promise.resolve(duelling.first.ended), {
    timeoutMs: 30_000,
  }).catch(String)
  return end.includes('code 1') ? outcome : { ...outcome, faults: [`the first operator: ${end}`] }
}
