// Ties the slots to the loop: what a pass has claimed and not used is free again when it ends.
import { Conflict } from '../../../../errors.ts'
import type { Perform } from '../../../../reconcile/kind.ts'
import type { Reconcile } from '../../../../reconcile/reconciler.ts'
import { keyOf } from './holders.ts'
import type { Slots } from './slots.ts'

export function performWithin(slots: Slots, perform: Perform): Perform {
  return async (effect, subject) => {
    if (effect.kind !== 'CreateJob') return await perform(effect, subject)
    const key = keyOf(subject.object)
    // Before: where no reply comes, the Job may have been made.
    slots.use(key)
    const fact = await perform(effect, subject)
    if (fact?.kind === 'Refused') slots.release(key)
    return fact
  }
}

export function reconcileWithin(slots: Slots, reconcile: Reconcile): Reconcile {
  return async (key, reconcileID) => {
    let hasFailed = true
    try {
      const result = await reconcile(key, reconcileID)
      hasFailed = false
      return result
    } catch (error) {
      // Somebody else wrote: the next pass is here in a moment.
      hasFailed = !(error instanceof Conflict)
      throw error
    } finally {
      slots.passEnded(key, hasFailed)
    }
  }
}
