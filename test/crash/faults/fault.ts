// Faults at one step of an operator: it is killed, or its write is refused or loses its reply. Each happens once, and says whether it did.
import type { Forward, Reply } from '../fixture/http-proxy.ts'
import { isReport } from '../record/step-names.ts'
import type { Step } from '../record/step-names.ts'

/** Stands between the operator and a server at every step of a life; gives the reply, or undefined where the connection breaks without one. */
export interface Fault {
  at(step: Step, forward: Forward): Promise<Reply | undefined>
  /** False: the life went by without the step. */
  readonly isDone: boolean
  /** Of several, those without which it went by. */
  readonly missing?: readonly string[]
}

export type Moment = 'before' | 'after'

export const noFault: Fault = { at: async (_step, forward) => await forward(), isDone: true }

abstract class Once implements Fault {
  isDone = false
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  async at(step: Step, forward: Forward): Promise<Reply | undefined> {
    if (this.isDone || step.name !== this.#name) return await forward()
    this.isDone = true
    return await this.inject(forward)
  }

  protected abstract inject(forward: Forward): Promise<Reply | undefined>
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

  protected async inject(forward: Forward): Promise<undefined> {
    if (this.#moment === 'after') await forward()
    await this.#crash()
  }
}

/** Kills the operator at each of the steps, in whatever order it comes to them: every successor lives until the next one. What only reports progress may never come. */
export class KillAgain implements Fault {
  readonly #left: Set<string>
  readonly #killAt: (name: string) => Fault

  constructor(names: readonly string[], moment: Moment, crash: () => Promise<void>) {
    this.#left = new Set(names)
    this.#killAt = (name) => new Kill(name, moment, crash)
  }

  get isDone(): boolean {
    return this.missing.length === 0
  }

  get missing(): readonly string[] {
    return [...this.#left].filter((name) => !isReport(name))
  }

  async at(step: Step, forward: Forward): Promise<Reply | undefined> {
    return await (this.#left.delete(step.name) ? this.#killAt(step.name).at(step, forward) : forward())
  }
}

export const replyFaults = ['409', '500', '429', 'lost reply'] as const
export type ReplyFault = (typeof replyFaults)[number]

const answers: Readonly<Record<Exclude<ReplyFault, 'lost reply'>, Reply>> = {
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

/** Answers a write instead of the API server; or lets it write, and loses the reply. */
export class FaultyReply extends Once {
  readonly #fault: ReplyFault

  constructor(name: string, fault: ReplyFault) {
    super(name)
    this.#fault = fault
  }

  protected async inject(forward: Forward): Promise<Reply | undefined> {
    if (this.#fault !== 'lost reply') return answers[this.#fault]
    await forward()
    return undefined
  }
}
