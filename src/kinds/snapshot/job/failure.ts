// Says what a mover's failure means for its snapshot: why, and what may end better. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { SnapshotReason } from '../../../api/snapshot.ts'
import { exitCodes } from '../../../mover/contract.ts'
import type { MoverResult } from '../../../mover/contract.ts'
import { sizeText } from '../../../reconcile/format.ts'

export interface MoverFailure {
  readonly reason: SnapshotReason
  /** What may end better: nothing; another mover, counted or not; or another snapshot. */
  readonly cure: 'None' | 'Mover' | 'MoverUncounted' | 'Snapshot'
  readonly message: string
  /** It was killed in the middle, and could not remove what it had begun. */
  readonly isKilled: boolean
}

/** By exit code; what is not listed here may pass, and is counted. */
const cures: Readonly<Partial<Record<number, Pick<MoverFailure, 'reason' | 'cure'>>>> = {
  [exitCodes.badConfiguration]: { reason: snapshotReasons.MoverFailed, cure: 'None' },
  [exitCodes.destinationConflict]: { reason: snapshotReasons.DestinationConflict, cure: 'None' },
  [exitCodes.permissionDenied]: { reason: snapshotReasons.SourceNotReadable, cure: 'None' },
  [exitCodes.tooLarge]: { reason: snapshotReasons.StreamTooLarge, cure: 'None' },
  [exitCodes.toolsMissing]: { reason: snapshotReasons.StreamToolsMissing, cure: 'None' },
  [exitCodes.streamBroken]: { reason: snapshotReasons.MoverFailed, cure: 'MoverUncounted' },
  [exitCodes.superseded]: { reason: snapshotReasons.Superseded, cure: 'MoverUncounted' },
  [exitCodes.terminated]: { reason: snapshotReasons.MoverFailed, cure: 'MoverUncounted' },
  [exitCodes.archiveBad]: { reason: snapshotReasons.ArchiveCorrupt, cure: 'Snapshot' },
}

/** Needed and free as people read them. */
function spaceText({ message, space }: MoverResult): string {
  return space === undefined || space.freeBytes >= space.neededBytes
    ? message
    : `The destination has ${sizeText(space.freeBytes)} free, and the copy needs ${sizeText(space.neededBytes)}. Free some space or enlarge the claim.`
}

/** A file that is not there comes by no attempt; one that no batch wrote is replaced by another snapshot. */
export function failureOf(result: MoverResult): MoverFailure {
  const { exitCode, message, modifiedAt } = result
  const isKilled = !Object.values<number>(exitCodes).includes(exitCode)
  if (exitCode === exitCodes.noSpace)
    return { reason: snapshotReasons.InsufficientSpace, cure: 'MoverUncounted', message: spaceText(result), isKilled }
  if (exitCode === exitCodes.sourceMissing)
    return {
      reason: snapshotReasons.SourceMissing,
      cure: modifiedAt === undefined ? 'None' : 'Snapshot',
      message,
      isKilled,
    }
  return { ...(cures[exitCode] ?? { reason: snapshotReasons.MoverFailed, cure: 'Mover' as const }), message, isKilled }
}
