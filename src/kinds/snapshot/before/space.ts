// The rung about space: is there enough on the destination? Only a mover can measure it, so a probe does where little was left last time. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { lifeOf, restOf } from '../../../reconcile/job/life.ts'
import { jobNameOf } from '../../../reconcile/job/template.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauseAfter, pauses } from '../status/pauses.ts'
import { deletions } from '../job/end.ts'
import { probeJob } from '../job/commands/probe.ts'
import { reserveBytes } from './reserve.ts'
import { spaceRemedy } from '../status/space-remedy.ts'
import { unchanged, waiting } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

type Space = NonNullable<MeiliSnapshotStatus['space']>

/** Meilisearch's next snapshot may be larger than its last: below this many times the need, the claim is asked. */
const safetyFactor = 2

export function spaceMissing(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, space } = observation
  const asked = snapshot.status?.space
  if (asked === undefined) {
    if (
      space.sizeBytes === undefined ||
      space.known === undefined ||
      space.known.freeBytes >= safetyFactor * (space.sizeBytes + reserveBytes)
    )
      return undefined
    return ask(observation, 1)
  }
  if (asked.checkedAt === undefined) return awaitProbe(observation, asked, nowMs)
  if (isEnough(asked)) return undefined
  const againMs = restOf(asked.retryAt, nowMs)
  return againMs > 0 ? unchanged({ againMs }) : ask(observation, asked.attempt + 1)
}

/** What a probe could not find out, the mover will. */
function isEnough({ freeBytes, neededBytes }: Space): boolean {
  return freeBytes === undefined || neededBytes === undefined || freeBytes >= neededBytes
}

function ask(observation: SnapshotObservation, attempt: number): Verdict | undefined {
  const { snapshot, space } = observation
  const asked: Space = {
    attempt,
    jobName: jobNameOf(snapshot, `space-${attempt}`),
    sizeBytes: space.sizeBytes ?? snapshot.status?.space?.sizeBytes ?? 0,
  }
  const effects = probeEffects(observation, asked)
  if (effects === undefined) return undefined
  return waiting({
    reason: snapshotReasons.CheckingSpace,
    message: `Claim ${snapshot.spec.destination.claim.name} had little free space when a mover last looked: a probe checks whether a snapshot of about ${sizeText(asked.sizeBytes)} fits.`,
    effects,
    changes: { space: asked },
    againMs: pauses.changeMs,
  })
}

function probeEffects({ instance, target, ...observation }: SnapshotObservation, space: Space): Effect[] | undefined {
  return instance === undefined || target === undefined
    ? undefined
    : [{ kind: 'CreateJob', job: probeJob({ ...observation, instance, target, space }) }]
}

function awaitProbe(observation: SnapshotObservation, asked: Space, nowMs: number): Verdict | undefined {
  const life = lifeOf(observation.mover, asked.retryAt, nowMs)
  switch (life.is) {
    case 'paused':
      return unchanged({ againMs: life.restMs })
    case 'absent': {
      const effects = probeEffects(observation, asked)
      return effects === undefined ? undefined : unchanged({ effects, againMs: pauses.changeMs })
    }
    case 'running': {
      const { name } = observation.snapshot.spec.destination.claim
      const message = `The free space on claim ${name} is being checked. ${life.why ?? ''}`.trim()
      return waiting({ reason: snapshotReasons.CheckingSpace, message, againMs: pauses.changeMs })
    }
    case 'ended': {
      const { neededBytes, freeBytes } = life.result.space ?? {}
      return readProbe(observation, { ...asked, checkedAt: instant(nowMs), neededBytes, freeBytes }, nowMs)
    }
  }
}

function readProbe({ snapshot, mover }: SnapshotObservation, space: Space, nowMs: number): Verdict {
  const effects = deletions(mover.jobs)
  const { freeBytes } = space
  const seen = freeBytes === undefined ? {} : { destination: { freeBytes, observedAt: instant(nowMs) } }
  const { name } = snapshot.spec.destination.claim
  if (isEnough(space))
    return waiting({
      reason: snapshotReasons.CheckingSpace,
      message: `Claim ${name} has enough space.`,
      effects,
      changes: { space, ...seen },
      againMs: pauses.nextMs,
    })
  const againMs = pauseAfter.noSpace(space.attempt)
  return waiting({
    reason: snapshotReasons.InsufficientSpace,
    message: `Claim ${name} has ${sizeText(freeBytes ?? 0)} free, and the snapshot needs about ${sizeText(space.neededBytes ?? 0)}. Free some space or enlarge the claim.${spaceRemedy(snapshot)}`,
    effects,
    changes: { space: { ...space, retryAt: instant(nowMs + againMs) }, ...seen },
    againMs,
  })
}
