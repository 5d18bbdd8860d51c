// The rungs after the commit, with sourcePolicy Remove: Meilisearch's own file is unlinked, if it is still the one that was stored. Pure.
// What is stored is stored: nothing here can make the snapshot fail.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/conditions.ts'
import type { Decision } from '../../../reconcile/decision.ts'
import { whyNotReleased } from '../job/databases.ts'
import { deadlineText, moveDeadlineMs } from '../status/deadline.ts'
import { jobNameOf } from '../job/template.ts'
import { resultOf, terminationOf } from '../job/result.ts'
import type { SnapshotObservation } from '../observation.ts'
import { deletions } from '../job/pending.ts'
import { releaseJob } from '../job/commands/release.ts'
import { completed, inProgress } from '../status/status.ts'
import type { Changes } from '../status/status.ts'
import { whyWaiting } from '../job/waiting.ts'

type Outcome = Decision<MeiliSnapshotStatus> | undefined
type Release = NonNullable<MeiliSnapshotStatus['release']>

const maxAttempts = 3

/** Puts what is stored on record first: from then on only the removal is left. */
export function startRelease(
  snapshot: MeiliSnapshot,
  { changes, file }: { changes: Changes; file: Release['file'] },
  nowMs: number,
): Decision<MeiliSnapshotStatus> {
  const release: Release = { attempt: 1, jobName: jobNameOf(snapshot, 'release-1'), file }
  const message = "The snapshot is stored. Meilisearch's own file is being removed."
  return {
    status: inProgress(
      snapshot,
      { phase: 'Moving', reason: snapshotReasons.Releasing, message, changes: { ...changes, release } },
      nowMs,
    ),
    effects: [],
    requeueAfterMs: 250,
  }
}

const outcomes = { removed: 'Removed', replaced: 'Replaced', absent: 'Absent' } as const
const notes = {
  Removed: "Meilisearch's own file was removed.",
  Replaced: 'In place of its own file Meilisearch has a newer one, which was left alone.',
  Absent: "Meilisearch's own file was gone already.",
} as const

export function releaseFinished({ snapshot, mover }: SnapshotObservation, nowMs: number): Outcome {
  const { job, pod } = mover
  const release = snapshot.status?.release
  if (job === undefined || release === undefined || job.metadata?.deletionTimestamp !== undefined) return undefined
  const termination = terminationOf(job, pod)
  if (termination === undefined) return undefined
  const { released, message } = resultOf(termination)
  if (released !== undefined) return done(snapshot, { ...release, outcome: outcomes[released] }, nowMs)
  if (release.attempt >= maxAttempts) return given(snapshot, message, nowMs)
  const attempt = release.attempt + 1
  const pauseMs = 5000 * release.attempt
  const next = {
    ...release,
    attempt,
    jobName: jobNameOf(snapshot, `release-${attempt}`),
    retryAt: instant(nowMs + pauseMs),
  }
  const said = `The snapshot is stored. Meilisearch's own file could not be removed: ${message} Tried again (${attempt} of ${maxAttempts}).`
  return {
    status: inProgress(
      snapshot,
      { phase: 'Moving', reason: snapshotReasons.Releasing, message: said, changes: { release: next } },
      nowMs,
    ),
    effects: [],
    requeueAfterMs: pauseMs,
  }
}

function done(snapshot: MeiliSnapshot, release: Release & { outcome: keyof typeof notes }, nowMs: number): Outcome {
  return { status: completed(snapshot, { changes: { release }, note: notes[release.outcome] }, nowMs), effects: [] }
}

/** Given up: the artifact is whole all the same. */
function given(snapshot: MeiliSnapshot, why: string, nowMs: number): Outcome {
  const { release } = snapshot.status ?? {}
  const note = `Meilisearch's own file could not be removed, and is still there: ${why}`
  return {
    status: completed(
      snapshot,
      { changes: release === undefined ? {} : { release: { ...release, outcome: 'Failed' } }, note },
      nowMs,
    ),
    effects: [],
  }
}

/** Past deadlines.move: end what runs, see it gone, then say so. */
export function releaseOverdue({ snapshot, mover }: SnapshotObservation, nowMs: number): Outcome {
  if (nowMs <= moveDeadlineMs(snapshot, nowMs)) return undefined
  const why = whyWaiting(mover) ?? snapshot.status?.waitingFor ?? 'it was not done within deadlines.move.'
  const running = mover.jobs.filter(({ metadata }) => metadata?.name === snapshot.status?.release?.jobName)
  if (running.length === 0) return given(snapshot, why, nowMs)
  return { status: snapshot.status ?? {}, effects: deletions(running), requeueAfterMs: 2000 }
}

export function releaseMissing(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, instance, target, mover } = observation
  const release = snapshot.status?.release
  if (release === undefined || mover.job !== undefined) return undefined
  const why = whyNotReleased(observation)
  if (why !== undefined) return given(snapshot, why, nowMs)
  const restMs = release.retryAt === undefined ? 0 : Date.parse(release.retryAt) - nowMs
  if (restMs > 0) return { status: snapshot.status ?? {}, effects: [], requeueAfterMs: restMs }
  if (instance === undefined || target?.spec?.nodeName === undefined) {
    const waitingFor = 'The server pod, on whose node the file lies, is not there.'
    const message = `The snapshot is stored. ${waitingFor} Meilisearch's own file is removed when it is back, until ${deadlineText(moveDeadlineMs(snapshot, nowMs))}.`
    return {
      status: inProgress(
        snapshot,
        { phase: 'Moving', reason: snapshotReasons.Releasing, message, changes: { waitingFor } },
        nowMs,
      ),
      effects: [],
      requeueAfterMs: 5000,
    }
  }
  return {
    status: snapshot.status ?? {},
    effects: [{ kind: 'CreateJob', job: releaseJob({ ...observation, instance, target, release }) }],
    requeueAfterMs: 5000,
  }
}

export function releaseRunning({ snapshot, mover }: SnapshotObservation, nowMs: number): Outcome {
  const why = whyWaiting(mover)
  const message = `The snapshot is stored. Meilisearch's own file is being removed${why === undefined ? '.' : `: ${why}`}`
  return {
    status: inProgress(
      snapshot,
      {
        phase: 'Moving',
        reason: snapshotReasons.Releasing,
        message,
        changes: why === undefined ? {} : { waitingFor: why },
      },
      nowMs,
    ),
    effects: [],
    requeueAfterMs: 5000,
  }
}
