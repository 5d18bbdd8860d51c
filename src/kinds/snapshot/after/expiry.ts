// Past spec.expiresAfter: the stored files are removed, and the object stays as a tombstone (docs/decisions/0038-tombstones.md). Pure.
import { snapshotFinalizer, snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { artifactPath } from '../job/artifact-path.ts'
import { deletions } from '../job/end.ts'
import type { SnapshotObservation } from '../observation.ts'
import { expiresAtMs, isRemovalBegun } from '../status/expires.ts'
import { pauses } from '../status/pauses.ts'
import { sentence } from '../../../api/status/text.ts'
import { expired, expiring } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { beginRemoval, removeArtifact } from './delete-artifact.ts'
import { hasFinalizer } from './deletion.ts'

/** Between the first look that finds the time to be over and the first Job: for a person to object, and for a clock to be set right. */
const noticeMs = 60_000

/** Announced, then removed by the path of deletionPolicy Delete, each step on record before it is done. Until the first Job is to be made, whoever pins it or changes the time is heard. */
export function pastExpiry(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot } = observation
  const { status } = snapshot
  if (status?.phase !== 'Completed') return undefined
  // Both clocks must say so: a leap of one alone removes nothing.
  const atMs = Math.min(nowMs, observation.apiServerMs ?? nowMs)
  if (isRemovalBegun(status)) return remove(observation, atMs)
  const dueMs = expiresAtMs(snapshot)
  if (dueMs === undefined || atMs < dueMs) return status.expiry === undefined ? undefined : withdraw()
  const noticeLeftMs = Date.parse(status.expiry?.announcedAt ?? '') + noticeMs - atMs
  // Announced by a clock that was ahead counts as not announced.
  if (status.expiry === undefined || noticeLeftMs > noticeMs) return announce(snapshot, atMs)
  if (noticeLeftMs > 0) return expiring({}, { effects: requireFinalizer(snapshot), againMs: noticeLeftMs })
  return remove(observation, atMs)
}

function announce(snapshot: MeiliSnapshot, atMs: number): Verdict {
  return expiring(
    { expiry: { announcedAt: instant(atMs) } },
    { effects: requireFinalizer(snapshot), againMs: noticeMs },
  )
}

/** A deletion waits until what was begun has ended. */
function requireFinalizer(snapshot: MeiliSnapshot): Effect[] {
  return hasFinalizer(snapshot) ? [] : [{ kind: 'AddFinalizer', finalizer: snapshotFinalizer }]
}

/** Pinned meanwhile, or not due any more: as if nothing had been. */
function withdraw(): Verdict {
  return expiring({ expiry: undefined, deleteArtifact: undefined }, { againMs: pauses.nextMs })
}

function remove(observation: SnapshotObservation, atMs: number): Verdict {
  const { snapshot } = observation
  if (!hasFinalizer(snapshot)) return expiring({}, { effects: requireFinalizer(snapshot), againMs: pauses.finalizerMs })
  if (snapshot.status?.deleteArtifact === undefined) return asExpiring(beginRemoval(snapshot, atMs))
  const verdict = removeArtifact(observation, atMs)
  return verdict === undefined ? end(observation, atMs) : asExpiring(verdict)
}

/** What the removal says, with the conditions of an expiry. */
function asExpiring(verdict: Verdict): Verdict {
  if (verdict.is === 'noted') return expiring(verdict.changes, verdict)
  return verdict.is === 'unchanged' ? expiring({}, verdict) : verdict
}

function end({ snapshot, mover }: SnapshotObservation, atMs: number): Verdict {
  const { abandoned } = snapshot.status?.deleteArtifact ?? {}
  const { path, directory } = artifactPath(snapshot)
  const { spec, status } = snapshot
  const stored = `${status?.artifact?.size ?? ''}, sha256 ${status?.artifact?.sha256 ?? ''}, was on claim ${spec.destination.claim.name} at ${path}/${directory}, stored ${status?.completedAt ?? ''}.`
  const why = spec.expiresAfter === undefined ? 'expiresAfter was over' : `expiresAfter (${spec.expiresAfter}) was over`
  const endedAt = instant(atMs)
  const expiry = { announcedAt: status?.expiry?.announcedAt ?? endedAt, endedAt }
  const effects = mover.job === undefined ? [] : deletions([mover.job])
  if (abandoned === undefined)
    return expired({
      available: 'False',
      reason: snapshotReasons.Expired,
      message: `${stored} Removed ${endedAt}, as ${why}.`,
      changes: { expiry: { ...expiry, outcome: 'Removed' } },
      effects,
    })
  return expired({
    available: 'Unknown',
    reason: snapshotReasons.ExpiryAbandoned,
    message: `As ${why}, the stored files were to go: ${sentence(abandoned)} Some or all of them may still be there. Remove them by hand; or set deletionPolicy: Delete and delete this object, and it is tried again.`,
    changes: { expiry: { ...expiry, outcome: 'Abandoned' } },
    effects,
  })
}
