// The rungs after the commit with sourcePolicy Remove: Meilisearch's own file is unlinked, if it is still the one that was stored. Pure.
// Nothing here can make the snapshot fail: the artifact is stored.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { whyNotJudged, whySourceNotRemovable } from '../job/databases.ts'
import { deadlineText, moveDeadlineMs } from '../status/deadline.ts'
import { lifeOf } from '../../../reconcile/job/life.ts'
import { jobNameOf } from '../../../reconcile/job/template.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauseAfter, pauses } from '../status/pauses.ts'
import { deletions, endedJob } from '../job/end.ts'
import { removeSourceJob } from '../job/commands/remove-source.ts'
import type { Changes } from '../status/status.ts'
import { completed, step, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { whyWaiting } from '../../../reconcile/job/waiting.ts'

export type RemoveSource = NonNullable<MeiliSnapshotStatus['removeSource']>

const maxAttempts = 3

const stored = 'The snapshot is stored.'

export function removingSource(
  message: string,
  act: { changes: Changes; effects?: readonly Effect[]; againMs: number },
): Verdict {
  return step({
    phase: 'Moving',
    reason: snapshotReasons.RemovingSource,
    message: `${stored} ${message}`,
    ...act,
  })
}

/** Goes on record with what is stored: from then on only a boot and the removal are left. */
export const beginRemoveSource = (snapshot: MeiliSnapshot, file: RemoveSource['file']): RemoveSource => ({
  attempt: 1,
  jobName: jobNameOf(snapshot, 'remove-source-1'),
  file,
})

const outcomes = { removed: 'Removed', replaced: 'Replaced', absent: 'Absent' } as const
const notes = {
  Removed: "Meilisearch's own file was removed.",
  Replaced: 'In place of its own file Meilisearch has a newer one, which was left alone.',
  Absent: "Meilisearch's own file was gone already.",
} as const

export function removeSourceFinished({ snapshot, mover }: SnapshotObservation, nowMs: number): Verdict | undefined {
  const removeSource = snapshot.status?.removeSource
  const life = lifeOf(mover, removeSource?.retryAt, nowMs)
  if (removeSource === undefined || life.is !== 'ended' || life.isGoing) return undefined
  const { sourceOutcome, message } = life.result
  if (sourceOutcome !== undefined) {
    const outcome = outcomes[sourceOutcome]
    return completed({ changes: { removeSource: { ...removeSource, outcome } }, note: notes[outcome] })
  }
  if (removeSource.attempt >= maxAttempts) return giveUp(snapshot, message)
  const attempt = removeSource.attempt + 1
  const againMs = pauseAfter.removal(removeSource.attempt)
  const jobName = jobNameOf(snapshot, `remove-source-${attempt}`)
  return removingSource(
    `Meilisearch's own file could not be removed: ${message} Tried again (${attempt} of ${maxAttempts}).`,
    {
      changes: { removeSource: { ...removeSource, attempt, jobName, retryAt: instant(nowMs + againMs) } },
      effects: endedJob(mover),
      againMs,
    },
  )
}

/** The artifact is whole all the same. */
function giveUp({ status }: MeiliSnapshot, why: string): Verdict {
  return completed({
    changes: status?.removeSource === undefined ? {} : { removeSource: { ...status.removeSource, outcome: 'Failed' } },
    note: `Meilisearch's own file could not be removed, and is still there: ${why}`,
  })
}

/** Past deadlines.move: end what runs, see it gone, then say so. */
export function removeSourceOverdue({ snapshot, mover }: SnapshotObservation, nowMs: number): Verdict | undefined {
  if (nowMs <= moveDeadlineMs(snapshot, nowMs)) return undefined
  const running = mover.jobs.filter(({ metadata }) => metadata?.name === snapshot.status?.removeSource?.jobName)
  if (running.length > 0) return unchanged({ effects: deletions(running), againMs: pauses.changeMs })
  return giveUp(snapshot, whyWaiting(mover) ?? snapshot.status?.waitingFor ?? 'it was not done within deadlines.move.')
}

export function removeSourceMissing(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, instance, target, mover } = observation
  const removeSource = snapshot.status?.removeSource
  const life = lifeOf(mover, removeSource?.retryAt, nowMs)
  if (removeSource === undefined || life.is === 'running' || life.is === 'ended') return undefined
  const why = whySourceNotRemovable(observation)
  if (why !== undefined) return giveUp(snapshot, why)
  if (life.is === 'paused') return unchanged({ againMs: life.restMs })
  const waitingFor = whyNotJudged(observation, instance?.status?.snapshotVolume?.claimName)
  if (waitingFor !== undefined) return waitToRemove(snapshot, waitingFor, nowMs)
  const [other] = observation.beside.moving
  if (other !== undefined)
    return waitToRemove(snapshot, `The mover of ${other} works beside the file, and no other may meanwhile.`, nowMs)
  if (instance === undefined || target?.spec?.nodeName === undefined)
    return waitToRemove(snapshot, 'The server pod, on whose node the file lies, is not there.', nowMs)
  return unchanged({
    effects: [{ kind: 'CreateJob', job: removeSourceJob({ ...observation, instance, target, removeSource }) }],
    againMs: pauses.workMs,
  })
}

function waitToRemove(snapshot: MeiliSnapshot, waitingFor: string, nowMs: number): Verdict {
  return removingSource(`${waitingFor} It goes on by itself, until ${deadlineText(moveDeadlineMs(snapshot, nowMs))}.`, {
    changes: { waitingFor },
    againMs: pauses.workMs,
  })
}

export function removeSourceRunning({ mover }: SnapshotObservation): Verdict {
  const waitingFor = whyWaiting(mover)
  return removingSource(
    `Meilisearch's own file is being removed${waitingFor === undefined ? '.' : `: ${waitingFor}`}`,
    {
      changes: waitingFor === undefined ? {} : { waitingFor },
      againMs: pauses.workMs,
    },
  )
}
