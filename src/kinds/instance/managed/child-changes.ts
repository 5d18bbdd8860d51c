// Compares a managed instance's children with what is there, and says what to apply and why. Pure.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { databaseVersionAnnotation, instanceReasons } from '../../../api/instance.ts'
import type { Child, Effect } from '../../../reconcile/decision.ts'
import { keySecretName, masterKeyName } from '../../../reconcile/names/objects.ts'
import { awaitsBootstrap } from '../children/bootstrap.ts'
import { appliedAnnotation, claimAsItIs, claims, keySecret, service, statefulSet } from '../children/children.ts'
import { differences } from '../children/differences.ts'
import { answeredVersion, dataName, dataOf, markedGeneration, snapshotsInTheWay } from '../children/managed.ts'
import type { Managed } from '../children/managed.ts'
import { isKept, takenName, ownerlessChildren } from '../children/ownership.ts'
import type { There } from '../children/ownership.ts'
import { pauses } from '../status/pauses.ts'
import { adoptConnection } from './server-keys.ts'
import type { Plan } from './upgrade/plan.ts'
import { step } from '../status/verdict.ts'
import type { Step } from '../status/verdict.ts'

/** All that is not as it should be, in one pass. The StatefulSet waits for the key, which its pod is marked with. */
export function childrenDiffer(managed: Managed, plan: Plan): Step | undefined {
  const { instance, spec, seen } = managed
  const adopted = ownerlessChildren(managed)
  const master: Effect[] =
    seen.keySecret === undefined ? [{ kind: 'CreateMasterKey', secret: keySecret(instance), key: masterKeyName }] : []
  const changes = [...desiredChildren(managed, plan)].flatMap((desired) => changeOf(desired, adopted))
  const effects = [...master, ...changes.map(({ effect }) => effect), ...adoptConnection(managed)]
  if (effects.length === 0) return undefined
  if (adopted.length > 0)
    return step({
      reason: instanceReasons.Adopting,
      message: `Adopted ${adopted.join(', ')}: made for this MeiliInstance, and without an owner.`,
      effects,
      againMs: pauses.nextMs,
    })
  const drifted = changes.filter(({ drift }) => drift !== undefined)
  if (drifted.length > 0)
    return step({
      reason: instanceReasons.DriftFound,
      message: `Put back what somebody changed: ${drifted.map(({ drift }) => drift ?? '').join('; ')}.`,
      effects,
      againMs: pauses.driftMs,
    })
  const stops = seen.hold?.isStopping === true ? `MeiliRestore ${seen.hold.name} exchanges the data. ` : undefined
  const names = [
    ...(master.length > 0 ? [`Secret ${keySecretName(instance)}`] : []),
    ...changes.map(({ name }) => name),
  ]
  return step({
    reason: stops === undefined ? instanceReasons.Applying : instanceReasons.Restoring,
    message: `${stops ?? (spec.suspend ? 'Suspending. ' : '')}Being made or changed: ${names.join(', ')}.`,
    effects,
    againMs: pauses.nextMs,
  })
}

interface Desired {
  readonly child: Child
  readonly there: There | undefined
}

function* desiredChildren(managed: Managed, plan: Plan): Generator<Desired> {
  const { instance, spec, seen } = managed
  const claimName = dataName(managed)
  const isEmpty = awaitsBootstrap(managed)
  const made = claims(instance, spec, { ...dataOf(managed), databaseVersion: recordedVersion(managed) })
  // Of one that is to be filled the first is the data's.
  for (const child of isEmpty ? made.slice(1) : made)
    yield { child, there: Object.values(seen.claims).find(({ metadata }) => metadata?.name === child.metadata.name) }
  yield { child: service(instance, spec), there: seen.service }
  if (seen.keySecret === undefined) return
  if (spec.masterKeySecretRef === undefined) yield { child: keySecret(instance), there: seen.keySecret }
  const keyFingerprint = seen.keySecret.key?.fingerprint ?? ''
  // One that is there has lost its data: no server runs while another claim is filled.
  if (isEmpty && seen.statefulSet === undefined) return
  yield {
    child: statefulSet(instance, spec, {
      version: plan.version,
      upgrade: plan.mayUpgrade,
      replicas: isEmpty ? 0 : replicasOf(managed),
      stoppedFor: seen.hold?.isStopping === true ? seen.hold.stopMark : undefined,
      keyFingerprint,
      ipv6: seen.ipv6,
      data: claimName === undefined ? undefined : { claimName, generation: markedGeneration(managed) },
    }),
    there: seen.statefulSet,
  }
}

