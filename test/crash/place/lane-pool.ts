// Lanes for tests that run side by side: each takes one, and gives it back.
import type { Lane } from './lane.ts'

export class LanePool {
  readonly #free: Lane[]
  readonly #waiting: ((lane: Lane) => void)[] = []

  constructor(lanes: readonly Lane[]) {
    this.#free = [...lanes]
  }

  async use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = this.#free.pop() ?? (await new Promise<Lane>((resolve) => this.#waiting.push(resolve)))
    try {
      return await work(lane)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free.push(lane)
      else next(lane)
    }
  }

  /** Call it when nobody uses any. */
  async close(): Promise<void> {
    await Promise.all(this.#free.map(async (lane) => await lane.close()))
  }
}
