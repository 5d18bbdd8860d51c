// Deletes the stored directory: with the object (deletionPolicy Delete), or past spec.expiresAfter (expiry.ts). Never holds up a deletion for ever. Pure.
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Fact } from '../../../reconcile/decision.ts'
import { artifactPath } from '../job/artifact-path.ts'
import { deleteArtifactJob } from '../job/commands/delete-artifact.ts'
import { whyNotJudged } from '../job/databases.ts'
import { lifeOf } from '../../../reconcile/job/life.ts'
import { jobNameOf } from '../../../reconcile/job/template.ts'
import type { SnapshotObservation } from '../observation.ts'
import { isRemovalBegun } from '../status/expires.ts'
import { growing, pauseAfter, pauses } from '../status/pauses.ts'
import { deletions } from '../job/end.ts'
import { redact } from '../../../api/status/text.ts'
import { isTooLate, lookAgainMs, maxAttempts, retryAtOf, runClock, tooLong } from './removal-clock.ts'
import type { DeleteArtifact } from './removal-clock.ts'
import { whyHopeless } from './hopeless.ts'
import { tellAbandoned } from './tell-abandoned.ts'
import { noted, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

/** A mover that was cut off may have stored the file though nobody saw it. What an expiry has begun is brought to its end. */
export function mustDeleteArtifact({ spec, status }: MeiliSnapshot): boolean {
  const isToGo = spec.deletionPolicy === 'Delete' || isRemovalBegun(status)
  return isToGo && status?.expiry?.outcome !== 'Removed' && (status?.artifact ?? status?.move) !== undefined
}

/** Undefined once nothing is left to do: gone, or given up with the reason on record. */
export function deleteArtifact(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  return mustDeleteArtifact(observation.snapshot) ? removeArtifact(observation, nowMs) : undefined
}

/** The same, whether the object is deleted or expires. */
export function removeArtifact(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, queued } = observation
  if (snapshot.status?.deleteArtifact?.abandoned !== undefined) return undefined
  // Nothing else was looked at.
  return queued?.looked === false ? waitForTurn(snapshot, nowMs) : carryOn(observation, nowMs)
}

function carryOn(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, mover } = observation
  const { deleteArtifact: begun } = snapshot.status ?? {}
  const life = lifeOf(mover, retryAtOf(snapshot, nowMs), nowMs)
  // Done is done, whatever has become of the claim since.
  if (begun !== undefined && life.is === 'ended' && life.result.exitCode === 0) return undefined
  const why = whyHopeless(observation)
  if (why !== undefined) return abandon(observation, why)
  if (begun === undefined) return beginRemoval(snapshot, nowMs)
  switch (life.is) {
    case 'paused':
      return unchanged({ againMs: life.restMs })
    case 'absent':
      return makeJob(observation, begun, nowMs)
    case 'running':
      if (isTooLate(snapshot, begun, nowMs)) return abandon(observation, tooLong(snapshot, life.why ?? begun.failure))
      // An earlier version did not put on record when it was begun.
      return noted({ deleteArtifact: runClock(begun, nowMs) }, { againMs: lookAgainMs(snapshot, nowMs) })
    case 'ended':
      return tryAgain(observation, { ...begun, failure: life.result.message }, nowMs)
  }
}

function makeJob(observation: SnapshotObservation, before: DeleteArtifact, nowMs: number): Verdict {
  const held = whyNotJudged(observation)
  const { snapshot } = observation
  const begun = runClock(before, nowMs)
  if (isTooLate(snapshot, begun, nowMs)) {
    const why = held ?? begun.failure
    // Nobody looked while it ran, and by now it has removed itself: how it ended is not known, and twice does no harm.
    return why === undefined ? tryAgain(observation, begun, nowMs) : abandon(observation, tooLong(snapshot, why))
  }
  if (held === undefined && observation.queued !== undefined) return waitForTurn(snapshot, nowMs)
  const expires = snapshot.metadata.deletionTimestamp === undefined
  if (held !== undefined)
    return noted(
      { deleteArtifact: expires ? { ...begun, failure: held } : begun },
      { againMs: lookAgainMs(snapshot, nowMs) },
    )
  const changes = { deleteArtifact: expires ? withoutRefusal(begun) : begun }
  return noted(changes, {
    effects: [{ kind: 'CreateJob', job: deleteArtifactJob(observation) }],
    againMs: pauses.workMs,
  })
}

