// Builds the status of a snapshot whose stored files go past spec.expiresAfter, and of the tombstone that stays. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { snapshotConditions, snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotReason } from '../../../api/snapshot.ts'
import { conditionsOf } from '../../../api/status/conditions.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import type { Changes } from './status.ts'
import { redact, sentence } from '../../../api/status/text.ts'

export interface ExpiredEnd {
  /** Whether the files are there. */
  readonly available: 'False' | 'Unknown'
  readonly reason: SnapshotReason
  /** What was where, and what became of it. */
  readonly message: string
  readonly changes: Changes
}

const { ArtifactAvailable, Complete, Failed } = snapshotConditions

/** Still Completed, as it is whole until the first Job; whoever would use the files sees that they may go at any moment. */
export function expiringStatus(snapshot: MeiliSnapshot, changes: Changes, nowMs: number): MeiliSnapshotStatus {
  const status = { ...snapshot.status, ...changes }
  const kept = (status.conditions ?? []).filter(({ type }) => type !== ArtifactAvailable)
  const { path = '', claimName = '' } = status.artifact ?? {}
  const { failure } = status.deleteArtifact ?? {}
  const going: Wanted = {
    type: ArtifactAvailable,
    status: 'Unknown',
    reason: snapshotReasons.ExpiringArtifact,
    message: `expiresAfter is over: ${path} on claim ${claimName} is being removed.${failure === undefined ? '' : ` Last: ${sentence(failure)} It is tried again.`}`,
  }
  return withConditions(
    snapshot,
    { ...status },
    { wanted: status.deleteArtifact === undefined ? kept : [...kept, going], nowMs },
  )
}

/** It was a success, and stays one. */
export function expiredStatus(
  snapshot: MeiliSnapshot,
  { available, reason, message, changes }: ExpiredEnd,
  nowMs: number,
): MeiliSnapshotStatus {
  const said = { reason: snapshotReasons.Expired, message: redact(message, 2000) }
  const wanted: readonly Wanted[] = [
    { ...said, type: conditionTypes.Ready, status: 'True' },
    { ...said, type: Complete, status: 'True' },
    { ...said, type: Failed, status: 'False' },
    { ...said, type: ArtifactAvailable, status: available, reason },
  ]
  const status = { ...snapshot.status, ...changes, deleteArtifact: undefined, phase: 'Expired' as const }
  return withConditions(snapshot, status, { wanted, nowMs })
}

function withConditions(
  { metadata: { generation }, status: before }: MeiliSnapshot,
  status: MeiliSnapshotStatus,
  { wanted, nowMs }: { readonly wanted: readonly Wanted[]; readonly nowMs: number },
): MeiliSnapshotStatus {
  return {
    ...status,
    observedGeneration: generation,
    conditions: conditionsOf(before?.conditions, wanted, { generation, nowMs }),
  }
}
