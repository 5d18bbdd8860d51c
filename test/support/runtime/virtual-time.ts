// A clock that stands still until a test moves it, with the timers that hang on it. The same calls give the same steps.
import { vi } from 'vitest'
import type { Clock } from '../../../src/runtime/workqueue.ts'

interface Timer {
  readonly at: number
  readonly serial: number
  readonly run: () => void
}

/** As in Node, a longer one of the global timers fires after 1 ms. */
const longestTimerMs = 2 ** 31 - 1
/** The wall clock when the virtual one stands at 0. */
const epoch = Date.parse('2030-01-01T00:00:00Z')

/** Some seconds of doing nothing else; a socket to ourselves needs a few turns. */
const mostTurns = 1_000_000
/** Not the stubbed one, and behind all promises that are settled now. */
const { setImmediate: nextTurn } = globalThis

export class VirtualTime implements Clock {
  /** Called whenever something may have happened: after each timer, and at the end of `advance`. */
  afterStep: () => void = () => undefined
  #now = 0
  #serial = 0
  #seed: number
  readonly #timers = new Set<Timer>()

  constructor(seed = 1) {
    this.#seed = seed
  }

  /** How many have yet to fire. */
  get timers(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  /** mulberry32. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    const mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    const more = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32
  }

  setTimeout(run: () => void, delayMs = 0): { cancel(): void } {
    const whole = delayMs >= 1 ? Math.trunc(delayMs) : 1
    const timer = { at: this.#now + whole, serial: this.#serial++, run }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  /** Resolves after the time, or when the signal ends it. */
  async pause(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = (): void => resolve()
    const timer = this.setTimeout(end, delayMs)
    signal?.addEventListener('abort', end, { once: true })
    await promise
    signal?.removeEventListener('abort', end)
    timer.cancel()
  }

  /** Fires what is due until then, one after the other, each with all that follows from it. */
  async advance(byMs: number): Promise<void> {
    const end = this.#now + byMs
    await this.settle()
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer)
      this.#to(timer.at)
      timer.run()
      await this.settle()
      this.afterStep()
    }
    this.#to(end)
    this.afterStep()
  }

  /** Resolves when all promises that can go on without time have gone on. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => void nextTurn(resolve))
  }

  /** Turns the event loop, for what is real in a test (a socket of this process), until `reached`; the time stands still. */
  async turnUntil(what: string, reached: () => boolean): Promise<void> {
    for (let turns = 0; !reached(); turns++) {
      if (turns === mostTurns) throw new Error(`waited in vain until ${what}`)
      await this.settle()
    }
  }

  /** Until disposed, the globals that tell and measure time, and chance, are this one's. */
  rule(): Disposable {
    vi.useFakeTimers({ toFake: ['Date'], now: epoch + this.#now })
    vi.stubGlobal('setTimeout', (run: () => void, delayMs = 1) => ({
      ...this.setTimeout(run, delayMs <= longestTimerMs ? delayMs : 1),
      unref: () => undefined,
    }))
    vi.stubGlobal('clearTimeout', (timer?: { cancel(): void }) => timer?.cancel())
    const now = vi.spyOn(performance, 'now').mockImplementation(() => this.#now)
    const random = vi.spyOn(Math, 'random').mockImplementation(() => this.random())
    return {
      [Symbol.dispose]: () => {
        now.mockRestore()
        random.mockRestore()
        vi.unstubAllGlobals()
        vi.useRealTimers()
      },
    }
  }

  #to(now: number): void {
    this.#now = now
    if (vi.isFakeTimers()) vi.setSystemTime(epoch + now)
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (
        timer.at <= end &&
        (first === undefined || timer.at < first.at || (timer.at === first.at && timer.serial < first.serial))
      )
        first = timer
    }
    return first
  }
}
