// Writes the Events of a restore from a change of its status: one for each step and each failure. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { hasRestoreEnded, restoreConditions, restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { conditionNamed, isTrue } from '../../../api/status/conditions.ts'
import type { EventText } from '../../../reconcile/decision.ts'

type Status = MeiliRestoreStatus
type EventBuilder = (before: Status | undefined, after: Status) => EventText | undefined

const builders: readonly EventBuilder[] = [resolvedEvent, plannedEvent, stepEvent, endedEvent]

export function restoreEvents(before: Status | undefined, after: Status): readonly EventText[] {
  return builders.map((build) => build(before, after)).filter((event) => event !== undefined)
}

const readyOf = (status: Status | undefined): { reason: string; message: string } | undefined =>
  conditionNamed(status?.conditions, conditionTypes.Ready)

function resolvedEvent(before: Status | undefined, { resolved }: Status): EventText | undefined {
  if (resolved === undefined || before?.resolved !== undefined) return undefined
  const message = `The source is ${resolved.name}: ${resolved.size}, sha256 ${resolved.sha256}, on claim ${resolved.claimName} at ${resolved.path}`
  return { type: 'Normal', reason: 'Resolved', message }
}

function plannedEvent(before: Status | undefined, { plan }: Status): EventText | undefined {
  if (plan === undefined || before?.plan?.madeAt === plan.madeAt) return undefined
  return { type: 'Normal', reason: restoreReasons.Planned, message: plan.summary ?? 'The plan is in status.plan' }
}

/** Ordinary steps of which another Event speaks. */
const silent: readonly string[] = [restoreReasons.Planned, restoreReasons.Resolving]

const normal: readonly string[] = [
  restoreReasons.SafetySnapshot,
  restoreReasons.ClaimCreating,
  restoreReasons.MoverStarting,
  restoreReasons.Filling,
  restoreReasons.Verifying,
  restoreReasons.Sanitizing,
  restoreReasons.Stopping,
  restoreReasons.Switching,
  restoreReasons.Starting,
]

/** What it does, and what holds it up, once for each reason. */
function stepEvent(before: Status | undefined, after: Status): EventText | undefined {
  const ready = readyOf(after)
  if (ready === undefined || hasRestoreEnded({ status: after }) || silent.includes(ready.reason)) return undefined
  if (readyOf(before)?.reason === ready.reason) return undefined
  return { type: normal.includes(ready.reason) ? 'Normal' : 'Warning', reason: ready.reason, message: ready.message }
}

function endedEvent(before: Status | undefined, after: Status): EventText | undefined {
  if (after.phase === before?.phase || !hasRestoreEnded({ status: after })) return undefined
  const ready = readyOf(after)
  const type = isTrue(after.conditions, restoreConditions.Failed) ? 'Warning' : 'Normal'
  return { type, reason: ready?.reason ?? after.phase ?? '', message: ready?.message ?? '' }
}
