// Deletes the stored directory together with the object (deletionPolicy Delete). Never holds up a deletion for ever. Pure.
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/conditions.ts'
import type { Fact } from '../../../reconcile/decision.ts'
import { artifactPath } from '../job/artifact-path.ts'
import { deleteArtifactJob } from '../job/commands/delete-artifact.ts'
import { databaseOnDestination, databaseWithin, databaseText } from '../job/databases.ts'
import { lifeOf } from '../job/life.ts'
import { jobNameOf } from '../job/template.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauseAfter, pauses } from '../status/pauses.ts'
import { deletions } from '../job/end.ts'
import { redact } from '../status/text.ts'
import { noted, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { whyWaiting } from '../job/waiting.ts'

type DeleteArtifact = NonNullable<MeiliSnapshotStatus['deleteArtifact']>

const maxAttempts = 3
/** A node or a volume that does not come back in this time keeps its files. */
const giveUpAfterMs = 600_000

/** A mover that was cut off may have stored the file though nobody saw it. */
export function mustDeleteArtifact({ spec, status }: MeiliSnapshot): boolean {
  return spec.deletionPolicy === 'Delete' && (status?.artifact !== undefined || status?.move !== undefined)
}

/** Undefined once nothing is left to do: gone, or given up with the reason on record. */
export function deleteArtifact(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, mover } = observation
  if (!mustDeleteArtifact(snapshot) || snapshot.status?.deleteArtifact?.abandoned !== undefined) return undefined
  const why = whyImpossible(observation, nowMs)
  if (why !== undefined) return abandon(observation, why)
  const { deleteArtifact: begun } = snapshot.status ?? {}
  if (begun === undefined) return begin(snapshot, { attempt: 1 })
  const life = lifeOf(mover, begun.retryAt, nowMs)
  switch (life.is) {
    case 'paused':
      return unchanged({ againMs: life.restMs })
    case 'absent':
      return unchanged({
        effects: [{ kind: 'CreateJob', job: deleteArtifactJob(observation) }],
        againMs: pauses.workMs,
      })
    case 'running':
      return unchanged({ againMs: pauses.changeMs })
    case 'ended': {
      const { exitCode, message } = life.result
      if (exitCode === 0) return undefined
      if (begun.attempt >= maxAttempts) return abandon(observation, message)
      const retryAt = instant(nowMs + pauseAfter.removal(begun.attempt))
      return begin(snapshot, { attempt: begun.attempt + 1, failure: redact(message, 2000), retryAt })
    }
  }
}

function whyImpossible(observation: SnapshotObservation, nowMs: number): string | undefined {
  const { snapshot, claim, mover } = observation
  const { name } = snapshot.spec.destination.claim
  if (claim === undefined) return `Claim ${name} is gone.`
  if (claim.metadata?.deletionTimestamp !== undefined) return `Claim ${name} is being deleted.`
  if (claim.status?.phase === 'Lost') return `Claim ${name} is lost.`
  const database = whyOutOfReach(observation)
  if (database !== undefined) return database
  if (nowMs - Date.parse(snapshot.metadata.deletionTimestamp ?? '') <= giveUpAfterMs) return undefined
  return `It took longer than 10 minutes. ${whyWaiting(mover) ?? snapshot.status?.deleteArtifact?.failure ?? ''}`.trim()
}

/** The claim was given to a server after the file was stored. Where its database cannot be kept out of the mount, or nothing is known to be there to be mounted, the file stays. */
function whyOutOfReach(seen: SnapshotObservation): string | undefined {
  const { snapshot, databases } = seen
  const { name } = snapshot.spec.destination.claim
  const there = databaseOnDestination(seen)
  if (there === undefined) return undefined
  if (snapshot.status?.artifact === undefined)
    return `${databaseText(there)} That anything was stored is not on record, and the whole claim is not searched beside a database.`
  const inTheWay = databaseWithin(databases, { claimName: name, directory: artifactPath(snapshot).path })
  return inTheWay === undefined ? undefined : `${databaseText(inTheWay)} The directory cannot be mounted without it.`
}

function begin(snapshot: MeiliSnapshot, next: Pick<DeleteArtifact, 'attempt' | 'failure' | 'retryAt'>): Verdict {
  return noted(
    { deleteArtifact: { ...next, jobName: jobNameOf(snapshot, `delete-artifact-${next.attempt}`) } },
    { againMs: pauses.nextMs },
  )
}

/** A namespace that is being deleted takes no new Job: then the object must not wait for one. */
export function deleteArtifactRefused(
  snapshot: MeiliSnapshot,
  before: DeleteArtifact,
  { message, cause }: Pick<Extract<Fact, { kind: 'Refused' }>, 'message' | 'cause'>,
): DeleteArtifact {
  const abandoned = whatStays(snapshot, 'The namespace is being deleted.')
  return {
    ...before,
    failure: redact(message, 2000),
    ...(cause === 'NamespaceTerminating' ? { abandoned } : {}),
  }
}

function whatStays(snapshot: MeiliSnapshot, why: string): string {
  const { path, directory } = artifactPath(snapshot)
  return redact(`${path}/${directory} on claim ${snapshot.spec.destination.claim.name} was not removed: ${why}`, 2000)
}

/** Says in status, and so in an Event, what stays where; the object goes. */
function abandon({ snapshot, mover }: SnapshotObservation, why: string): Verdict {
  const before = snapshot.status?.deleteArtifact ?? { attempt: 1, jobName: jobNameOf(snapshot, 'delete-artifact-1') }
  return noted(
    { deleteArtifact: { ...before, abandoned: whatStays(snapshot, why) } },
    { effects: mover.job === undefined ? [] : deletions([mover.job]), againMs: pauses.nextMs },
  )
}
