// Says which claims a restore has made, and which of those nobody but the restore misses. Pure.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { restoredFromAnnotation, restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { generationOf } from '../../../reconcile/names/data-claim.ts'

export const isOf = ({ metadata: { uid } }: MeiliRestore, claim: V1PersistentVolumeClaim): boolean =>
  claim.metadata?.labels?.[restoreUidLabel] === uid

/** Clocks of two API servers. */
const skewMs = 60_000

/**
 * Made by this restore, and never the data: nobody but the restore misses it. A label is no proof, as whoever may change claims may write one: what is
 * older than the restore, or has a restore's mark, which comes with the exchange, is somebody's data.
 */
export function isFilledOnly(restore: MeiliRestore, claim: V1PersistentVolumeClaim): boolean {
  const { name } = restore.spec.target.inPlace?.instanceRef ?? {}
  const { creationTimestamp, annotations } = claim.metadata ?? {}
  const isOlder = Date.parse(String(creationTimestamp)) < Date.parse(restore.metadata.creationTimestamp) - skewMs
  return (
    name !== undefined &&
    isOf(restore, claim) &&
    !isOlder &&
    annotations?.[restoredFromAnnotation] === undefined &&
    generationOf({ metadata: { name } }, claim) === undefined
  )
}
