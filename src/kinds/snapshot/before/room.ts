// Rung 6: is there room on the destination? Only a mover's statfs knows; where the last figure was small, one asks before Meilisearch works. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/conditions.ts'
import type { Decision } from '../../../reconcile/decision.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { jobNameOf } from '../job/template.ts'
import { resultOf, terminationOf } from '../job/result.ts'
import type { SnapshotObservation } from '../observation.ts'
import { deletions, pending } from '../job/pending.ts'
import { probeJob } from '../job/commands/probe.ts'
import { reserveBytes } from './reserve.ts'
import { whyWaiting } from '../job/waiting.ts'

type Outcome = Decision<MeiliSnapshotStatus> | undefined
type Room = NonNullable<MeiliSnapshotStatus['room']>

/** Meilisearch's next snapshot may be larger than its last: below this many times the need, the claim is asked. */
const comfort = 2
const askAgainMs = { first: 30_000, most: 300_000 } as const

export function roomMissing(observation: SnapshotObservation, nowMs: number): Outcome {
  const { snapshot, room } = observation
  const asked = snapshot.status?.room
  if (asked === undefined) {
    if (
      room.sizeBytes === undefined ||
      room.known === undefined ||
      room.known.freeBytes >= comfort * (room.sizeBytes + reserveBytes)
    )
      return undefined
    return ask(observation, 1, nowMs)
  }
  if (asked.checkedAt === undefined) return awaited(observation, asked, nowMs)
  if (isEnough(asked)) return undefined
  const restMs = asked.retryAt === undefined ? 0 : Date.parse(asked.retryAt) - nowMs
  return restMs > 0
    ? { status: snapshot.status ?? {}, effects: [], requeueAfterMs: restMs }
    : ask(observation, asked.attempt + 1, nowMs)
}

/** What a probe could not find out, the mover will. */
function isEnough({ freeBytes, neededBytes }: Room): boolean {
  return freeBytes === undefined || neededBytes === undefined || freeBytes >= neededBytes
}

function ask(observation: SnapshotObservation, attempt: number, nowMs: number): Outcome {
  const { snapshot, instance, target, room } = observation
  if (instance === undefined || target === undefined) return undefined
  const asked: Room = {
    attempt,
    jobName: jobNameOf(snapshot, `room-${attempt}`),
    sizeBytes: room.sizeBytes ?? snapshot.status?.room?.sizeBytes ?? 0,
  }
  const message = `Claim ${snapshot.spec.destination.claim.name} had little room at last: it is asked whether a snapshot of about ${sizeText(asked.sizeBytes)} fits.`
  const effects = [{ kind: 'CreateJob' as const, job: probeJob({ ...observation, instance, target, room: asked }) }]
  return {
    ...pending(observation, nowMs, {
      reason: snapshotReasons.CheckingRoom,
      message,
      effects,
      changes: { room: asked },
    }),
    requeueAfterMs: 2000,
  }
}

function awaited(observation: SnapshotObservation, asked: Room, nowMs: number): Outcome {
  const { snapshot, instance, target, mover } = observation
  const { job, pod } = mover
  if (job === undefined) {
    if (instance === undefined || target === undefined) return undefined
    return {
      status: snapshot.status ?? {},
      effects: [{ kind: 'CreateJob', job: probeJob({ ...observation, instance, target, room: asked }) }],
      requeueAfterMs: 2000,
    }
  }
  const termination = terminationOf(job, pod)
  if (termination === undefined) {
    const message =
      `The room on claim ${snapshot.spec.destination.claim.name} is being asked for. ${whyWaiting(mover) ?? ''}`.trim()
    return { ...pending(observation, nowMs, { reason: snapshotReasons.CheckingRoom, message }), requeueAfterMs: 2000 }
  }
  const { neededBytes, freeBytes } = resultOf(termination).space ?? {}
  return answered(observation, { ...asked, checkedAt: instant(nowMs), neededBytes, freeBytes }, nowMs)
}

function answered(observation: SnapshotObservation, room: Room, nowMs: number): Outcome {
  const { snapshot, mover } = observation
  const effects = deletions(mover.jobs)
  const { freeBytes } = room
  const seen = freeBytes === undefined ? {} : { destination: { freeBytes, observedAt: instant(nowMs) } }
  const { name } = snapshot.spec.destination.claim
  if (isEnough(room)) {
    return {
      ...pending(observation, nowMs, {
        reason: snapshotReasons.CheckingRoom,
        message: `Claim ${name} has room.`,
        effects,
        changes: { room, ...seen },
      }),
      requeueAfterMs: 250,
    }
  }
  const pauseMs = Math.min(askAgainMs.most, askAgainMs.first * 1.5 ** (room.attempt - 1))
  const message = `Claim ${name} has ${sizeText(freeBytes ?? 0)} free, and the snapshot needs about ${sizeText(room.neededBytes ?? 0)}. Make room or enlarge the claim.`
  const retryAt = instant(nowMs + pauseMs)
  return {
    ...pending(observation, nowMs, {
      reason: snapshotReasons.InsufficientSpace,
      message,
      effects,
      changes: { room: { ...room, retryAt }, ...seen },
    }),
    requeueAfterMs: pauseMs,
  }
}