/** From this write on a Job may be there, which is what `isRemovalBegun` goes by; and it is a write, as each try of an expiry wants one that no stale cache survives. */
function withoutRefusal(begun: DeleteArtifact): DeleteArtifact {
  const { failure: _, ...rest } = begun
  return begun.attempt > 1 ? begun : rest
}

/** This attempt has not begun, so nothing is late. */
function waitForTurn({ status }: MeiliSnapshot, nowMs: number): Verdict {
  const begun = status?.deleteArtifact
  const { queuedAt = instant(nowMs) } = begun ?? {}
  const againMs = growing.turn(nowMs - Date.parse(queuedAt))
  return noted({ deleteArtifact: begun && { ...begun, queuedAt } }, { againMs })
}

function tryAgain(
  observation: SnapshotObservation,
  { attempt, failure }: Pick<DeleteArtifact, 'attempt' | 'failure'>,
  nowMs: number,
): Verdict {
  const { snapshot } = observation
  if (attempt >= maxAttempts) return abandon(observation, failure ?? 'How the last attempt ended nobody has seen.')
  const isDeleted = snapshot.metadata.deletionTimestamp !== undefined
  const retryAt = instant(nowMs + pauseAfter[isDeleted ? 'removal' : 'expiry'](attempt))
  return begin(snapshot, {
    attempt: attempt + 1,
    ...(failure === undefined ? {} : { failure: redact(failure, 2000) }),
    retryAt,
  })
}

/** Puts it on record, and in line. */
export function beginRemoval(snapshot: MeiliSnapshot, nowMs: number): Verdict {
  return begin(snapshot, { attempt: 1, queuedAt: instant(nowMs) })
}

function begin(
  snapshot: MeiliSnapshot,
  next: Pick<DeleteArtifact, 'attempt' | 'failure' | 'queuedAt' | 'retryAt'>,
): Verdict {
  return noted(
    { deleteArtifact: { ...next, jobName: jobNameOf(snapshot, `delete-artifact-${next.attempt}`) } },
    { againMs: pauses.nextMs },
  )
}

/** A namespace that is being deleted takes no new Job: then the object must not wait for one. Nor does it take Events, so that its metric alone tells of it. */
export function deleteArtifactRefused(
  snapshot: MeiliSnapshot,
  before: DeleteArtifact,
  { message, cause, nowMs }: Pick<Extract<Fact, { kind: 'Refused' }>, 'message' | 'cause'> & { readonly nowMs: number },
): DeleteArtifact {
  const abandoned = whatStays(snapshot, 'The namespace is being deleted.')
  const refusedForMs = nowMs - Date.parse(before.startedAt ?? instant(nowMs))
  return {
    ...before,
    failure: redact(message, 2000),
    ...(snapshot.metadata.deletionTimestamp === undefined
      ? { retryAt: instant(nowMs + growing.turn(refusedForMs)) }
      : {}),
    ...(cause === 'NamespaceTerminating' ? { abandoned } : {}),
  }
}

function whatStays(snapshot: MeiliSnapshot, why: string): string {
  const { path, directory } = artifactPath(snapshot)
  return redact(`${path}/${directory} on claim ${snapshot.spec.destination.claim.name} was not removed: ${why}`, 2000)
}

/** Says in status, and so in an Event, what stays where; and as the object goes, also in an Event of one that does not. */
function abandon(observation: SnapshotObservation, why: string): Verdict {
  const { snapshot, mover } = observation
  const before = snapshot.status?.deleteArtifact ?? { attempt: 1, jobName: jobNameOf(snapshot, 'delete-artifact-1') }
  return noted(
    { deleteArtifact: { ...before, abandoned: whatStays(snapshot, why) } },
    {
      effects: [
        // An object that stays says so itself.
        ...(snapshot.metadata.deletionTimestamp === undefined ? [] : tellAbandoned(observation, why)),
        ...deletions(mover.job === undefined ? [] : [mover.job]),
      ],
      againMs: pauses.nextMs,
    },
  )
}
