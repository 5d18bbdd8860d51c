// Names the claim on which the data is unpacked, and says how large it is. Pure.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import type { ManagedServer } from '../../../api/instance.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { dataClaimName, generationOf } from '../../../reconcile/names/data-claim.ts'
import type { RestoreObservation } from '../observation.ts'
import { isOf } from '../status/own-claim.ts'

type NewClaim = NonNullable<NonNullable<MeiliRestoreStatus['plan']>['newClaim']>

/** The next generation, under a name that is free: a claim that another restore has left without a number keeps its own. Its own it takes again. */
export function newClaimOf({ restore, target }: RestoreObservation): NewClaim | undefined {
  const name = restore.spec.target.inPlace?.instanceRef.name
  if (name === undefined) return undefined
  const named = { metadata: { name } }
  const isTaken = (claimName: string): boolean =>
    target.claims.some(
      (claim) =>
        claim.metadata?.name === claimName && !(isOf(restore, claim) && generationOf(named, claim) === undefined),
    )
  let generation = (target.data[0]?.generation ?? 0) + 1
  while (isTaken(dataClaimName(named, generation))) generation += 1
  return { claimName: dataClaimName(named, generation), generation }
}

export const requestedBytes = ({ spec }: V1PersistentVolumeClaim): number =>
  sizeBytes(spec?.resources?.requests?.['storage'] ?? 0)

/** Beside the data itself: for the file system, and so that a server can begin to work. */
const reserveBytes = 64 * 1024 * 1024
const reserveShare = 0.1

/** Undefined where nobody knows how large the database is: then the mover reads the file through, and says it. */
export function neededBytes({ status }: MeiliRestore): number | undefined {
  const bytes = status?.resolved?.uncompressedBytes
  return bytes === undefined ? undefined : bytes + Math.max(reserveBytes, Math.ceil(bytes * reserveShare))
}

/** At least what spec asks for. @param needed in bytes */
export const claimBytes = ({ storage }: ManagedServer, needed: number | undefined): number =>
  Math.max(sizeBytes(storage.size ?? 0), needed ?? 0)

/** What a claim of `askedBytes` is to ask for, on which a mover found too little: undefined where more of it would not help, as it had room by its own word. */
export function largerNeed(
  askedBytes: number,
  { neededBytes: needed }: { readonly neededBytes: number },
): number | undefined {
  const most = Math.ceil(needed * 1.5)
  return askedBytes >= most ? undefined : Math.min(most, Math.ceil(Math.max(needed * 1.1, askedBytes * 1.25)))
}
