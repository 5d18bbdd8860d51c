// What can be done to an operator at one of its steps. Each does it once, and knows whether it has come to it.
import type { Forward, Reply } from '../place/door.ts'
import type { Step } from '../record/story.ts'

/** Stands between the operator and a server at every step of a life; gives the reply, or undefined where the connection breaks without one. */
export interface Mischief {
  at(step: Step, forward: Forward): Promise<Reply | undefined>
  /** False: the life went by without the step. */
  readonly isDone: boolean
}

export type Moment = 'before' | 'after'

export const undisturbed: Mischief = { at: async (_step, forward) => await forward(), isDone: true }

abstract class Once implements Mischief {
  isDone = false
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  async at(step: Step, forward: Forward): Promise<Reply | undefined> {
    if (this.isDone || step.name !== this.#name) return await forward()
    this.isDone = true
    return await this.strike(forward)
  }

  protected abstract strike(forward: Forward): Promise<Reply | undefined>
}

/** Kills the operator before a call reaches the server, or after the server has answered and before the operator hears of it. */
export class Kill extends Once {
  readonly #moment: Moment
  readonly #crash: () => Promise<void>

  /** @param crash resolves when the operator is dead */
  constructor(name: string, moment: Moment, crash: () => Promise<void>) {
    super(name)
    this.#moment = moment
    this.#crash = crash
  }

  protected async strike(forward: Forward): Promise<undefined> {
    if (this.#moment === 'after') await forward()
    await this.#crash()
  }
}

/** Kills the operator at each of the steps, in whatever order it comes to them: every successor lives until the next one. */
export class KillAgain implements Mischief {
  readonly #left: Set<string>
  readonly #strike: (name: string) => Mischief

  constructor(names: readonly string[], moment: Moment, crash: () => Promise<void>) {
    this.#left = new Set(names)
    this.#strike = (name) => new Kill(name, moment, crash)
  }

  get isDone(): boolean {
    return this.#left.size === 0
  }

  async at(step: Step, forward: Forward): Promise<Reply | undefined> {
    return await (this.#left.delete(step.name) ? this.#strike(step.name).at(step, forward) : forward())
  }
}

export const faults = ['409', '500', '429', 'lost reply'] as const
export type Fault = (typeof faults)[number]

const answers: Readonly<Record<Exclude<Fault, 'lost reply'>, Reply>> = {
  409: refusal(409, 'Conflict', {}),
  500: refusal(500, 'InternalError', {}),
  429: refusal(429, 'TooManyRequests', { 'retry-after': '1' }),
}

function refusal(code: number, reason: string, headers: Record<string, string>): Reply {
  const body = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason,
    code,
    message: 'made up by the crash matrix',
  })
  return { status: code, headers: { 'content-type': 'application/json', ...headers }, body }
}

/** Answers a write in the API server's place; or lets it write, and loses the reply. */
export class Trouble extends Once {
  readonly #fault: Fault

  constructor(name: string, fault: Fault) {
    super(name)
    this.#fault = fault
  }

  protected async strike(forward: Forward): Promise<Reply | undefined> {
    if (this.#fault !== 'lost reply') return answers[this.#fault]
    await forward()
    return undefined
  }
}
