// The rungs after the commit, with sourcePolicy Remove: Meilisearch's own file is unlinked, if it is still the one that was stored. Pure.
// What is stored is stored: nothing here can make the snapshot fail.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/conditions.ts'
import { whyNotReleased } from '../job/databases.ts'
import { deadlineText, moveDeadlineMs } from '../status/deadline.ts'
import { lifeOf } from '../job/life.ts'
import { jobNameOf } from '../job/template.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauseAfter, pauses } from '../status/pauses.ts'
import { deletions } from '../job/pending.ts'
import { releaseJob } from '../job/commands/release.ts'
import type { Changes } from '../status/status.ts'
import { completed, step, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { whyWaiting } from '../job/waiting.ts'

type Release = NonNullable<MeiliSnapshotStatus['release']>

const maxAttempts = 3

const stored = 'The snapshot is stored.'

function releasing(message: string, { changes, againMs }: { changes: Changes; againMs: number }): Verdict {
  return step({
    phase: 'Moving',
    reason: snapshotReasons.Releasing,
    message: `${stored} ${message}`,
    changes,
    againMs,
  })
}

/** Puts what is stored on record first: from then on only the removal is left. */
export function startRelease(
  snapshot: MeiliSnapshot,
  { changes, file }: { changes: Changes; file: Release['file'] },
): Verdict {
  const release: Release = { attempt: 1, jobName: jobNameOf(snapshot, 'release-1'), file }
  return releasing("Meilisearch's own file is being removed.", {
    changes: { ...changes, release },
    againMs: pauses.nextMs,
  })
}

const outcomes = { removed: 'Removed', replaced: 'Replaced', absent: 'Absent' } as const
const notes = {
  Removed: "Meilisearch's own file was removed.",
  Replaced: 'In place of its own file Meilisearch has a newer one, which was left alone.',
  Absent: "Meilisearch's own file was gone already.",
} as const

export function releaseFinished({ snapshot, mover }: SnapshotObservation, nowMs: number): Verdict | undefined {
  const release = snapshot.status?.release
  const life = lifeOf(mover, release?.retryAt, nowMs)
  if (release === undefined || life.is !== 'ended' || life.isGoing) return undefined
  const { released, message } = life.result
  if (released !== undefined) {
    const outcome = outcomes[released]
    return completed({ changes: { release: { ...release, outcome } }, note: notes[outcome] })
  }
  if (release.attempt >= maxAttempts) return givenUp(snapshot, message)
  const attempt = release.attempt + 1
  const againMs = pauseAfter.removal(release.attempt)
  const jobName = jobNameOf(snapshot, `release-${attempt}`)
  return releasing(
    `Meilisearch's own file could not be removed: ${message} Tried again (${attempt} of ${maxAttempts}).`,
    { changes: { release: { ...release, attempt, jobName, retryAt: instant(nowMs + againMs) } }, againMs },
  )
}

/** The artifact is whole all the same. */
function givenUp({ status }: MeiliSnapshot, why: string): Verdict {
  return completed({
    changes: status?.release === undefined ? {} : { release: { ...status.release, outcome: 'Failed' } },
    note: `Meilisearch's own file could not be removed, and is still there: ${why}`,
  })
}

/** Past deadlines.move: end what runs, see it gone, then say so. */
export function releaseOverdue({ snapshot, mover }: SnapshotObservation, nowMs: number): Verdict | undefined {
  if (nowMs <= moveDeadlineMs(snapshot, nowMs)) return undefined
  const running = mover.jobs.filter(({ metadata }) => metadata?.name === snapshot.status?.release?.jobName)
  if (running.length > 0) return unchanged({ effects: deletions(running), againMs: pauses.changeMs })
  return givenUp(snapshot, whyWaiting(mover) ?? snapshot.status?.waitingFor ?? 'it was not done within deadlines.move.')
}

export function releaseMissing(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, instance, target, mover } = observation
  const release = snapshot.status?.release
  const life = lifeOf(mover, release?.retryAt, nowMs)
  if (release === undefined || life.is === 'running' || life.is === 'ended') return undefined
  const why = whyNotReleased(observation)
  if (why !== undefined) return givenUp(snapshot, why)
  if (life.is === 'paused') return unchanged({ againMs: life.restMs })
  if (instance === undefined || target?.spec?.nodeName === undefined) {
    const waitingFor = 'The server pod, on whose node the file lies, is not there.'
    return releasing(
      `${waitingFor} Meilisearch's own file is removed when it is back, until ${deadlineText(moveDeadlineMs(snapshot, nowMs))}.`,
      { changes: { waitingFor }, againMs: pauses.workMs },
    )
  }
  return unchanged({
    effects: [{ kind: 'CreateJob', job: releaseJob({ ...observation, instance, target, release }) }],
    againMs: pauses.workMs,
  })
}

export function releaseRunning({ mover }: SnapshotObservation): Verdict {
  const waitingFor = whyWaiting(mover)
  return releasing(`Meilisearch's own file is being removed${waitingFor === undefined ? '.' : `: ${waitingFor}`}`, {
    changes: waitingFor === undefined ? {} : { waitingFor },
    againMs: pauses.workMs,
  })
}
