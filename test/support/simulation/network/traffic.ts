// Counts what happens in windows of virtual time: the mean and the peak of requests each second.

const windowMs = 10_000

export class Traffic {
  readonly #windows = new Map<number, number>()
  #count = 0

  get total(): number {
    return this.#count
  }

  count(nowMs: number): void {
    const window = Math.floor(nowMs / windowMs)
    this.#windows.set(window, (this.#windows.get(window) ?? 0) + 1)
    this.#count++
  }

  /** Each second, in this time: over all of it, and in the worst 10 s. */
  rates(fromMs: number, toMs: number): { readonly mean: number; readonly peak: number } {
    const [first, last] = [Math.floor(fromMs / windowMs), Math.ceil(toMs / windowMs)]
    let sum = 0
    let peak = 0
    for (let window = first; window < last; window++) {
      const count = this.#windows.get(window) ?? 0
      sum += count
      peak = Math.max(peak, count)
    }
    const seconds = windowMs / 1000
    return { mean: sum / Math.max(1, last - first) / seconds, peak: peak / seconds }
  }
}
