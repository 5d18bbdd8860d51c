// The rungs about the target: it is there, and is one that can be restored to. Pure.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { restoreReasons } from '../../../api/restore.ts'
import { instanceLabel } from '../../../reconcile/names/objects.ts'
import type { RestoreObservation } from '../observation.ts'
import { failed, waiting } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'
import { whyUnusable } from '../status/usable.ts'

/** The snapshot that is on record was looked at again: nothing of it may have gone meanwhile. */
export const sourceGone: Rung = ({ source, sourceClaim, restore }) => {
  if (source.is === 'missing')
    return failed({
      reason: restoreReasons.SourceUnusable,
      message: `${source.why} It was to be restored, and its files may be gone. If they are not, name them with source.artifact in another MeiliRestore.`,
    })
  const why = source.is === 'snapshot' ? whyUnusable(source.snapshot) : undefined
  if (why !== undefined) return failed({ reason: restoreReasons.SourceUnusable, message: why })
  const { name, claim } = sourceClaim
  if (name === undefined || claim !== undefined) return undefined
  return waiting({
    reason: restoreReasons.SourceNotFound,
    message: `Claim ${name}, on which the source is, does not exist in namespace ${restore.metadata.namespace}.`,
  })
}

export const targetUnusable: Rung = (observation) => {
  const message = whyNoServer(observation) ?? whyNoClaim(observation)
  return message === undefined ? undefined : failed({ reason: restoreReasons.TargetUnusable, message })
}

function whyNoServer({ target: { instance } }: RestoreObservation): string | undefined {
  if (instance === undefined) return undefined
  const { name } = instance.metadata
  const { managed } = instance.spec
  if (managed === undefined)
    return `MeiliInstance ${name} speaks of a server that someone else runs. Scale that one to zero, and restore to its claim: target.claim. Or make a MeiliInstance with managed.bootstrap from this source.`
  const { claimName } = managed.storage
  if (claimName !== undefined)
    return `The data of MeiliInstance ${name} is on claim ${claimName}, which is yours: the operator exchanges only claims that it made. Make another MeiliInstance with storage.size and managed.bootstrap from this source; or set suspend: true, move the directory data.ms on it away, and restore to target.claim ${claimName}.`
  return undefined
}

function whyNoClaim({ restore, target: { claim } }: RestoreObservation): string | undefined {
  if (restore.spec.target.claim === undefined || claim === undefined) return undefined
  const { name = '', labels } = claim.metadata ?? {}
  const owner = labels?.[instanceLabel]
  if (owner !== undefined)
    return `Claim ${name} belongs to a server that the operator runs, ${owner}. Restore it in place: target.inPlace.`
  return canBeWritten(claim)
    ? undefined
    : `Claim ${name} (volumeMode ${claim.spec?.volumeMode ?? 'Filesystem'}, ${(claim.spec?.accessModes ?? []).join(', ')}) is not a file system that can be written. Name another claim.`
}

function canBeWritten({ spec }: V1PersistentVolumeClaim): boolean {
  return spec?.volumeMode !== 'Block' && (spec?.accessModes ?? []).some((mode) => mode.startsWith('ReadWrite'))
}

export const serversOff: Rung = ({ restore, runsServers }) =>
  restore.spec.target.inPlace === undefined || runsServers
    ? undefined
    : waiting({
        reason: restoreReasons.ManagedInstancesOff,
        message: 'This installation runs no servers: the operator has no rights to exchange their data.',
      })

export const targetMissing: Rung = ({ restore, target }) => {
  const { namespace } = restore.metadata
  const { inPlace, claim } = restore.spec.target
  if (inPlace !== undefined) {
    const { name } = inPlace.instanceRef
    if (target.instance === undefined)
      return notFound(`MeiliInstance ${name} does not exist in namespace ${namespace}.`)
    return target.instance.metadata.deletionTimestamp === undefined
      ? undefined
      : notFound(`MeiliInstance ${name} is being deleted.`)
  }
  if (claim === undefined) return undefined
  if (target.claim === undefined) return notFound(`Claim ${claim.name} does not exist in namespace ${namespace}.`)
  const isLost = target.claim.status?.phase === 'Lost'
  return isLost || target.claim.metadata?.deletionTimestamp !== undefined
    ? notFound(`Claim ${claim.name} is ${isLost ? 'lost' : 'being deleted'}.`)
    : undefined
}

const notFound = (message: string): ReturnType<Rung> => waiting({ reason: restoreReasons.TargetNotFound, message })
