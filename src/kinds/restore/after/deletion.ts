// The end of a MeiliRestore, and of what it made and nobody uses: Jobs, the claim that was filled in vain, its finalizer. Pure.
import { restoreFinalizer } from '../../../api/restore.ts'
import type { RestoreObservation } from '../observation.ts'
import { deletions } from '../status/job.ts'
import { isFilledOnly } from '../status/own-claim.ts'
import { pauses } from '../status/pauses.ts'
import { unchanged } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'

/** Outside the exchange, which goes to its end first. What is the data, or was, stays. */
export const beingDeleted: Rung = (observation) => {
  const { restore, mover } = observation
  if (restore.metadata.deletionTimestamp === undefined) return undefined
  if (!hasFinalizer(observation)) return unchanged()
  if (mover.jobs.length > 0) return unchanged({ effects: deletions(mover.jobs), againMs: pauses.changeMs })
  return removeFilled(observation) ?? removeFinalizer()
}

/** Of a restore that has ended: nobody will make the data of what it filled and did not exchange. */
export const leftovers: Rung = (observation) => {
  if (!hasFinalizer(observation)) return undefined
  return (
    removeFilled(observation) ??
    (observation.restore.metadata.deletionTimestamp === undefined ? removeFinalizer() : undefined)
  )
}

const hasFinalizer = ({ restore: { metadata } }: RestoreObservation): boolean =>
  metadata.finalizers?.includes(restoreFinalizer) === true

const removeFinalizer = (): Verdict =>
  unchanged({ effects: [{ kind: 'RemoveFinalizer', finalizer: restoreFinalizer }], againMs: pauses.finalizerMs })

function removeFilled({ restore, target }: RestoreObservation): Verdict | undefined {
  const claim = target.claims.find(
    (candidate) => candidate.metadata?.deletionTimestamp === undefined && isFilledOnly(restore, candidate),
  )
  if (claim === undefined) return undefined
  const { name = '', uid = '', resourceVersion = '' } = claim.metadata ?? {}
  return unchanged({
    effects: [{ kind: 'DeleteClaim', claim: { name, uid, resourceVersion } }],
    againMs: pauses.changeMs,
  })
}
