// Puts every clock and timer that the operator uses under one virtual time: also those that only its edges use (deadlines of requests).
import type { VirtualTime } from '../../runtime/virtual-time.ts'

/** Deadlines of requests that are under way. */
const deadlines = new WeakMap<AbortSignal, { cancel(): void }>()

/** The deadline of a request that was answered is no step of the simulation any more. */
export function forgetDeadline(signal: AbortSignal | undefined): void {
  if (signal !== undefined) deadlines.get(signal)?.cancel()
}

/** Until disposed. */
export function ruleAllClocks(time: VirtualTime): Disposable {
  const held = new DisposableStack()
  held.use(time.rule())
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  AbortSignal.timeout = (delayMs) => {
    const over = new AbortController()
    const end = (): void => over.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    deadlines.set(over.signal, time.setTimeout(end, delayMs))
    return over.signal
  }
  held.defer(() => (AbortSignal.timeout = timeout))
  return held
}