function replicasOf(managed: Managed): 0 | 1 {
  if (managed.seen.hold?.isStopping === true) return 0
  return managed.spec.suspend && snapshotsInTheWay(managed).length === 0 ? 0 : 1
}

const recordedVersion = ({ seen }: Managed): string | undefined =>
  seen.claims.data?.metadata?.annotations?.[databaseVersionAnnotation]

/** The version that answers goes on its claim, beside whatever else is to be done: a lower one is refused from then on, also by the next instance there. */
export function versionRecord(managed: Managed): readonly Effect[] {
  const { instance, spec, seen } = managed
  const version = answeredVersion(managed)
  if (
    version === undefined ||
    version === recordedVersion(managed) ||
    seen.claims.data === undefined ||
    spec.storage.size === undefined ||
    takenName(managed) !== undefined
  )
    return []
  return claims(instance, spec, { ...dataOf(managed), databaseVersion: version })
    .slice(0, 1)
    .map((child): Effect => ({ kind: 'Apply', child, uid: seen.claims.data?.metadata?.uid }))
}

interface Change {
  readonly effect: Effect
  readonly name: string
  readonly drift: string | undefined
}

function changeOf({ child, there }: Desired, adopted: readonly string[]): Change[] {
  const name = `${child.kind} ${child.metadata.name}`
  const effect: Effect = { kind: 'Apply', child, uid: there?.metadata?.uid, adopts: adopted.includes(name) }
  if (there === undefined) return [{ effect, name, drift: undefined }]
  const fields = differences(child, there).filter((path) => path !== 'kind' && path !== 'apiVersion')
  if (fields.length === 0 && !isHalfMade(child, there)) return []
  const isDrift =
    fields.length > 0 &&
    there.metadata?.annotations?.[appliedAnnotation] === child.metadata.annotations[appliedAnnotation]
  return [
    {
      effect,
      name,
      drift: isDrift ? `${fields.slice(0, 4).join(', ')}${fields.length > 4 ? ' …' : ''} of ${name}` : undefined,
    },
  ]
}

/** We created it, and were cut off before we owned its fields for good. */
function isHalfMade({ kind }: Child, { metadata }: There): boolean {
  return (
    kind !== 'Secret' &&
    (metadata?.managedFields?.some(
      ({ manager, operation, subresource }) =>
        manager === 'meili-operator' && operation === 'Update' && (subresource ?? '') === '',
    ) ??
      false)
  )
}

/** What restores have left beside the data: what was there before, and what never became it. */
export const restoredClaims = ({ seen }: Pick<Managed, 'seen'>): readonly V1PersistentVolumeClaim[] => [
  ...seen.earlierData.map(({ claim }) => claim),
  ...seen.filling,
]

/** Whether claims and key go with the instance: put right before it goes. What is not ours stays as it is. */
export function ownershipEffects(managed: Managed): readonly Effect[] {
  const plan = { version: managed.spec.version, mayUpgrade: false, upgrade: undefined, verdict: undefined }
  const beside = restoredClaims(managed).map((there) => ({ child: claimAsItIs(managed.instance, there), there }))
  return [...desiredChildren(managed, plan), ...beside]
    .filter(
      ({ child, there }) =>
        (child.kind === 'PersistentVolumeClaim' || child.kind === 'Secret') && isKept(managed.instance, there),
    )
    .filter(({ child, there }) => isOwned(there) !== isOwned(child))
    .map(({ child, there }): Effect => ({ kind: 'Apply', child, uid: there?.metadata?.uid }))
}

const isOwned = (object: There | undefined): boolean => (object?.metadata?.ownerReferences ?? []).length > 0
