// Finds out to whom an object under one of an instance's names belongs. A foreign object is named and never changed. Pure.
import type { MeiliInstance } from '../../../api/instance.ts'
import {
  baseName,
  childLabels,
  claimNameOf,
  connectionSecretName,
  isChildOf,
  keySecretName,
} from '../../../reconcile/names/objects.ts'
import type { ClaimRole } from '../../../reconcile/names/objects.ts'
import { appliedAnnotation } from './children.ts'
import type { Managed } from './managed.ts'

export interface Taken {
  readonly message: string
  /** It belongs to an instance of this name that is gone, or is being deleted, and goes by itself. */
  readonly isGoing: boolean
}

/** What exists under one of our names; it has more fields than are compared. */
export interface There {
  readonly metadata?: {
    readonly uid?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string | Date
    readonly ownerReferences?: readonly {
      readonly kind: string
      readonly name: string
      readonly uid: string
      readonly controller?: boolean
    }[]
    readonly managedFields?: readonly {
      readonly manager?: string
      readonly operation?: string
      readonly subresource?: string
    }[]
  }
}

interface OwnName {
  readonly what: string
  readonly there: There | undefined
  /** It outlives the instance, and is adopted by its labels. The rest goes with the instance, and is adopted only where it lost its owner. */
  readonly outlives: boolean
}

function namesOf({ instance, spec, seen }: Managed): readonly OwnName[] {
  const name = baseName(instance)
  const claim = (role: ClaimRole, isOurs: boolean): OwnName[] =>
    isOurs
      ? [
          {
            what: `PersistentVolumeClaim ${seen.claims[role]?.metadata?.name ?? claimNameOf(instance, role)}`,
            there: seen.claims[role],
            outlives: role !== 'scratch',
          },
        ]
      : []
  return [
    { what: `StatefulSet ${name}`, there: seen.statefulSet, outlives: false },
    { what: `Service ${name}`, there: seen.service, outlives: false },
    ...claim('data', spec.storage.size !== undefined),
    ...claim('snapshots', spec.snapshots?.size !== undefined),
    ...claim('scratch', spec.scratch?.size !== undefined),
    ...(spec.masterKeySecretRef === undefined
      ? [{ what: `Secret ${keySecretName(instance)}`, there: seen.keySecret, outlives: true }]
      : []),
    { what: `Secret ${connectionSecretName(instance)}`, there: seen.connection, outlives: false },
  ]
}

/** The first object under one of our names that belongs to somebody else. */
export function takenName(managed: Managed): Taken | undefined {
  for (const candidate of namesOf(managed)) {
    const taken =
      candidate.there === undefined
        ? undefined
        : judge(managed.instance, candidate.what, { there: candidate.there, outlives: candidate.outlives })
    if (taken !== undefined) return taken
  }
  return undefined
}

/** Claims and key: ours, or left by an instance of this name. */
export function isKept(instance: MeiliInstance, there: There | undefined): boolean {
  return there !== undefined && judge(instance, '', { there, outlives: true }) === undefined
}

/** What goes with its instance, and has lost it: a backup tool brings objects back without their owners. */
export function ownerlessChildren(managed: Managed): readonly string[] {
  return namesOf(managed).flatMap(({ what, there, outlives }) =>
    !outlives && hasLostOwner(managed.instance, there) ? [what] : [],
  )
}

export function hasLostOwner(instance: MeiliInstance, there: There | undefined): boolean {
  return there !== undefined && controllerOf(there) === undefined && isMadeFor(instance, there)
}

type Owner = NonNullable<NonNullable<There['metadata']>['ownerReferences']>[number]

function controllerOf({ metadata }: There): Owner | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true)
}

/** With each of our labels, and the mark of what we apply. */
function isMadeFor(instance: MeiliInstance, { metadata }: There): boolean {
  return isChildOf(instance, metadata?.labels) && metadata?.annotations?.[appliedAnnotation] !== undefined
}

function judge(
  instance: MeiliInstance,
  what: string,
  { there, outlives }: { there: There; outlives: boolean },
): Taken | undefined {
  const owner = controllerOf(there)
  if (owner !== undefined) return owner.uid === instance.metadata.uid ? undefined : belongsTo(instance, what, owner)
  if (outlives && isChildOf(instance, there.metadata?.labels)) return undefined
  if (!outlives && isMadeFor(instance, there)) return takenUntilGone(what, there)
  const labels = outlives ? ` To have it adopted, give it the labels ${labelsText(instance)}.` : ''
  return {
    isGoing: false,
    message: `${what} exists and was not made for this MeiliInstance. It was not touched. Give this MeiliInstance another name.${labels}`,
  }
}

function belongsTo(instance: MeiliInstance, what: string, owner: Owner): Taken {
  const isGoing = owner.kind === instance.kind && owner.name === instance.metadata.name
  const whose = isGoing
    ? `an earlier MeiliInstance ${owner.name}, and goes with it`
    : `${owner.kind} ${owner.name}. Give this MeiliInstance another name`
  return { isGoing, message: `${what} exists and belongs to ${whose}. It was not touched.` }
}

/** An owner would not keep it. */
function takenUntilGone(what: string, { metadata }: There): Taken | undefined {
  return metadata?.deletionTimestamp === undefined
    ? undefined
    : {
        isGoing: true,
        message: `${what} exists and is being deleted. It was not touched, and is made anew when it is gone.`,
      }
}

function labelsText(instance: MeiliInstance): string {
  return Object.entries(childLabels(instance))
    .map(([label, value]) => `${label}: ${value}`)
    .join(', ')
}
