// Says when the stored files of a snapshot are to go (spec.expiresAfter), and whether their removal has begun. Pure.
import { durationMs } from '../../../api/meta.ts'
import type { ObjectMeta } from '../../../api/meta.ts'
import { isPinned } from '../../../api/schedule.ts'
import type { MeiliSnapshotSpec, MeiliSnapshotStatus } from '../../../api/snapshot.ts'

/** What is read of it, also of one of which the cache keeps little. */
export interface Expiring {
  readonly metadata: Pick<ObjectMeta, 'creationTimestamp' | 'annotations'>
  readonly spec: Pick<MeiliSnapshotSpec, 'expiresAfter'>
  readonly status?: Pick<MeiliSnapshotStatus, 'phase' | 'completedAt'> | undefined
}

const hourMs = 3_600_000
/** So that a clock that was set meanwhile, or a word that was not heard, puts nothing off for ever. */
const longestRestMs = 6 * hourMs

/** Undefined where it never is: no such wish, nothing stored, or a person keeps it. By two clocks, ours and the API server's, as neither may have been right. */
export function expiresAtMs(snapshot: Expiring): number | undefined {
  const { metadata, spec, status } = snapshot
  if (spec.expiresAfter === undefined || status?.phase !== 'Completed' || isPinned(metadata)) return undefined
  const sinceMs = Math.max(Date.parse(status.completedAt ?? ''), Date.parse(metadata.creationTimestamp))
  return Number.isNaN(sinceMs) ? undefined : sinceMs + durationMs(spec.expiresAfter)
}

/** When one that is not due is looked at again; undefined: not before somebody changes it. Not above 0 where it is due. */
export function expiryRestMs(snapshot: Expiring, nowMs: number): number | undefined {
  if (snapshot.spec.expiresAfter === undefined || snapshot.status?.phase !== 'Completed') return undefined
  if (isPinned(snapshot.metadata)) return longestRestMs
  const atMs = expiresAtMs(snapshot)
  return atMs === undefined ? undefined : Math.min(longestRestMs, atMs - nowMs)
}

/** From then on a Job may have removed something: nothing takes it back. One that the API server refused never was. */
export function isRemovalBegun({ expiry, deleteArtifact }: Partial<MeiliSnapshotStatus> = {}): boolean {
  if (expiry === undefined || deleteArtifact === undefined) return false
  const { attempt, startedAt, failure } = deleteArtifact
  return attempt > 1 || (startedAt !== undefined && failure === undefined)
}
