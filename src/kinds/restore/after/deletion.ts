// The rung of an object that is being deleted outside the exchange: its Jobs end, its claim that was never switched goes, then it may go. Pure.
import { restoreFinalizer } from '../../../api/restore.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

export function beingDeleted({ restore, mover }: RestoreObservation): Verdict | undefined {
  const { deletionTimestamp, finalizers } = restore.metadata
  if (deletionTimestamp === undefined) return undefined
  if (finalizers?.includes(restoreFinalizer) !== true) return unchanged()
  if (mover.jobs.length > 0) return unchanged({ againMs: pauses.changeMs })
  return unchanged({ effects: [{ kind: 'RemoveFinalizer', finalizer: restoreFinalizer }] })
}
