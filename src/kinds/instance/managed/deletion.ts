// Ends a managed instance: waits for running snapshots, keeps or deletes claims and key as deletionPolicy says, and reports which. Pure.
import { instanceFinalizer, instanceReasons } from '../../../api/instance.ts'
import type { InstanceReason } from '../../../api/instance.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { keySecretName } from '../../../reconcile/names/objects.ts'
import type { Managed } from '../children/managed.ts'
import { isKept } from '../children/ownership.ts'
import { ownershipEffects, restoredClaims } from './child-changes.ts'
import { pauses } from '../status/pauses.ts'
import { deleting, unchanged } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

export function deleteManaged(managed: Managed): Verdict {
  const { instance, seen } = managed
  if (instance.metadata.finalizers?.includes(instanceFinalizer) !== true) return unchanged()
  const [running] = seen.runningSnapshots
  if (running !== undefined)
    return deleting({
      reason: instanceReasons.Deleting,
      message: `It goes when snapshot ${running} has ended.`,
      againMs: pauses.changeMs,
    })
  // Without rights nothing can be put right.
  const ownership = seen.isSwitchedOn ? [...ownershipEffects(managed), ...moversInTheWay(managed)] : []
  return deleting({
    ...deletionReason(managed),
    ...(ownership.length > 0
      ? { effects: ownership, againMs: pauses.nextMs }
      : { effects: [{ kind: 'RemoveFinalizer', finalizer: instanceFinalizer }] }),
  })
}

function deletionReason(managed: Managed): { reason: InstanceReason; message: string } {
  const { instance, seen, spec } = managed
  const key =
    spec.masterKeySecretRef === undefined && isKept(instance, seen.keySecret)
      ? [`Secret ${keySecretName(instance)}`]
      : []
  const kept = [...keptClaims(managed), ...key].join(', ')
  if (instance.spec.deletionPolicy === 'Delete')
    return {
      reason: instanceReasons.Deleting,
      message: kept === '' ? 'It had nothing of its own.' : `These are deleted with it: ${kept}.`,
    }
  return {
    reason: instanceReasons.Retained,
    message:
      kept === ''
        ? 'It had nothing of its own that stays.'
        : `These stay: ${kept}. A MeiliInstance of this name takes them over.`,
  }
}

/** Pods that have ended hold their claims as well: those of snapshots of this server are on record elsewhere. */
function moversInTheWay({ instance, seen }: Managed): Effect[] {
  if (instance.spec.deletionPolicy === 'Retain') return []
  const staying = seen.finishedMovers.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  return staying.map(({ metadata }): Effect => ({
    kind: 'DeleteJob',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
  }))
}

function keptClaims({ instance, seen, spec }: Managed): string[] {
  const roles = [
    ['data', spec.storage.size],
    ['snapshots', spec.snapshots?.size],
  ] as const
  const current = roles.flatMap(([role, size]) => (size === undefined ? [] : [seen.claims[role]]))
  return [...current, ...restoredClaims({ seen })]
    .filter((claim) => isKept(instance, claim))
    .map((claim) => `claim ${claim?.metadata?.name ?? ''}`)
}
