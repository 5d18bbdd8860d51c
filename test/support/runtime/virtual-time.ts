// A clock that stands still until a test moves it, with the timers that hang on it. The same calls give the same steps.
import { vi } from 'vitest'
import type { Clock } from '../../../src/runtime/workqueue.ts'
import { TimerHeap } from './timer-heap.ts'

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
  readonly #timers = new TimerHeap()

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
    return { cancel: () => this.#timers.cancel(timer) }
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
    for (let timer = this.#timers.takeUntil(end); timer !== undefined; timer = this.#timers.takeUntil(end)) {
      this.#now = timer.at
      timer.run()
      await this.settle()
      this.afterStep()
    }
    this.#now = end
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

  /** Until disposed, the globals that tell and measure time, and chance, are this one's. No spies: they would remember a million calls. */
  rule(): Disposable {
    const held = new DisposableStack()
    const replace = <T extends object, K extends keyof T>(target: T, name: K, value: T[K]): void => {
      const before = Object.getOwnPropertyDescriptor(target, name)
      Object.defineProperty(target, name, { value, configurable: true, writable: true })
      held.defer(() => {
        if (before === undefined) Reflect.deleteProperty(target, name)
        else Object.defineProperty(target, name, before)
      })
    }
    replace(
      globalThis,
      'Date',
      dateOf(() => epoch + this.#now),
    )
    replace(performance, 'now', () => this.#now)
    replace(Math, 'random', () => this.random())
    vi.stubGlobal('setTimeout', (run: () => void, delayMs = 1) => ({
      ...this.setTimeout(run, delayMs <= longestTimerMs ? delayMs : 1),
      unref: () => undefined,
    }))
    vi.stubGlobal('clearTimeout', (timer?: { cancel(): void }) => timer?.cancel())
    held.defer(() => void vi.unstubAllGlobals())
    return held
  }
}

/** The global Date, but for what it takes for now. */
function dateOf(nowMs: () => number): DateConstructor {
  const RealDate = Date
  return new Proxy(RealDate, {
    construct: (target, parts: [], newTarget) =>
      Reflect.construct(target, parts.length === 0 ? [nowMs()] : parts, newTarget) as Date,
    get: (target, name) => (name === 'now' ? nowMs : (Reflect.get(target, name) as unknown)),
  })
}
