// Puts every clock and timer that the operator uses under one virtual time: also those that only its edges use (deadlines of requests).
import type { VirtualTime } from '../../runtime/virtual-time.ts'

/** Deadlines of requests that are under way, and what signals that have several reasons are made of. */
const deadlines = new WeakMap<AbortSignal, { cancel(): void }>()
const parts = new WeakMap<AbortSignal, readonly AbortSignal[]>()

/** The deadline of a request that was answered is no step of the simulation any more. */
export function forgetDeadline(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  deadlines.get(signal)?.cancel()
  for (const part of parts.get(signal) ?? []) forgetDeadline(part)
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
  const any = AbortSignal.any.bind(AbortSignal)
  AbortSignal.any = (signals) => {
    const signal = any([...signals])
    parts.set(signal, [...signals])
    return signal
  }
  held.defer(() => (AbortSignal.any = any))
  return held
}
