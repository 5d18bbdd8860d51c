// What client-go's work queue does, but that a delay ends with the next work on its key; said as simply as can be, and the calls that show whether ours does the same.
import fc from 'fast-check'
import { expect } from 'vitest'
import { WorkQueue } from '../../../src/runtime/workqueue.ts'
import type { Taken } from '../../../src/runtime/workqueue.ts'
import { VirtualTime } from './virtual-time.ts'

const keys = ['red', 'green', 'blue']
export const backoff = { firstMs: 200, maxMs: 3000 }

/** A key is nowhere, waits, is worked on, or is worked on and asked for again. */
export class QueueModel {
  now = 0
  isClosed = false
  /** In the order in which they will be given out; and since when each is wanted. */
  readonly waiting = new Map<string, number>()
  /** Undefined: not asked for again. */
  readonly working = new Map<string, number | undefined>()
  /** Of a key that is given out it is dropped. */
  readonly delays: { readonly key: string; readonly at: number }[] = []
  readonly failures = new Map<string, number>()
  readonly given: (Taken | undefined)[] = []
  /** Workers that wait for a key. */
  idle = 0

  add(key: string): void {
    if (this.isClosed || this.waiting.has(key)) return
    if (!this.working.has(key)) this.waiting.set(key, this.now)
    else if (this.working.get(key) === undefined) this.working.set(key, this.now)
    this.#give()
  }

  addAfter(key: string, delayMs: number): void {
    if (this.isClosed) return
    if (delayMs === 0) return this.add(key)
    const at = this.now + delayMs
    const before = this.delays.findIndex((delay) => delay.key === key)
    if (before !== -1 && this.delays[before]!.at <= at) return
    if (before !== -1) this.delays.splice(before, 1)
    this.delays.push({ key, at })
  }

  fail(key: string, { chance, atLeastMs }: { chance: number; atLeastMs: number }): void {
    const failures = this.failures.get(key) ?? 0
    this.failures.set(key, failures + 1)
    const longest = Math.min(backoff.maxMs, backoff.firstMs * 2 ** failures)
    this.addAfter(key, Math.max(atLeastMs, (longest * (1 + chance)) / 2))
  }

  take(): void {
    if (this.isClosed) this.given.push(undefined)
    else this.idle++
    this.#give()
  }

  finish(key: string): void {
    const again = this.working.get(key)
    this.working.delete(key)
    if (again !== undefined && !this.isClosed) this.waiting.set(key, again)
    this.#give()
  }

  close(): void {
    this.isClosed = true
    this.waiting.clear()
    this.delays.length = 0
    for (; this.idle > 0; this.idle--) this.given.push(undefined)
  }

  advance(byMs: number): void {
    const end = this.now + byMs
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.delays.splice(this.delays.indexOf(next), 1)
      this.now = next.at
      this.add(next.key)
    }
    this.now = end
  }

  #due(end: number): { key: string; at: number } | undefined {
    return this.delays.filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)[0]
  }

  #give(): void {
    for (const [key, since] of this.waiting) {
      if (this.idle === 0) return
      this.idle--
      this.waiting.delete(key)
      this.working.set(key, undefined)
      const delay = this.delays.findIndex((each) => each.key === key)
      if (delay !== -1) this.delays.splice(delay, 1)
      this.given.push({ key, waitedMs: this.now - since })
    }
  }
}

/** Chance is given with each call. */
class Chance extends VirtualTime {
  chance = 0

  override random(): number {
    return this.chance
  }
}

export class RealQueue {
  readonly time = new Chance()
  readonly queue = new WorkQueue({ clock: this.time, backoff })
  readonly given: (Taken | undefined)[] = []
  readonly inHands = new Set<string>()
  /** Keys that two had in hand at once. */
  readonly twice: string[] = []

