// Deletes the stored directory together with the object (deletionPolicy Delete). Never holds up a deletion for ever. Pure.
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Fact } from '../../../reconcile/decision.ts'
import { artifactPath } from '../job/artifact-path.ts'
import { deleteArtifactJob } from '../job/commands/delete-artifact.ts'
import { databaseOnDestination, databaseWithin, databaseText, whyNotJudged } from '../job/databases.ts'
import { lifeOf } from '../job/life.ts'
import { jobNameOf } from '../job/template.ts'
import type { SnapshotObservation } from '../observation.ts'
import { growing, pauseAfter, pauses } from '../status/pauses.ts'
import { deletions } from '../job/end.ts'
import { redact } from '../../../api/status/text.ts'
import { tellAbandoned } from './tell-abandoned.ts'
import { noted, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

type DeleteArtifact = NonNullable<MeiliSnapshotStatus['deleteArtifact']>

const maxAttempts = 3
/** An attempt that has not ended this long after its Job was to be made does not end: its node or its volume is away, or the Job is refused. */
const giveUpAfterMs = 600_000

/** A mover that was cut off may have stored the file though nobody saw it. */
export function mustDeleteArtifact({ spec, status }: MeiliSnapshot): boolean {
  return spec.deletionPolicy === 'Delete' && (status?.artifact !== undefined || status?.move !== undefined)
}

/** Undefined once nothing is left to do: gone, or given up with the reason on record. */
export function deleteArtifact(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, queued } = observation
  if (!mustDeleteArtifact(snapshot) || snapshot.status?.deleteArtifact?.abandoned !== undefined) return undefined
  // Nothing else was looked at.
  return queued?.looked === false ? waitForTurn(snapshot, nowMs) : carryOn(observation, nowMs)
}

function carryOn(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, mover } = observation
  const { deleteArtifact: begun } = snapshot.status ?? {}
  const life = lifeOf(mover, begun?.retryAt, nowMs)
  // Done is done, whatever has become of the claim since.
  if (begun !== undefined && life.is === 'ended' && life.result.exitCode === 0) return undefined
  const why = whyHopeless(observation)
  if (why !== undefined) return abandon(observation, why)
  if (begun === undefined) return begin(snapshot, { attempt: 1, queuedAt: instant(nowMs) })
  switch (life.is) {
    case 'paused':
      return unchanged({ againMs: life.restMs })
    case 'absent':
      return makeJob(observation, begun, nowMs)
    case 'running':
      if (isTooLate(begun, nowMs)) return abandon(observation, tooLong(life.why ?? begun.failure))
      // An earlier version did not put on record when it was begun.
      return noted({ deleteArtifact: runClock(begun, nowMs) }, { againMs: pauses.changeMs })
    case 'ended':
      return tryAgain(observation, { ...begun, failure: life.result.message }, nowMs)
  }
}

/** How long nobody looked, and how long others held the deletion up before the first attempt, does not count. */
function isTooLate({ startedAt }: DeleteArtifact, nowMs: number): boolean {
  return startedAt !== undefined && nowMs - Date.parse(startedAt) > giveUpAfterMs
}

/** It no longer waits for its turn: where it was begun before, as a Job that was refused, the clock goes on where it stood. */
function runClock({ queuedAt, startedAt, ...begun }: DeleteArtifact, nowMs: number): DeleteArtifact {
  const waitedMs = queuedAt === undefined ? 0 : Math.max(0, nowMs - Date.parse(queuedAt))
  return { ...begun, startedAt: instant(startedAt === undefined ? nowMs : Date.parse(startedAt) + waitedMs) }
}

const tooLong = (why = ''): string => `It took longer than 10 minutes. ${why}`.trim()

function makeJob(observation: SnapshotObservation, before: DeleteArtifact, nowMs: number): Verdict {
  const held = whyNotJudged(observation)
  const begun = runClock(before, nowMs)
  if (isTooLate(begun, nowMs)) {
    const why = held ?? begun.failure
    // Nobody looked while it ran, and by now it has removed itself: how it ended is not known, and twice does no harm.
    return why === undefined ? tryAgain(observation, begun, nowMs) : abandon(observation, tooLong(why))
  }
  const changes = { deleteArtifact: begun }
  if (held === undefined && observation.queued !== undefined) return waitForTurn(observation.snapshot, nowMs)
  if (held !== undefined) return noted(changes, { againMs: pauses.changeMs })
  return noted(changes, {
    effects: [{ kind: 'CreateJob', job: deleteArtifactJob(observation) }],
    againMs: pauses.workMs,
  })
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
  const retryAt = instant(nowMs + pauseAfter.removal(attempt))
  return begin(snapshot, {
    attempt: attempt + 1,
    ...(failure === undefined ? {} : { failure: redact(failure, 2000) }),
    retryAt,
  })
}

/** What no attempt could change. */
function whyHopeless(observation: SnapshotObservation): string | undefined {
  const { snapshot, claim } = observation
  const { name } = snapshot.spec.destination.claim
  if (claim === undefined) return `Claim ${name} is gone.`
  if (claim.metadata?.deletionTimestamp !== undefined) return `Claim ${name} is being deleted.`
  if (claim.status?.phase === 'Lost') return `Claim ${name} is lost.`
  return whyOutOfReach(observation)
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

/** Says in status, and so in an Event, what stays where; and as the object goes, also in an Event of one that does not. */
function abandon(observation: SnapshotObservation, why: string): Verdict {
  const { snapshot, mover } = observation
  const before = snapshot.status?.deleteArtifact ?? { attempt: 1, jobName: jobNameOf(snapshot, 'delete-artifact-1') }
  return noted(
    { deleteArtifact: { ...before, abandoned: whatStays(snapshot, why) } },
    {
      effects: [...tellAbandoned(observation, why), ...deletions(mover.job === undefined ? [] : [mover.job])],
      againMs: pauses.nextMs,
    },
  )
}
