// How an exchange ends that was carried out: the figures, how long no server served, and what there is to go back to. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import { restoreFinalizer, restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { spanText } from '../../../reconcile/format.ts'
import type { RestoreObservation } from '../observation.ts'
import { completed, rolledBack } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { claimNamed, instanceName } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { readySinceMs } from './server-trouble.ts'

interface Serving {
  readonly exchange: Exchange
  readonly text: string
  readonly restored?: MeiliRestoreStatus['restored']
  /** Undefined where none is to run. */
  readonly pod?: V1Pod
}

export function restoredDone(
  observation: RestoreObservation,
  { exchange, text, restored, pod }: Serving,
  nowMs: number,
): Verdict {
  const { restore } = observation
  const { resolved, switched } = restore.status ?? {}
  const oldData = keptData(observation, exchange.from, nowMs)
  const times = pod === undefined ? {} : downtimeOf(exchange, pod, nowMs)
  const kept = oldData === undefined ? '' : ` Claim ${oldData.claimName} with the data from before is kept.`
  const down = times.downtime === undefined ? '' : ` It was away for ${times.downtime}.`
  return completed({
    reason: restoreReasons.Completed,
    message: `MeiliInstance ${instanceName(restore)} has the data of ${resolved?.name ?? 'the snapshot'}. ${text}${down}${kept}`,
    changes: {
      restored,
      oldData,
      switched: { ...switched, to: exchange.to, ...times },
      rollback: undefined,
    },
    effects: finalizerRemoval(restore),
  })
}

/** @param note what is not as it should be; empty where all is */
export function backDone(observation: RestoreObservation, note: string, nowMs: number): Verdict {
  const { restore } = observation
  const { rollback, switched } = restore.status ?? {}
  const { to } = rollback ?? {}
  const oldData = keptData(observation, switched?.to, nowMs)
  return rolledBack({
    message:
      `${rollback?.message ?? ''} MeiliInstance ${instanceName(restore)} has the data from before, on claim ${to?.claimName ?? ''}. ${note}`.trim(),
    changes: {
      ...(rollback === undefined ? {} : { rollback: { ...rollback, completedAt: instant(nowMs) } }),
      oldData,
      restored: undefined,
    },
    effects: finalizerRemoval(restore),
  })
}

const finalizerRemoval = ({ metadata }: MeiliRestore): readonly Effect[] =>
  metadata.finalizers?.includes(restoreFinalizer) === true
    ? [{ kind: 'RemoveFinalizer', finalizer: restoreFinalizer }]
    : []

/** From the word that the server is to stop, which comes before its last answer, to the pod that was Ready: never shorter than what clients saw. */
function downtimeOf(
  { stoppingAt }: Exchange,
  pod: V1Pod,
  nowMs: number,
): Pick<NonNullable<MeiliRestoreStatus['switched']>, 'servingAt' | 'downtime' | 'downtimeMs'> {
  const stoppedMs = stoppingAt === undefined ? undefined : Date.parse(stoppingAt)
  const readyMs = readySinceMs(pod)
  // The node's clock: where it says what cannot be, ours counts.
  const servingMs = readyMs <= nowMs && readyMs >= (stoppedMs ?? readyMs) ? readyMs : nowMs
  const servingAt = instant(servingMs)
  if (stoppedMs === undefined) return { servingAt }
  const downtimeMs = Math.max(0, servingMs - stoppedMs)
  return { servingAt, downtimeMs, downtime: spanText(downtimeMs) }
}

/** The claim that is the data no more, if it is still there. */
function keptData(
  { target }: RestoreObservation,
  kept: Exchange['from'],
  nowMs: number,
): MeiliRestoreStatus['oldData'] {
  const claim = claimNamed(target, kept?.claimName)
  if (kept === undefined || claim === undefined) return undefined
  const capacity = claim.status?.capacity?.['storage'] ?? claim.spec?.resources?.requests?.['storage']
  return {
    ...kept,
    ...(capacity === undefined ? {} : { capacityBytes: sizeBytes(capacity) }),
    keptSince: instant(nowMs),
    removable: false,
  }
}
