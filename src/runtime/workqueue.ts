// A queue of keys after client-go's: a key waits once however often it is added, is never worked on twice at a time,
// and one that is added while it is worked on comes again afterwards. Unlike there, a delay ends with the next work on its key:
// whoever works on it now says anew when to look again.
import { startTimer } from './timers.ts'
import { backoffMs } from './backoff.ts'
import type { Backoff } from './backoff.ts'

/** Time as the queue sees it; tests give their own. */
export interface Clock {
  now(): number
  setTimeout(run: () => void, delayMs: number): { cancel(): void }
  random(): number
}

const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: startTimer,
  random: Math.random,
}

export interface Taken {
  readonly key: string
  /** How long it waited in the queue. */
  readonly waitedMs: number
}

export class WorkQueue {
  readonly #clock: Clock
  readonly #backoff: Backoff
  /** Waiting to be taken, in order. Every one of them is in `dirty`; none is in `processing`. */
  readonly #ready = new Fifo<string>()
  readonly #dirty = new Set<string>()
  /** Since when each is worked on; in the order in which they were taken. */
  readonly #processing = new Map<string, number>()
  readonly #takers = new Fifo<(taken: Taken | undefined) => void>()
  /** None of them is in `processing` unless it was delayed since it was taken. */
  readonly #delayed = new Map<string, { at: number; timer: { cancel(): void } }>()
  readonly #failures = new Map<string, number>()
  readonly #addedAt = new Map<string, number>()
  #closed = false

  constructor(parts: { clock?: Clock; backoff?: Backoff } = {}) {
    this.#clock = parts.clock ?? systemClock
    this.#backoff = parts.backoff ?? { firstMs: 200, maxMs: 120_000 }
  }

  /** Keys that wait to be taken. */
  get length(): number {
    return this.#ready.length
  }

  /** How long the oldest of what is worked on has been worked on; 0 where nothing is. */
  get longestRunningMs(): number {
    const [oldest] = this.#processing.values()
    return oldest === undefined ? 0 : this.#clock.now() - oldest
  }

  add(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return
    this.#dirty.add(key)
    this.#addedAt.set(key, this.#clock.now())
    if (!this.#processing.has(key)) this.#offer(key)
  }

  /** Of two delays of one key the sooner wins. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return
    if (delayMs <= 0) return this.add(key)
    const at = this.#clock.now() + delayMs
    const waiting = this.#delayed.get(key)
    if (waiting !== undefined && waiting.at <= at) return
    waiting?.timer.cancel()
    this.#schedule(key, at)
  }

  /** Adds the key after a delay that grows with each call until `forget`. */
  addRateLimited(key: string, atLeastMs = 0): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.addAfter(key, Math.max(atLeastMs, backoffMs(this.#backoff, failures, this.#clock.random())))
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** How often the key has failed since it was forgotten. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key, as soon as there is one; undefined once the queue is closed. Whoever takes a key calls `finish`. */
  async take(): Promise<Taken | undefined> {
    if (this.#closed) return undefined
    const key = this.#ready.shift()
    return key === undefined
      ? await new Promise<Taken | undefined>((resolve) => this.#takers.push(resolve))
      : this.#begin(key)
  }

  finish(key: string): void {
    this.#processing.delete(key)
    if (this.#dirty.has(key)) this.#offer(key)
  }

  /** No key is given out any more; those that wait are dropped: the next start finds them again. */
  close(): void {
    this.#closed = true
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
    this.#ready.clear()
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) taker(undefined)
  }

  #offer(key: string): void {
    if (this.#closed) return
    const taker = this.#takers.shift()
    if (taker === undefined) this.#ready.push(key)
    else taker(this.#begin(key))
  }

  /** At the very moment of the hand-over: an add that comes right after it must find the key in processing. */
  #begin(key: string): Taken {
    this.#dirty.delete(key)
    this.#delayed.get(key)?.timer.cancel()
    this.#delayed.delete(key)
    const now = this.#clock.now()
    this.#processing.set(key, now)
    const addedAt = this.#addedAt.get(key) ?? now
    this.#addedAt.delete(key)
    return { key, waitedMs: now - addedAt }
  }

  #schedule(key: string, at: number): void {
    const timer = this.#clock.setTimeout(() => {
      this.#delayed.delete(key)
      if (at > this.#clock.now()) this.#schedule(key, at)
      else this.add(key)
    }, at - this.#clock.now())
    this.#delayed.set(key, { at, timer })
  }
}

/** First in, first out. Each call takes the same time on average, however many wait: `Array.shift` moves all of them. */
class Fifo<T> {
  #items: (T | undefined)[] = []
  /** What stands before it has been taken. */
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    // Half of it is empty: the rest moves once for as many calls as it is long.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}
