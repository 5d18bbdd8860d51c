// Whose an object of our name is. What is not ours is named, and never changed. Pure.
import type { MeiliInstance } from '../api/instance.ts'
import { baseName, claimNameOf, connectionSecretName, isChildOf, keySecretName } from '../reconcile/names.ts'
import type { ClaimRole } from '../reconcile/names.ts'
import type { Managed } from './managed.ts'

export interface Taken {
  readonly message: string
  /** It belongs to an instance of this name that is gone, and goes by itself. */
  readonly isGoing: boolean
}

interface There {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string; readonly controller?: boolean }[]
  }
}

interface Held {
  readonly what: string
  readonly there: There | undefined
  /** It outlives the instance: one without an owner is adopted by its labels. */
  readonly outlives: boolean
}

function held({ instance, spec, seen }: Managed): readonly Held[] {
  const name = baseName(instance)
  const claim = (role: ClaimRole, isOurs: boolean): Held[] => (isOurs ? [{ what: `PersistentVolumeClaim ${claimNameOf(instance, role)}`, there: seen.claims[role], outlives: role !== 'scratch' }] : [])
  return [
    { what: `StatefulSet ${name}`, there: seen.statefulSet, outlives: false },
    { what: `Service ${name}`, there: seen.service, outlives: false },
    ...claim('data', spec.storage.size !== undefined),
    ...claim('snapshots', spec.snapshots?.size !== undefined),
    ...claim('scratch', spec.scratch?.size !== undefined),
    ...(spec.masterKeySecretRef === undefined ? [{ what: `Secret ${keySecretName(instance)}`, there: seen.keySecret, outlives: true }] : []),
    { what: `Secret ${connectionSecretName(instance)}`, there: seen.connection, outlives: false },
  ]
}

/** The first object that has a name of ours and belongs to somebody else. */
export function takenName(managed: Managed): Taken | undefined {
  for (const candidate of held(managed)) {
    const taken = candidate.there === undefined ? undefined : judged(managed.instance, candidate.what, { there: candidate.there, outlives: candidate.outlives })
    if (taken !== undefined) return taken
  }
  return undefined
}

/** Claims and key: ours, or left by an instance of this name. */
export function isKept(instance: MeiliInstance, there: There | undefined): boolean {
  return there !== undefined && judged(instance, '', { there, outlives: true }) === undefined
}

function judged(instance: MeiliInstance, what: string, { there, outlives }: { there: There; outlives: boolean }): Taken | undefined {
  const { name, uid } = instance.metadata
  const owner = there.metadata?.ownerReferences?.find(({ controller }) => controller === true)
  if (owner?.uid === uid) return undefined
  if (owner !== undefined) {
    const isGoing = owner.kind === instance.kind && owner.name === name
    const whose = isGoing ? `an earlier MeiliInstance ${name}, and goes with it` : `${owner.kind} ${owner.name}. Give this MeiliInstance another name`
    return { isGoing, message: `${what} exists and belongs to ${whose}. It was not touched.` }
  }
  if (outlives && isChildOf(instance, there.metadata?.labels)) return undefined
  const labels = outlives ? ` To have it adopted, give it the labels app.kubernetes.io/name: meilisearch, app.kubernetes.io/instance: ${baseName(instance)}, app.kubernetes.io/managed-by: meili-operator and app.kubernetes.io/component: server.` : ''
  return { isGoing: false, message: `${what} exists and was not made for this MeiliInstance. It was not touched. Delete it, or give this MeiliInstance another name.${labels}` }
}
