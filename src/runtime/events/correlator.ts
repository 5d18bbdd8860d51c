// Decides what becomes of an Event, with the figures of client-go's EventCorrelator (tools/record/events_cache.go): the same one again is counted,
// many different ones of one reason are combined, and an object that does not stop gets few. In one thing it differs: a reason that is new for an
// object is never left out, so that what flaps does not hide how it ended.
import { createHash } from 'node:crypto'
import type { ApiObject } from '../edges.ts'
import { Recent } from './recent.ts'

export interface EventText {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** One Event as the API server has it, or will have it. */
export interface Counted {
  /** How often it happened, also where nobody was told. */
  count: number
  readonly first: Date
  /** Of the object; undefined until it was made. */
  name: string | undefined
}

interface Group {
  readonly messages: Set<string>
  lastMs: number
}

interface Budget {
  tokens: number
  refilledMs: number
  /** When each reason was last let through. */
  readonly reasons: Map<string, number>
}

/** Of each of the three memories. */
const remembered = 4096
/** An object may have so many at once, and then one in each interval. */
const burst = 25
const refillMs = 5 * 60_000
/** Of so many different messages of one reason, within such a time of each other, one Event is made. */
const maxMessages = 10
const similarMs = 10 * 60_000
const combined = '(combined from similar events): '

export class Correlator {
  readonly #nowMs: () => number
  readonly #groups = new Recent<Group>(remembered)
  readonly #events = new Recent<Counted>(remembered)
  readonly #budgets = new Recent<Budget>(remembered)

  /** @param nowMs monotonic */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** The Event to make, or to count on, with its message; undefined where the object has had too many. */
  correlate(object: ApiObject, { type, reason, message }: EventText): { event: Counted; message: string } | undefined {
    const about = `${object.kind} ${object.metadata.namespace}/${object.metadata.name} ${object.metadata.uid}`
    const group = `${about} ${type} ${reason}`
    const digest = digestOf(message)
    const isOneOfMany = this.#isOneOfMany(group, digest)
    const event = this.#events.get(isOneOfMany ? group : `${group} ${digest}`, () => ({
      count: 0,
      first: new Date(),
      name: undefined,
    }))
    event.count++
    if (!this.#mayPass(about, reason)) return undefined
    return { event, message: isOneOfMany ? `${combined}${message}` : message }
  }

  #isOneOfMany(key: string, digest: string): boolean {
    const now = this.#nowMs()
    const group = this.#groups.get(key, () => ({ messages: new Set(), lastMs: now }))
    if (now - group.lastMs > similarMs) group.messages.clear()
    group.lastMs = now
    if (group.messages.size >= maxMessages - 1 && !group.messages.has(digest)) return true
    group.messages.add(digest)
    return false
  }

  #mayPass(about: string, reason: string): boolean {
    const now = this.#nowMs()
    const budget = this.#budgets.get(about, () => ({ tokens: burst, refilledMs: now, reasons: new Map() }))
    budget.tokens = Math.min(burst, budget.tokens + (now - budget.refilledMs) / refillMs)
    budget.refilledMs = now
    const passed = budget.reasons.get(reason)
    const isNew = passed === undefined || now - passed > similarMs
    if (budget.tokens < 1 && !isNew) return false
    budget.tokens = Math.max(0, budget.tokens - 1)
    budget.reasons.set(reason, now)
    return true
  }
}

/** A message may be a kilobyte, and there are thousands. */
const digestOf = (message: string): string => createHash('sha1').update(message).digest('base64url')
