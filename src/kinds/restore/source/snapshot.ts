// The rungs of a source that is a MeiliSnapshot: it exists, has completed, has its files; and the claim on which they are. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { isFinished } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { conditionNamed, instant } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'
import { whyUnusable } from '../status/usable.ts'
import { deletions } from '../status/job.ts'
import { pauses } from '../status/pauses.ts'
import { failed, step, waiting } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

export const snapshotUnusable: Rung = ({ source, mover }) => {
  const why = source.is === 'snapshot' ? whyUnusable(source.snapshot) : undefined
  return why === undefined
    ? undefined
    : failed({ reason: restoreReasons.SourceUnusable, message: why, effects: deletions(mover.jobs) })
}

export const sourceMissing: Rung = ({ source }) =>
  source.is === 'missing' ? waiting({ reason: restoreReasons.SourceNotFound, message: source.why }) : undefined

export const snapshotNotReady: Rung = ({ source }) => {
  if (source.is !== 'snapshot' || isFinished(source.snapshot)) return undefined
  const { metadata, status } = source.snapshot
  const ready = conditionNamed(status?.conditions, conditionTypes.Ready)
  return waiting({
    reason: restoreReasons.SourceNotReady,
    message: `MeiliSnapshot ${metadata.name} has not completed: ${sentence(ready?.message ?? 'it has not been looked at yet')}`,
  })
}

export const sourceClaimMissing: Rung = ({ restore, sourceClaim }) => {
  const { namespace } = restore.metadata
  if (sourceClaim.name === undefined || sourceClaim.claim !== undefined) return undefined
  return waiting({
    reason: restoreReasons.SourceNotFound,
    message: `Claim ${sourceClaim.name}, on which the source is, does not exist in namespace ${namespace}.`,
  })
}

export const snapshotFound: Rung = ({ restore, source }, nowMs) => {
  const resolved = source.is === 'snapshot' ? resolvedFrom(source.snapshot, nowMs) : undefined
  if (resolved === undefined) return undefined
  return step({
    phase: 'Pending',
    reason: restoreReasons.Resolving,
    message: `MeiliSnapshot ${resolved.name} is what is restored.`,
    changes: { resolved, startedAt: restore.status?.startedAt ?? instant(nowMs) },
    againMs: pauses.nextMs,
  })
}

function resolvedFrom(
  { metadata: { name, uid }, status = {} }: MeiliSnapshot,
  nowMs: number,
): MeiliRestoreStatus['resolved'] {
  const { artifact, task } = status
  if (artifact === undefined) return undefined
  const { claimName, path, fileName, sizeBytes, size, sha256, meilisearchVersion } = artifact
  const { indexes, documents, countsExact, tasksEnqueued, uncompressedBytes } = artifact
  return {
    name,
    snapshot: { name, uid },
    claimName,
    path,
    fileName,
    sizeBytes,
    size,
    sha256,
    meilisearchVersion,
    indexes,
    documents,
    countsExact,
    tasksEnqueued,
    uncompressedBytes,
    // Both times are the engine's own, as are those of its keys.
    ...(task?.startedAt === undefined ? {} : { takenAt: task.startedAt }),
    resolvedAt: instant(nowMs),
  }
}
