// Says which Jobs of a snapshot that has ended are removed. Pure.
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { removesArtifact, sweepName } from '../job/commands/delete-artifact.ts'
import type { JobLeft } from '../observation.ts'

/** Of a Completed or Expired one all, at once; but what removes the files of one that expires, whose end the snapshot's own pass sees, works on. Of a Failed one the last mover stays for as long as it lives after its end, so that its log can be read, unless it holds volumes; a sweep does its work first. */
export function removeFinishedMovers(snapshot: KnownSnapshot, left: readonly JobLeft[]): Effect[] {
  const sweep = sweepName(snapshot)
  const last = left.filter(({ name }) => name !== sweep).toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))[0]
  const stays = (job: JobLeft): boolean => {
    if (snapshot.status?.phase === 'Completed') return removesArtifact(snapshot, job)
    if (snapshot.status?.phase === 'Expired') return false
    if (job.name === sweep) return job.removesItself || !job.isOver
    return job.removesItself && job.isOver && job === last
  }
  return left.filter((job) => !stays(job)).map(({ name, uid }) => ({ kind: 'DeleteJob', name, uid }))
}
