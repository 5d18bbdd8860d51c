// Two operators at once: the first is frozen, or loses its lease, while its request is on the way; a second one takes over meanwhile.
import { eventually } from '../../support/kubernetes/eventually.ts'
import type { Forward, Reply } from '../fixture/http-proxy.ts'
import type { OperatorFixture } from '../fixture/operator-fixture.ts'
import type { Fault } from './fault.ts'
import { ordinary, rowOf } from '../record/row.ts'
import type { Expected, Outcome } from '../record/row.ts'
import type { Life } from '../record/life.ts'
import type { Operator } from '../fixture/operator.ts'
import type { Step } from '../record/step-names.ts'

interface Context {
  readonly fixture: OperatorFixture
  readonly life: () => Life
  readonly first: Operator
  /** Sends the first operator's request on. */
  readonly forward: Forward
}

export interface Takeover {
  readonly name: string
  readonly at: string
  readonly expected: Expected
  /** Gives the reply that the first operator gets in the end. */
  readonly run: (context: Context) => Promise<Reply>
}

const takeoverMs = 40_000
const secondPostMs = 90_000

async function startSecond(fixture: OperatorFixture): Promise<void> {
  const second = fixture.startOperator()
  await eventually(
    `${second.name} to lead`,
    async () => ((await fixture.leaseHolder())?.startsWith(second.name) === true ? true : undefined),
    { timeoutMs: takeoverMs },
  )
}

const waitForAdoption = ({ fixture, life }: Context): Promise<true> =>
  fixture.changes.until(
    () => 'the second operator to adopt the task',
    () => (life().invariants.snapshot?.status?.task === undefined ? undefined : true),
    takeoverMs,
  )
const waitForPost = ({ fixture, life }: Context): Promise<true> =>
  fixture.changes.until(
    () => 'the second operator to POST',
    () => (life().invariants.snapshot?.status?.request?.taskUid === undefined ? undefined : true),
    secondPostMs,
  )

export const takeovers: readonly Takeover[] = [
  {
    name: 'first frozen with its POST on the way, which arrives when the second leads',
    at: 'POST /snapshots',
    expected: ordinary,
    run: async (context) => {
      context.first.freeze()
      await startSecond(context.fixture)
      const reply = await context.forward()
      await waitForAdoption(context)
      context.first.thaw()
      return reply
    },
  },
  {
    name: 'first frozen with its POST on the way, which arrives after the second has sent its own',
    at: 'POST /snapshots',
    expected: { tasks: 2, unsent: 0, maxMovers: 3 },
    run: async (context) => {
      context.first.freeze()
      await startSecond(context.fixture)
      await waitForPost(context)
      const reply = await context.forward()
      context.first.thaw()
      return reply
    },
  },
  {
    name: 'first frozen between its write and its POST, which it must not send any more when the second leads',
    at: 'status: request on record',
    expected: { tasks: 1, unsent: 1, maxMovers: 1 },
    run: async (context) => {
      const reply = await context.forward()
      context.first.freeze()
      await startSecond(context.fixture)
      context.first.thaw()
      return reply
    },
  },
  {
    name: 'first deprived of its lease with its POST on the way, which arrives when the second leads',
    at: 'POST /snapshots',
    expected: ordinary,
    run: async (context) => {
      await context.fixture.giveLeaseAway()
      await startSecond(context.fixture)
      return await context.forward()
    },
  },
]

class TakeoverFault implements Fault {
  isDone = false
  readonly #takeover: Takeover
  readonly #fixture: OperatorFixture
  readonly first: Operator

  constructor(takeover: Takeover, fixture: OperatorFixture) {
    this.#takeover = takeover
    this.#fixture = fixture
    this.first = fixture.operator
  }

  async at(step: Step, forward: Forward): Promise<Reply | undefined> {
    if (this.isDone || step.name !== this.#takeover.at) return await forward()
    this.isDone = true
    return await this.#takeover.run({
      fixture: this.#fixture,
      life: () => this.#fixture.life,
      first: this.first,
      forward,
    })
  }
}

/** The same end as always; and the first operator has ended by itself, since it lost its lease. */
export async function takeoverRow(fixture: OperatorFixture, takeover: Takeover): Promise<Outcome> {
  const fault = new TakeoverFault(takeover, fixture)
  const outcome = await rowOf(fixture, fault, takeover.expected)
  if (outcome.differences.length > 0) return outcome
  if (!fault.isDone) return { ...outcome, differences: ['the life went by without this step'] }
  const end = await eventually('the first operator to end', () => Promise.resolve(fault.first.ended), {
    timeoutMs: 30_000,
  }).catch(String)
  return end.includes('code 1') ? outcome : { ...outcome, differences: [`the first operator: ${end}`] }
}
