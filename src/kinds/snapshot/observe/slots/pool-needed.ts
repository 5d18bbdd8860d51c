// Whether this pass may make a Job of which only some may run at once. Pure.
import { isFinished } from '../../../../api/snapshot.ts'
import type { SnapshotObservation } from '../../observation.ts'
import type { Pool } from './standing.ts'

/** Rather once too often: what is not used is given back at the end of the pass. */
export function poolNeeded(seen: SnapshotObservation): Pool | undefined {
  if (seen.mover.job !== undefined) return undefined
  const { metadata, status: { deleteArtifact } = {} } = seen.snapshot
  if (metadata.deletionTimestamp === undefined && deleteArtifact === undefined)
    return isToBeMoved(seen) ? 'movers' : undefined
  return deleteArtifact !== undefined && deleteArtifact.abandoned === undefined ? 'deletions' : undefined
}

function isToBeMoved({ snapshot, engine }: SnapshotObservation): boolean {
  const { request, task, artifact } = snapshot.status ?? {}
  if (isFinished(snapshot) || request === undefined || artifact !== undefined || engine.state !== 'Answered')
    return false
  return [task, ...engine.candidates].some((known) => known?.status === 'succeeded')
}
