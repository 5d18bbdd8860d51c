// The plan of a restore: what is there, what comes in its place, what is lost, what would run; in fields, and in sentences. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'
import { spanText } from '../../../reconcile/format.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { planned, step } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'
import { claimBytes, neededBytes, newClaimOf } from '../fill/new-claim.ts'
import { keysLost } from './keys-lost.ts'
import { whyNoSafety } from './safety.ts'
import { summaryOf } from './summary.ts'
import { upgradeOf } from './version.ts'

export type Plan = NonNullable<MeiliRestoreStatus['plan']>

/** Of a DryRun it is all. */
export const planMissing: Rung = (observation, nowMs) => {
  const { spec, status } = observation.restore
  if (status?.plan !== undefined || status?.resolved === undefined) return undefined
  const plan = planOf(observation, nowMs)
  const changes = { plan, ...safetyFields(observation) }
  const message = plan.summary ?? ''
  return spec.mode === 'DryRun'
    ? planned({ message, changes: { ...changes, startedAt: undefined } })
    : step({
        phase: 'Pending',
        reason: restoreReasons.Planned,
        message,
        changes: { ...changes, startedAt: status.startedAt ?? instant(nowMs) },
        againMs: pauses.nextMs,
      })
}

/** Why none is taken is said where one was to be expected. */
function safetyFields({ restore, ...seen }: RestoreObservation): Pick<MeiliRestoreStatus, 'safety'> {
  if (restore.spec.target.inPlace === undefined || restore.spec.safety.snapshot === 'Always') return {}
  const why = whyNoSafety({ restore, ...seen })
  return why === undefined ? {} : { safety: { skipped: redact(why, 2000) } }
}

export function planOf(observation: RestoreObservation, nowMs: number): Plan {
  const { restore, target } = observation
  const { resolved } = restore.status ?? {}
  const { managed } = target.instance?.spec ?? {}
  const needed = neededBytes(restore)
  const newClaim = newClaimOf(observation)
  const plan: Plan = {
    from: fromOf(resolved, nowMs),
    to: toOf(observation),
    ...keysLost(observation),
    tasksEnqueued: resolved?.tasksEnqueued,
    neededBytes: needed,
    freeBytes: managed === undefined ? undefined : claimBytes(managed, needed),
    newClaim,
    upgrade: upgradeOf(resolved?.meilisearchVersion, managed?.version),
    safetySnapshot: newClaim === undefined ? undefined : takesSnapshot(observation),
    madeAt: instant(nowMs),
  }
  return { ...plan, summary: redact(summaryOf(observation, plan), 2000) }
}

const takesSnapshot = (observation: RestoreObservation): boolean =>
  observation.restore.spec.safety.snapshot === 'Always' || whyNoSafety(observation) === undefined

function fromOf(resolved: MeiliRestoreStatus['resolved'], nowMs: number): Plan['from'] {
  const { meilisearchVersion: version, indexes, documents, takenAt } = resolved ?? {}
  const takenMs = Date.parse(takenAt ?? '')
  return {
    version,
    indexes,
    documents,
    takenAt,
    age: Number.isNaN(takenMs) ? undefined : spanText(nowMs - takenMs),
  }
}

/** What the server says now, else what it said last. */
function toOf({ target: { instance, data, claim }, server }: RestoreObservation): Plan['to'] {
  const [current] = data
  if (instance === undefined) return claim === undefined ? {} : { claimName: claim.metadata?.name }
  const last = instance.status?.database
  const { indexes, documents } =
    server.is === 'answered' ? server : { indexes: last?.indexes, documents: last?.documents }
  return {
    version: instance.spec.managed?.version,
    ...(current === undefined
      ? {}
      : { indexes, documents, claimName: current.claim.metadata?.name, generation: current.generation }),
  }
}
