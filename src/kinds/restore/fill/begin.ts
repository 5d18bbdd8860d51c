// The rungs from a plan to the first change: the finalizer, then the data is unpacked. Pure.
import { restoreFinalizer, restoreReasons } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { jobNameOf } from '../../../reconcile/job/template.ts'
import { pauses } from '../status/pauses.ts'
import { step, unchanged } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** The object comes back with it, and the next pass goes on. A drill leaves nothing behind but Jobs, which are its own. */
export const finalizerMissing: Rung = ({ restore: { metadata, spec } }) => {
  if (spec.target.scratch !== undefined || metadata.finalizers?.includes(restoreFinalizer) === true) return undefined
  return unchanged({
    effects: [{ kind: 'AddFinalizer', finalizer: restoreFinalizer }],
    againMs: pauses.finalizerMs,
  })
}

/** From this write on snapshots and upgrades of the server wait. Nothing is made before it. */
export const begin: Rung = ({ restore }, nowMs) => {
  const { spec, status } = restore
  const claimName = status?.plan?.newClaim?.claimName ?? spec.target.claim?.name
  if (claimName === undefined || spec.target.scratch !== undefined) return undefined
  return step({
    phase: 'Filling',
    reason: restoreReasons.Filling,
    message: `The data is being unpacked on claim ${claimName}.`,
    changes: { fill: { attempt: 1, jobName: jobNameOf(restore, 'fill-1'), claimName, startedAt: instant(nowMs) } },
    againMs: pauses.nextMs,
  })
}
