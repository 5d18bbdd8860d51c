// Takes keys from the queue, reconciles them, and turns each outcome into the next step of the queue.
import { randomUUID } from 'node:crypto'
import { Conflict, TerminalError, TransientError } from '../errors.ts'
import type { ControllerMetrics, Log, Outcome } from './edges.ts'
import type { WorkQueue } from './workqueue.ts'

export interface Result {
  readonly requeueAfterMs?: number
  /** The cache was behind: nothing was looked at, so nothing says that what failed before would not fail again. */
  readonly isStale?: boolean
}

export interface Controller {
  readonly name: string
  /** What its keys stand for, as the log names it. */
  readonly kind: string
  readonly queue: WorkQueue
  readonly reconcile: (key: string, reconcileID: string) => Promise<Result>
  readonly workers: number
  readonly logger: Pick<Log, 'warn' | 'error'>
  readonly metrics: ControllerMetrics
}

/** A refusal seldom goes away by itself; a change of the object wakes us sooner. */
const terminalAgainMs = 60_000

/** One reconcile; its lines in the log share the id. */
interface Pass {
  readonly key: string
  readonly reconcileID: string
}

type Ended = { readonly result: Result } | { readonly error: unknown }

/** Resolves when the queue is closed and each worker has finished its key. */
export async function runController(controller: Controller): Promise<void> {
  controller.metrics.declareController(controller.name)
  await Promise.all(Array.from({ length: controller.workers }, () => work(controller)))
}

async function work(controller: Controller): Promise<void> {
  const { queue, metrics, name } = controller
  for (let taken = await queue.take(); taken !== undefined; taken = await queue.take()) {
    metrics.observeWait(name, taken.waitedMs / 1000)
    const started = performance.now()
    const pass = { key: taken.key, reconcileID: randomUUID() }
    const outcome = settle(controller, pass, await attempt(controller, pass))
    metrics.observeReconcile(name, outcome, (performance.now() - started) / 1000)
    queue.finish(taken.key)
  }
}

async function attempt({ reconcile }: Controller, { key, reconcileID }: Pass): Promise<Ended> {
  try {
    const result = await reconcile(key, reconcileID)
    // Computed from a date that is none. A timer would fire at once, pass for pass.
    if (Number.isNaN(result.requeueAfterMs)) throw new RangeError('the pass asked for another one after NaN ms')
    return { result }
  } catch (error) {
    return { error }
  }
}

/** The one place that says what follows from an outcome. All that failed waits longer each time, until a pass has gone through. */
function settle(
  { kind, queue, logger }: Pick<Controller, 'kind' | 'queue' | 'logger'>,
  { key, reconcileID }: Pass,
  ended: Ended,
): Outcome {
  // A key without a slash is the name of what is in no namespace.
  const [name, namespace] = key.split('/').toReversed()
  const about = { kind, namespace, name, reconcileID }
  const outcome = outcomeOf(ended)
  const error = 'error' in ended ? ended.error : undefined
  const { requeueAfterMs = 0, isStale = false } = 'result' in ended ? ended.result : {}
  switch (outcome) {
    case 'success':
      queue.forget(key)
      break
    case 'requeue':
      if (!isStale) queue.forget(key)
      queue.addAfter(key, requeueAfterMs)
      break
    case 'conflict':
      // Somebody was quicker. The watch brings the news in a moment and wakes the key at once; while it does not, each try would end so.
      queue.addRateLimited(key)
      break
    case 'transient':
      logger.warn({ ...about, failures: queue.failures(key) + 1, reason: messageOf(error) }, 'will try again')
      queue.addRateLimited(key, error instanceof TransientError ? error.retryAfterMs : undefined)
      break
    case 'terminal':
      logger.error({ ...about, reason: messageOf(error) }, 'refused; waiting for a change')
      queue.addRateLimited(key, terminalAgainMs)
      break
    case 'bug':
      logger.error({ ...about, err: error }, 'unexpected error')
      queue.addRateLimited(key)
      break
  }
  return outcome
}

function outcomeOf(ended: Ended): Outcome {
  if ('result' in ended) return ended.result.requeueAfterMs === undefined ? 'success' : 'requeue'
  if (ended.error instanceof Conflict) return 'conflict'
  if (ended.error instanceof TransientError) return 'transient'
  return ended.error instanceof TerminalError ? 'terminal' : 'bug'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
