// What status says of a snapshot and its slot: that it waits for one, or that its mover was begun. Pure.
import { isFinished } from '../../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { moverJobName } from '../../job/commands/move.ts'

/** Of each kind as many as MAX_MOVERS may run at once; streams are movers with a limit of their own beside that. */
export type Pool = 'movers' | 'deletions'

export interface Standing {
  readonly pool: Pool
  readonly is: 'waiting' | 'begun'
  readonly job: string
}

/** Undefined: it has to do with no slot, or not yet. */
export function standingOf(snapshot: MeiliSnapshot): Standing | undefined {
  const { metadata, status } = snapshot
  const { deleteArtifact } = status ?? {}
  // Of one that is deleted, or that expires.
  if (metadata.deletionTimestamp !== undefined || deleteArtifact !== undefined) {
    return deleteArtifact === undefined || deleteArtifact.abandoned !== undefined
      ? undefined
      : { pool: 'deletions', is: begunUnless(deleteArtifact.queuedAt), job: deleteArtifact.jobName }
  }
  const { move, artifact } = status ?? {}
  if (move === undefined || artifact !== undefined || isFinished(snapshot)) return undefined
  if (move.queuedAt === undefined && move.node === undefined) return undefined
  return { pool: 'movers', is: begunUnless(move.queuedAt), job: move.jobName }
}

const begunUnless = (queuedAt: string | undefined): Standing['is'] => (queuedAt === undefined ? 'begun' : 'waiting')

/** Since when it waits. */
export function queuedAtOf({ metadata, status }: MeiliSnapshot): string | undefined {
  const isDeletion = metadata.deletionTimestamp !== undefined || status?.deleteArtifact !== undefined
  return isDeletion ? status?.deleteArtifact?.queuedAt : status?.move?.queuedAt
}

/** The Job that a pass would make next. */
export function nextJobOf(snapshot: MeiliSnapshot, pool: Pool): string {
  const { move, deleteArtifact } = snapshot.status ?? {}
  return (pool === 'deletions' ? deleteArtifact : move)?.jobName ?? moverJobName(snapshot, 1)
}

/** Sorts by age. */
export const ageOf = ({ metadata }: MeiliSnapshot): string => `${metadata.creationTimestamp} ${metadata.uid}`
