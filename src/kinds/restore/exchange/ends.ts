// How an exchange ends before anything was exchanged: the server goes on with the data that it has. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { RestoreReason } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'
import type { RestoreObservation } from '../observation.ts'
import { failed, rolledBack } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { isGoingInstance } from './exchange.ts'

export interface Why {
  readonly reason: RestoreReason
  readonly message: string
  /** Somebody wanted it so. */
  readonly cause?: 'Asked' | 'Deleted'
}

export const instanceGone =
  'The MeiliInstance is gone, or is being deleted. Its claims stay or go as its deletionPolicy says.'

/** Nobody wants it any more, or it can never come to its end: with the server's data as it was. */
export function whyNoLonger(observation: RestoreObservation): Why | undefined {
  const { metadata, spec } = observation.restore
  if (isGoingInstance(observation)) return { reason: restoreReasons.TargetNotFound, message: instanceGone }
  if (metadata.deletionTimestamp !== undefined)
    return { reason: restoreReasons.RolledBack, cause: 'Deleted', message: 'This MeiliRestore is being deleted.' }
  return spec.rollback
    ? { reason: restoreReasons.RolledBack, cause: 'Asked', message: 'spec.rollback asks for the data from before.' }
    : undefined
}

/** Nothing was exchanged. The claim that was filled is removed afterwards. */
export function endUnchanged({ reason, message, cause }: Why, nowMs: number): Verdict {
  const text = `${sentence(message)} Nothing was exchanged: the server goes on with the data that it has.`
  if (cause === undefined) return failed({ reason, message: text, changes: { rollback: undefined } })
  const at = instant(nowMs)
  return rolledBack({
    message: text,
    changes: { rollback: { cause, message: sentence(message), startedAt: at, completedAt: at } },
  })
}
