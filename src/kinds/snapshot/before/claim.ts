// The rungs about the destination claim: it exists, or is made from its template, and can be written. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import { destinationClaim } from './destination-claim.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { failed, waiting } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

export function claimMissing({ snapshot, claim }: SnapshotObservation): Verdict | undefined {
  const { name, template } = snapshot.spec.destination.claim
  if (claim !== undefined) return undefined
  if (template === undefined)
    return waiting({
      reason: snapshotReasons.ClaimNotFound,
      message: `Claim ${name} does not exist in namespace ${snapshot.metadata.namespace}, and destination.claim.template does not say how to make it.`,
    })
  return waiting({
    reason: snapshotReasons.ClaimCreating,
    message: `Claim ${name} is being created from its template.`,
    effects: [{ kind: 'CreateClaim', claim: destinationClaim(snapshot, template) }],
    keepsRefusal: true,
    againMs: pauses.nextMs,
  })
}

export function claimUnusable({ claim }: SnapshotObservation): Verdict | undefined {
  const name = claim?.metadata?.name ?? ''
  const modes = claim?.spec?.accessModes ?? []
  if (claim?.spec?.volumeMode === 'Block' || !modes.some((mode) => mode.startsWith('ReadWrite')))
    return failed({
      reason: snapshotReasons.DestinationUnusable,
      message: `Claim ${name} (volumeMode ${claim?.spec?.volumeMode ?? 'Filesystem'}, ${modes.join(', ')}) is not a file system that can be written. Use another claim.`,
    })
  const isLost = claim?.status?.phase === 'Lost'
  return isLost || claim?.metadata?.deletionTimestamp !== undefined
    ? waiting({
        reason: snapshotReasons.ClaimNotReady,
        message: `Claim ${name} is ${isLost ? 'lost' : 'being deleted'}.`,
      })
    : undefined
}
