// The loop shared by all kinds: get → observe → decide → write status → perform effects → requeue.
// Status says what was seen. What an effect changes is seen on the next pass, or applied at once where the world answered with a fact.
import type { KindReconciler, Loop, Primary } from './kind.ts'
import { Pass } from './pass.ts'
import { ReplacedVersions } from './replaced-versions.ts'

/** `reconcileID` stands in each line of the log that is about this pass. */
export type Reconcile = (key: string, reconcileID?: string) => Promise<{ requeueAfterMs?: number; isStale?: boolean }>

/** The watch brings what a pass wrote, and wakes the object; this is for a watch that is slow. */
const staleAgainMs = 1000

/**
 * A pass on a stale cache gets a Conflict at its status write, before any effect; a pass that changes nothing writes nothing.
 * What is known to be stale, because this process has replaced it itself, is not worth a pass.
 * @throws what the edges throw; the queue decides by class
 */
export function reconcilerOf<P extends Primary<Status>, Observation, Status extends object>(
  kind: KindReconciler<P, Observation, Status>,
  loop: Loop<P>,
): Reconcile {
  const replaced = new ReplacedVersions()
  return async (key, reconcileID) => {
    const primary = loop.get(key)
    if (replaced.has(key, primary?.metadata.resourceVersion)) return { requeueAfterMs: staleAgainMs, isStale: true }
    if (primary === undefined) return {}
    const pass = new Pass(kind, loop, { primary, replaced: (version) => replaced.add(key, version) })
    const observation = await pass.observe(reconcileID)
    const nowMs = loop.nowMs()
    const decided = kind.decide(observation, nowMs)
    const { decision, withdraw } = kind.admit?.(observation, decided, nowMs) ?? { decision: decided }
    pass.withdraw = withdraw
    try {
      await pass.write(decision.status)
      for (const effect of decision.effects) await pass.perform(effect)
    } finally {
      pass.log(reconcileID)
    }
    return decision.requeueAfterMs === undefined ? {} : { requeueAfterMs: decision.requeueAfterMs }
  }
}
