// How long the steps of a run take.

export class Stopwatch {
  #since = performance.now()

  /** Seconds since the last lap, to the millisecond. */
  lap(): number {
    const now = performance.now()
    const seconds = Math.round(now - this.#since) / 1000
    this.#since = now
    return seconds
  }
}