  take(): void {
    void this.queue.take().then((taken) => {
      this.given.push(taken)
      if (taken === undefined) return
      if (this.inHands.has(taken.key)) this.twice.push(taken.key)
      this.inHands.add(taken.key)
    })
  }
}

/** One call to both, and a look whether they still agree. */
class Call implements fc.AsyncCommand<QueueModel, RealQueue> {
  readonly #name: string
  readonly #call: (model: QueueModel, real: RealQueue) => void | Promise<void>
  readonly #check: (model: Readonly<QueueModel>) => boolean

  constructor(
    name: string,
    call: (model: QueueModel, real: RealQueue) => void | Promise<void>,
    check: (model: Readonly<QueueModel>) => boolean = () => true,
  ) {
    this.#name = name
    this.#call = call
    this.#check = check
  }

  check(model: Readonly<QueueModel>): boolean {
    return this.#check(model)
  }

  async run(model: QueueModel, real: RealQueue): Promise<void> {
    await this.#call(model, real)
    await real.time.settle()
    expect(real.given).toEqual(model.given)
    expect(real.twice).toEqual([])
    expect(real.inHands).toEqual(new Set(model.working.keys()))
    expect(real.queue.length).toBe(model.waiting.size)
    for (const key of keys) expect(real.queue.failures(key)).toBe(model.failures.get(key) ?? 0)
  }

  toString(): string {
    return this.#name
  }
}

const someKey = fc.constantFrom(...keys)
const someDelayMs = fc.constantFrom(0, 1, 50, 200, 400, 5000)

const add = someKey.map(
  (key) => new Call(`add ${key}`, (model, { queue }) => [model, queue].forEach((each) => each.add(key))),
)
/** At once, before anybody can do anything with the first. */
const addTwice = someKey.map(
  (key) =>
    new Call(`add ${key} twice`, (model, { queue }) => [model, model, queue, queue].forEach((each) => each.add(key))),
)
const addAfter = fc
  .tuple(someKey, someDelayMs)
  .map(
    ([key, delayMs]) =>
      new Call(`add ${key} after ${delayMs} ms`, (model, { queue }) =>
        [model, queue].forEach((each) => each.addAfter(key, delayMs)),
      ),
  )
const fail = fc
  .record({ key: someKey, chance: fc.constantFrom(0, 0.25, 0.5, 0.75), atLeastMs: fc.constantFrom(0, 0, 700) })
  .map(
    ({ key, ...how }) =>
      new Call(`fail ${key} ${JSON.stringify(how)}`, (model, { queue, time }) => {
        model.fail(key, how)
        time.chance = how.chance
        queue.addRateLimited(key, how.atLeastMs)
      }),
  )
const forget = someKey.map(
  (key) =>
    new Call(`forget ${key}`, (model, { queue }) => {
      model.failures.delete(key)
      queue.forget(key)
    }),
)
const take = fc.constant(
  new Call('take', (model, real) => {
    model.take()
    real.take()
  }),
)
const done = fc.nat(2).map(
  (nth) =>
    new Call(
      `done with the ${nth + 1}. in hand`,
      (model, real) => {
        const key = [...model.working.keys()][nth % model.working.size]!
        model.finish(key)
        real.inHands.delete(key)
        real.queue.finish(key)
      },
      ({ working }) => working.size > 0,
    ),
)
const wait = fc.constantFrom(1, 99, 300, 6000).map(
  (byMs) =>
    new Call(`${byMs} ms go by`, async (model, { time }) => {
      model.advance(byMs)
      await time.advance(byMs)
    }),
)
const close = fc.constant(
  new Call('close', (model, { queue }) => {
    model.close()
    queue.close()
  }),
)

/** Closing ends all that is interesting: it is seldom. */
const often = [add, addTwice, addAfter, fail, forget, take, done, wait].flatMap((arbitrary) =>
  Array.from({ length: 5 }, () => arbitrary),
)
export const calls = fc.commands([...often, take, take, done, close], { maxCommands: 60, size: 'max' })
