// Rung 6: is there room on the destination? Only a mover's statfs knows; where the last figure was small, one asks before Meilisearch works. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { lifeOf, restOf } from '../job/life.ts'
import { jobNameOf } from '../job/template.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauseAfter, pauses } from '../status/pauses.ts'
import { deletions } from '../job/pending.ts'
import { probeJob } from '../job/commands/probe.ts'
import { reserveBytes } from './reserve.ts'
import { unchanged, waiting } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

type Room = NonNullable<MeiliSnapshotStatus['room']>

/** Meilisearch's next snapshot may be larger than its last: below this many times the need, the claim is asked. */
const comfort = 2

export function roomMissing(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, room } = observation
  const asked = snapshot.status?.room
  if (asked === undefined) {
    if (
      room.sizeBytes === undefined ||
      room.known === undefined ||
      room.known.freeBytes >= comfort * (room.sizeBytes + reserveBytes)
    )
      return undefined
    return ask(observation, 1)
  }
  if (asked.checkedAt === undefined) return awaited(observation, asked, nowMs)
  if (isEnough(asked)) return undefined
  const againMs = restOf(asked.retryAt, nowMs)
  return againMs > 0 ? unchanged({ againMs }) : ask(observation, asked.attempt + 1)
}

/** What a probe could not find out, the mover will. */
function isEnough({ freeBytes, neededBytes }: Room): boolean {
  return freeBytes === undefined || neededBytes === undefined || freeBytes >= neededBytes
}

function ask(observation: SnapshotObservation, attempt: number): Verdict | undefined {
  const { snapshot, room } = observation
  const asked: Room = {
    attempt,
    jobName: jobNameOf(snapshot, `room-${attempt}`),
    sizeBytes: room.sizeBytes ?? snapshot.status?.room?.sizeBytes ?? 0,
  }
  const effects = probing(observation, asked)
  if (effects === undefined) return undefined
  return waiting({
    reason: snapshotReasons.CheckingRoom,
    message: `Claim ${snapshot.spec.destination.claim.name} had little room at last: it is asked whether a snapshot of about ${sizeText(asked.sizeBytes)} fits.`,
    effects,
    changes: { room: asked },
    againMs: pauses.changeMs,
  })
}

function probing({ instance, target, ...observation }: SnapshotObservation, room: Room): Effect[] | undefined {
  return instance === undefined || target === undefined
    ? undefined
    : [{ kind: 'CreateJob', job: probeJob({ ...observation, instance, target, room }) }]
}

function awaited(observation: SnapshotObservation, asked: Room, nowMs: number): Verdict | undefined {
  const life = lifeOf(observation.mover, asked.retryAt, nowMs)
  switch (life.is) {
    case 'paused':
      return unchanged({ againMs: life.restMs })
    case 'absent': {
      const effects = probing(observation, asked)
      return effects === undefined ? undefined : unchanged({ effects, againMs: pauses.changeMs })
    }
    case 'running': {
      const { name } = observation.snapshot.spec.destination.claim
      const message = `The room on claim ${name} is being asked for. ${life.why ?? ''}`.trim()
      return waiting({ reason: snapshotReasons.CheckingRoom, message, againMs: pauses.changeMs })
    }
    case 'ended': {
      const { neededBytes, freeBytes } = life.result.space ?? {}
      return answered(observation, { ...asked, checkedAt: instant(nowMs), neededBytes, freeBytes }, nowMs)
    }
  }
}

function answered({ snapshot, mover }: SnapshotObservation, room: Room, nowMs: number): Verdict {
  const effects = deletions(mover.jobs)
  const { freeBytes } = room
  const seen = freeBytes === undefined ? {} : { destination: { freeBytes, observedAt: instant(nowMs) } }
  const { name } = snapshot.spec.destination.claim
  if (isEnough(room))
    return waiting({
      reason: snapshotReasons.CheckingRoom,
      message: `Claim ${name} has room.`,
      effects,
      changes: { room, ...seen },
      againMs: pauses.nextMs,
    })
  const againMs = pauseAfter.noSpace(room.attempt)
  return waiting({
    reason: snapshotReasons.InsufficientSpace,
    message: `Claim ${name} has ${sizeText(freeBytes ?? 0)} free, and the snapshot needs about ${sizeText(room.neededBytes ?? 0)}. Make room or enlarge the claim.`,
    effects,
    changes: { room: { ...room, retryAt: instant(nowMs + againMs) }, ...seen },
    againMs,
  })
}
