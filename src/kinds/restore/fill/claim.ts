// The rungs of the claim on which the data is unpacked: a new one beside that of a server that we run, or the one that was named. Pure.
import type { V1PersistentVolumeClaim, V1PersistentVolumeClaimSpec } from '@kubernetes/client-node'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import type { ManagedServer } from '../../../api/instance.ts'
import { restoreReasons, restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { dataClaimSpec } from '../../../reconcile/names/data-claim.ts'
import { childLabels } from '../../../reconcile/names/objects.ts'
import type { RestoreObservation } from '../observation.ts'
import { fillDeadlineMs, deadlineText } from '../status/deadline.ts'
import { isFilledOnly, isOf } from '../status/own-claim.ts'
import { pauses } from '../status/pauses.ts'
import { failed, step } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'
import { claimBytes, requestedBytes } from './new-claim.ts'

export const claimMissing: Rung = (observation, nowMs) => {
  const { restore, target } = observation
  const claimName = restore.status?.fill?.claimName ?? ''
  if (target.filled !== undefined) return undefined
  const managed = target.instance?.spec.managed
  if (restore.spec.target.inPlace === undefined || managed === undefined)
    return hold(restore, `${missingText(observation)} It goes on when that is there again,`, nowMs)
  return step({
    phase: 'Filling',
    reason: restoreReasons.ClaimCreating,
    message: `Claim ${claimName} is being created.`,
    effects: [{ kind: 'CreateClaim', claim: newClaim(restore, managed, claimName) }],
    keepsRefusal: true,
    againMs: pauses.nextMs,
  })
}

function missingText({ restore: { metadata, spec, status } }: RestoreObservation): string {
  const { inPlace } = spec.target
  return inPlace === undefined
    ? `Claim ${status?.fill?.claimName ?? ''} is gone from namespace ${metadata.namespace}.`
    : `MeiliInstance ${inPlace.instanceRef.name} is gone from namespace ${metadata.namespace}.`
}

/** Without a number: no server is ever started on it before the exchange. It belongs to the instance as all its claims do, which owns it once it is the data. */
function newClaim(restore: MeiliRestore, managed: ManagedServer, name: string): V1PersistentVolumeClaim {
  const { namespace, uid } = restore.metadata
  const instance = { metadata: { name: restore.spec.target.inPlace?.instanceRef.name ?? '' } }
  const spec = dataClaimSpec(managed)
  const asked = sizeBytes(managed.storage.size ?? 0)
  const needed = claimBytes(managed, restore.status?.plan?.neededBytes)
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, labels: { ...childLabels(instance), [restoreUidLabel]: uid } },
    spec: needed <= asked ? spec : withSize(spec, wholeMi(needed)),
  }
}

const withSize = (spec: V1PersistentVolumeClaimSpec, storage: string): V1PersistentVolumeClaimSpec =>
  Object.assign({}, spec, { resources: { requests: { storage } } })

const mi = 2 ** 20
const wholeMi = (bytes: number): string => `${Math.ceil(bytes / mi)}Mi`

export const claimUnusable: Rung = ({ restore, target: { filled } }, nowMs) => {
  const { name = '', deletionTimestamp } = filled?.metadata ?? {}
  if (filled === undefined) return undefined
  if (restore.spec.target.inPlace !== undefined && !isOf(restore, filled))
    return failed({
      reason: restoreReasons.ClaimNotReady,
      message: `Claim ${name} is there, and not of this MeiliRestore. Nothing is unpacked on it. Create another MeiliRestore, which takes another name.`,
    })
  if (filled.status?.phase === 'Lost')
    return hold(restore, `Claim ${name} is lost. It goes on when it is there again,`, nowMs)
  return deletionTimestamp === undefined
    ? undefined
    : hold(restore, `Claim ${name} is being deleted. It goes on when it is gone,`, nowMs)
}

/** A mover found too little space: the claim is ours, and nobody has it yet, so a larger one is made in its place. */
export const claimTooSmall: Rung = ({ restore, target, mover }) => {
  const { filled } = target
  const needed = restore.status?.plan?.neededBytes
  const { name = '', uid = '', resourceVersion = '' } = filled?.metadata ?? {}
  if (restore.spec.target.inPlace === undefined || filled === undefined || needed === undefined) return undefined
  if (mover.job !== undefined || requestedBytes(filled) >= needed || !isFilledOnly(restore, filled)) return undefined
  return step({
    phase: 'Filling',
    reason: restoreReasons.ClaimCreating,
    message: `Claim ${name} is too small for what is in the snapshot: a larger one is made in its place.`,
    effects: [{ kind: 'DeleteClaim', claim: { name, uid, resourceVersion } }],
    againMs: pauses.changeMs,
  })
}

const hold = (restore: MeiliRestore, why: string, nowMs: number): Verdict =>
  step({
    phase: 'Filling',
    reason: restoreReasons.ClaimNotReady,
    message: `${why} until ${deadlineText(fillDeadlineMs(restore, nowMs))}.`,
    changes: { waitingFor: why.replace(/ It goes on .*$/, '') },
    againMs: pauses.workMs,
  })
