// The one place that makes timers. Node fires one that is set for more than 24.8 days after 1 ms, and only warns; these wait for as long as they are asked to.
// It knows no other file, and nothing of what it wakes.

/** Of a timer of Node; a later time is approached in steps. */
const longestStepMs = 2 ** 31 - 1

export interface Timer {
  cancel(): void
  /** Counts the whole delay from now. */
  restart(): void
}

interface Options {
  /** False: the process may end before it fires. */
  readonly keepsAlive?: boolean
}

/** Calls `run` once. @throws RangeError for a delay that is no number: Node would fire at once, for ever where each call sets the next */
export function startTimer(run: () => void, delayMs: number, { keepsAlive = true }: Options = {}): Timer {
  if (Number.isNaN(delayMs)) throw new RangeError('a timer was asked for that has no delay')
  let timer: NodeJS.Timeout | undefined
  const approach = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, longestStepMs)
    timer = setTimeout(() => (leftMs > stepMs ? approach(leftMs - stepMs) : run()), stepMs)
    if (!keepsAlive) timer.unref()
  }
  const cancel = (): void => clearTimeout(timer)
  approach(delayMs)
  return {
    cancel,
    restart: () => {
      cancel()
      approach(delayMs)
    },
  }
}

/** Calls `run` again and again, first after `everyMs`. */
export function startInterval(run: () => void, everyMs: number, options: Options = {}): Pick<Timer, 'cancel'> {
  const timer = startTimer(
    () => {
      timer.restart()
      run()
    },
    everyMs,
    options,
  )
  return timer
}

/** Resolves after the time, or when the signal ends it. */
export async function pause(
  delayMs: number,
  { signal, ...options }: Options & { readonly signal?: AbortSignal } = {},
): Promise<void> {
  if (signal?.aborted === true) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = (): void => resolve()
  const timer = startTimer(end, delayMs, options)
  signal?.addEventListener('abort', end, { once: true })
  await promise
  signal?.removeEventListener('abort', end)
  timer.cancel()
}

/** `AbortSignal.timeout`, which keeps no process alive, for any time. */
export function abortAfter(delayMs: number): AbortSignal {
  if (delayMs <= longestStepMs) return AbortSignal.timeout(Math.max(0, Math.ceil(delayMs)))
  const end = new AbortController()
  startTimer(() => end.abort(new DOMException('The time is over', 'TimeoutError')), delayMs, { keepsAlive: false })
  return end.signal
}
