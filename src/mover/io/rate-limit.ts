// Keeps a run with `bytesPerSecond` below that rate, so that the rest of the disk is Meilisearch's. Waiting on purpose is no stall.
import { pause } from '../../runtime/timers.ts'
import { orAborted, type Progress } from './progress.ts'

/** Shorter than any time after which a run counts as stalled. */
const longestWaitMs = 250

export interface RateLimitParts {
  /** Undefined: as fast as it goes. */
  readonly bytesPerSecond: number | undefined
  readonly progress: Pick<Progress, 'touch'>
  readonly signal: AbortSignal
}

/** A token bucket that holds one piece of work: however late the last came, the next ones do not catch up in a burst. */
export class RateLimit {
  readonly #parts: RateLimitParts
  #nextAtMs = 0

  constructor(parts: RateLimitParts) {
    this.#parts = parts
  }

  /** Resolves when so many bytes more may be read or written; whoever asks first goes first. */
  async take(bytes: number): Promise<void> {
    const { bytesPerSecond, signal } = this.#parts
    if (bytesPerSecond === undefined) return
    const startMs = Math.max(performance.now(), this.#nextAtMs)
    this.#nextAtMs = startMs + (bytes / bytesPerSecond) * 1000
    await orAborted(signal, this.#until(startMs))
  }

  async #until(startMs: number): Promise<void> {
    const { progress, signal } = this.#parts
    for (
      let leftMs = startMs - performance.now();
      leftMs > 0 && !signal.aborted;
      leftMs = startMs - performance.now()
    ) {
      await pause(Math.min(leftMs, longestWaitMs))
      progress.touch()
    }
  }
}
