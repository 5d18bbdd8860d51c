// Remembers which servers were silent, so that those that never answer take no time from the others. In memory, of endpoints alone.
// A server that answers is asked as always. One that was silent is asked again after a growing pause, briefly, and not beside too many of its kind.
import { TransientError } from '../errors.ts'
import { abortAfter } from '../runtime/timers.ts'
import { certificateRejected, unfitReply } from './transport.ts'

/** What one look at a server may take. */
export interface Limits {
  readonly connectMs: number
  /** Ends all questions of the look, whichever is under way. */
  readonly signal: AbortSignal
  /** It was silent last time: a short question comes before the others. */
  readonly isDoubtful: boolean
}

export interface Look {
  /** Scheme, address and port. */
  readonly endpoint: string
  /** Changes with whatever may make it answer again: then it is asked at once. */
  readonly news: string
  /** From then on (our clock) it is asked in any case: something final is decided by its silence. */
  readonly insistsFromMs?: number
}

interface Silence {
  readonly times: number
  readonly nextMs: number
  readonly news: string
  readonly words: string
  readonly code: string | undefined
}

/** Of a silence that took less than this nobody suffers: a refused connection is tried again as soon as anybody likes. A reply that does not fit may just be large. */
const slowMs = { silent: 500, unfit: 2000 } as const
/** All questions of one look together: a server that drips is as good as silent. */
const lookMs = 20_000
const connectMs = { usual: 3000, doubtful: 1500 } as const
/** When this many are silent at once it is the network: then nobody gets the usual time. */
const manySilent = 8
/** How many of those that were silent may be asked at once, by the 32 workers of each kind. */
const doubtfulAtOnce = 16
const leastPauseMs = 5000
const longestPauseMs = 60_000
/** From the second silence on a pause is this many times as long as the silence took: that is the share of a worker that one server can have. */
const pausePerSilence = 3
/** One that answers in between, and is silent again before this is over, is no better for it. */
const relapseMs = 600_000
const mostRemembered = 10_000

export class SilentServers {
  readonly #silences = new Map<string, Silence>()
  /** How often those were silent that answer again. */
  readonly #before = new Map<string, { readonly times: number; readonly untilMs: number }>()
  readonly #nowMs: () => number
  #doubtful = 0

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs
  }

  /**
   * Asks, or gives the silence of last time without asking.
   * @throws TransientError where the server is silent, or was and is not asked again yet; what `questions` throws otherwise
   */
  async ask<T>(look: Look, questions: (limits: Limits) => Promise<T>): Promise<T> {
    const before = this.#silences.get(look.endpoint)
    const startedMs = this.#nowMs()
    const insists = startedMs >= (look.insistsFromMs ?? Infinity)
    if (before !== undefined && !insists && !this.#isDue(before, look.news, startedMs)) throw lastSilence(before)
    const isDoubtful = before !== undefined && !insists
    const isBrief = isDoubtful || this.#silences.size >= manySilent
    if (isDoubtful) this.#doubtful++
    try {
      const answer = await questions({
        connectMs: isBrief ? connectMs.doubtful : connectMs.usual,
        signal: abortAfter(lookMs),
        isDoubtful,
      })
      this.#endSilence(look.endpoint)
      return answer
    } catch (error) {
      throw this.#remember(look, startedMs, error)
    } finally {
      if (isDoubtful) this.#doubtful--
    }
  }

  /** A pause that is longer than any says that the clock was set back: nobody waits for it to come round again. */
  #isDue({ nextMs, news }: Silence, newsNow: string, nowMs: number): boolean {
    const isOver = nowMs >= nextMs || nextMs - nowMs > longestPauseMs
    return (isOver || newsNow !== news) && this.#doubtful < doubtfulAtOnce
  }

  #endSilence(endpoint: string): void {
    const silence = this.#silences.get(endpoint)
    if (silence === undefined) return
    this.#silences.delete(endpoint)
    keep(this.#before, endpoint, { times: silence.times, untilMs: this.#nowMs() + relapseMs })
  }

  #timesBefore(endpoint: string): number {
    const { times = 0, untilMs = 0 } = this.#before.get(endpoint) ?? {}
    return this.#silences.get(endpoint)?.times ?? (this.#nowMs() < untilMs ? times : 0)
  }

  /** Whatever is no silence, or a quick one, is as good as an answer here. */
  #remember({ endpoint, news }: Look, startedMs: number, error: unknown): unknown {
    const nowMs = this.#nowMs()
    const tookMs = nowMs - startedMs
    if (!isSilence(error) || tookMs < (error.code === unfitReply ? slowMs.unfit : slowMs.silent)) {
      this.#endSilence(endpoint)
      return error
    }
    const times = this.#timesBefore(endpoint) + 1
    const pauseMs = times === 1 ? leastPauseMs : Math.max(leastPauseMs * 2 ** (times - 1), pausePerSilence * tookMs)
    keep(this.#silences, endpoint, {
      times,
      nextMs: nowMs + Math.min(longestPauseMs, pauseMs),
      news,
      words: error.message,
      code: error.code,
    })
    return error
  }
}

/** The one that was put there longest ago makes room: its pod is gone, or nobody asks for it any more. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > mostRemembered) map.delete(map.keys().next().value ?? '')
}

/** A refused certificate, or a refusal of any kind, is an answer. */
function isSilence(error: unknown): error is TransientError {
  return error instanceof TransientError && error.status === undefined && error.code !== certificateRejected
}

/** The words of last time, unchanged: so that no status is written for it again, however the server was asked. */
function lastSilence({ words, code }: Silence): TransientError {
  return new TransientError(words, code === undefined ? {} : { code })
}
