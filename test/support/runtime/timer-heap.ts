// Timers by when they are due, those of one moment in the order in which they were set: a heap, since a simulated cluster has ten thousand.

export interface Timer {
  readonly at: number
  readonly serial: number
  readonly run: () => void
}

export class TimerHeap {
  readonly #heap: Timer[] = []
  /** A timer that was cancelled stays in the heap until it comes up. */
  readonly #waiting = new Set<Timer>()

  get size(): number {
    return this.#waiting.size
  }

  add(timer: Timer): void {
    this.#waiting.add(timer)
    let place = this.#heap.push(timer) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (isSooner(this.#heap[parent]!, timer)) break
      this.#heap[place] = this.#heap[parent]!
      place = parent
    }
    this.#heap[place] = timer
  }

  cancel(timer: Timer): void {
    this.#waiting.delete(timer)
  }

  /** Takes the first one out, if it is due by then. */
  takeUntil(end: number): Timer | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= end; first = this.#heap[0]) {
      this.#removeFirst()
      if (this.#waiting.delete(first)) return first
    }
    return undefined
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#heap.length) break
      if (child + 1 < this.#heap.length && isSooner(this.#heap[child + 1]!, this.#heap[child]!)) child++
      if (isSooner(last, this.#heap[child]!)) break
      this.#heap[place] = this.#heap[child]!
      place = child
    }
    this.#heap[place] = last
  }
}

const isSooner = (one: Timer, other: Timer): boolean =>
  one.at < other.at || (one.at === other.at && one.serial < other.serial)
