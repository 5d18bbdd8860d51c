// The data claim of a managed server has a generation: the highest is the data (decision 0041). Names, marks, and which one counts. Pure.
import type { V1PersistentVolumeClaim, V1PersistentVolumeClaimSpec } from '@kubernetes/client-node'
import type { ManagedServer, MeiliInstance } from '../../api/instance.ts'
import { dataGenerationAnnotation, isAtWork, restoreUidLabel } from '../../api/restore.ts'
import type { MeiliRestore } from '../../api/restore.ts'
import { baseName, claimNameOf } from './objects.ts'
import type { Named } from './objects.ts'

/** `<base>-data`, then `<base>-data-2` and so on. */
export function dataClaimName(instance: Named, generation: number): string {
  const first = claimNameOf(instance, 'data')
  return generation === 1 ? first : `${first}-${generation}`
}

/** Of the MeiliRestore that fills the claim of a new server. With the UID: an earlier instance of this name may have left one. */
export const bootstrapRestoreName = (instance: Pick<MeiliInstance, 'metadata'>): string =>
  `${baseName(instance)}-bootstrap-${instance.metadata.uid.slice(0, 8)}`

/** Undefined where it is none of the data's: another claim, or one that is being filled, which a restore's label and no number tell. */
export function generationOf(instance: Named, { metadata }: V1PersistentVolumeClaim): number | undefined {
  const said = metadata?.annotations?.[dataGenerationAnnotation] ?? ''
  if (/^[1-9][0-9]{0,8}$/.test(said)) return Number(said)
  const isFilled = metadata?.labels?.[restoreUidLabel] !== undefined
  return metadata?.name === claimNameOf(instance, 'data') && !isFilled ? 1 : undefined
}

/** A restore fills it, or has left it: no server runs on it, and nothing else is stored there. */
export function isBeingFilled(instance: Named, claim: V1PersistentVolumeClaim): boolean {
  return claim.metadata?.labels?.[restoreUidLabel] !== undefined && generationOf(instance, claim) === undefined
}

export interface DataClaim {
  readonly claim: V1PersistentVolumeClaim
  readonly generation: number
}

/** Every generation that is there, the data first. `claims`: those that carry the instance's labels. */
export function dataClaims(instance: Named, claims: readonly V1PersistentVolumeClaim[]): readonly DataClaim[] {
  return claims
    .flatMap((claim) => {
      const generation = generationOf(instance, claim)
      return generation === undefined ? [] : [{ claim, generation }]
    })
    .toSorted((a, b) => b.generation - a.generation)
}

export function dataClaimSpec({ storage }: ManagedServer): V1PersistentVolumeClaimSpec {
  const { size, storageClassName, accessModes } = storage
  return {
    accessModes: [...(accessModes ?? ['ReadWriteOnce'])],
    resources: { requests: { storage: String(size ?? '') } },
    ...(storageClassName === undefined ? {} : { storageClassName }),
  }
}

/** No server runs meanwhile. */
const stopping: ReadonlySet<string> = new Set(['Stopping', 'Switching'])

export interface RestoreHold {
  /** The MeiliRestore that is at work on the instance. */
  readonly name: string
  readonly uid: string
  readonly isStopping: boolean
  /** What the StatefulSet is marked with then. */
  readonly stopMark: string
  /** A server starts on the data that was exchanged. */
  readonly isStarting: boolean
}

/** Says for which exchange a server is stopped: the way there and the way back stop it each. */
export function stopMarkOf({ metadata, status }: MeiliRestore): string {
  const { generation = 0 } = status?.rollback?.to ?? status?.switched?.to ?? {}
  return `${metadata.uid}.${generation}`
}

const rank = ({ status }: MeiliRestore): number => (stopping.has(status?.phase ?? '') ? 0 : 1)

/** The restore in place that works on an instance. Of two, as where one is asked to go back while another fills: whichever exchanges the data, then the first by name. */
export function restoreHold(
  instance: { readonly metadata: Pick<MeiliInstance['metadata'], 'namespace' | 'name'> },
  restores: Iterable<MeiliRestore>,
): RestoreHold | undefined {
  const { namespace, name } = instance.metadata
  const [first] = [...restores]
    .filter(
      (restore) =>
        restore.metadata.namespace === namespace &&
        restore.spec.target.inPlace?.instanceRef.name === name &&
        isAtWork(restore),
    )
    .toSorted((a, b) => rank(a) - rank(b) || a.metadata.name.localeCompare(b.metadata.name, 'en'))
  return first === undefined
    ? undefined
    : {
        name: first.metadata.name,
        uid: first.metadata.uid,
        isStopping: stopping.has(first.status?.phase ?? ''),
        stopMark: stopMarkOf(first),
        isStarting: first.status?.phase === 'Starting',
      }
}
