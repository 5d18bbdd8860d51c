// The ladder of a managed instance: everything that must hold before all of spec.managed is in place. Pure.
// The first rung that has something to say sets the reason of the condition Applied, and its effects are performed.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { instanceFinalizer, instanceReasons } from '../../../api/instance.ts'
import { masterKeyReference } from '../../../reconcile/names/objects.ts'
import { firstOf } from '../../../reconcile/rung.ts'
import { childrenDiffer } from './child-changes.ts'
import { claims } from '../children/children.ts'
import { compareVersions } from '../../../reconcile/names/version.ts'
import { databaseVersion, dataOf } from '../children/managed.ts'
import type { Managed } from '../children/managed.ts'
import { bootstrapping } from './bootstrap.ts'
import { dataUnclear } from './data-claim.ts'
import { pauses } from '../status/pauses.ts'
import { applicationKeys, ownKeys, secretRefused } from './server-keys.ts'
import { takenName } from '../children/ownership.ts'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import { awaitPod, restart } from './restart.ts'
import { restoring } from './restoring.ts'
import type { Plan } from './upgrade/plan.ts'
import { stalled, step, waiting } from '../status/verdict.ts'
import type { Step } from '../status/verdict.ts'

/** @param plan which version is to run now */
export type Rung = (managed: Managed, plan: Plan) => Step | undefined

/** In this order: whether anything may be touched at all, what spec asks for and cannot have, what is made, then what needs a server that runs. */
const rungs: readonly Rung[] = [
  switchedOff, // this installation may run servers
  finalizerMissing, // its end is provided for before anything is made
  secretRefused, // nothing is made that may be there, unseen
  nameTaken, // nothing of others is touched
  masterKeyUnusable, // the server can start with the key, and be asked with it
  claimNotFound, // claims that its user names are there
  dataUnclear, // it is certain which claim has the data
  downgradeRefused, // no version reads a database that it cannot read
  shrinkRefused, // no volume is asked to get smaller
  childrenDiffer, // claims, key, Service and StatefulSet are as they should be
  bootstrapping, // the claim of a new server is filled first, where spec says with what
  restoring, // no server runs while its data is exchanged
  ownKeys, // our key is in the server
  restart, // the pod runs with the settings of today, and no restart breaks a snapshot
  upgrading, // an upgrade goes on step by step
  awaitPod, // the pod is ready, or why it is not is said
  applicationKeys, // applications have their url and key
  claimExpanding, // a growing volume has grown
]

/** What stands first between it and spec. */
export const provision: Rung = firstOf(rungs)

function switchedOff({ seen }: Managed): Step | undefined {
  if (seen.isSwitchedOn) return undefined
  return stalled({
    reason: instanceReasons.ManagedInstancesOff,
    message:
      'This installation of the operator runs no servers: MANAGED_INSTANCES is not true. Set it, with the rights of ClusterRole meili-operator-managed, or use spec.existing.',
  })
}

function finalizerMissing({ instance }: Managed): Step | undefined {
  if (instance.metadata.finalizers?.includes(instanceFinalizer) === true) return undefined
  return step({
    reason: instanceReasons.Applying,
    message: 'Its end is being provided for before anything is made.',
    effects: [{ kind: 'AddFinalizer', finalizer: instanceFinalizer }],
    againMs: pauses.finalizerMs,
  })
}

function nameTaken(managed: Managed): Step | undefined {
  const taken = takenName(managed)
  if (taken === undefined) return undefined
  const said = { reason: instanceReasons.NameTaken, message: taken.message }
  return taken.isGoing ? waiting(said) : stalled(said)
}

/** The shortest that Meilisearch takes in production. */
const shortestKeyBytes = 16

/** A key that its user names is awaited; ours is made below. */
function masterKeyUnusable({ instance, spec, seen }: Managed): Step | undefined {
  const { name, key } = masterKeyReference(instance)
  const unusable = (message: string): Step => waiting({ reason: instanceReasons.MasterKeyUnusable, message })
  if (seen.keySecret === undefined)
    return spec.masterKeySecretRef === undefined
      ? undefined
      : unusable(`Secret ${name} does not exist. It goes on by itself when it is there.`)
  if (seen.keySecret.key === undefined)
    return unusable(`Secret ${name} has no key ${key}. It goes on by itself when the key is there.`)
  const { flaw, bytes } = seen.keySecret.key
  if (flaw !== undefined)
    return unusable(
      `The master key in Secret ${name}/${key} holds ${flaw}, which no client can send. Replace it with a key without that.`,
    )
  const tooShort = spec.environment === 'Production' && bytes < shortestKeyBytes
  return tooShort
    ? unusable(
        `The master key in Secret ${name}/${key} has ${bytes} bytes, and Meilisearch asks for ${shortestKeyBytes} in Production. Use a longer one, or environment: Development.`,
      )
    : undefined
}

function claimNotFound({ instance, spec, seen }: Managed): Step | undefined {
  const named = [
    ['data', spec.storage.claimName],
    ['snapshots', spec.snapshots?.claimName],
  ] as const
  const missing = named.find(([role, name]) => name !== undefined && seen.claims[role] === undefined)
  return missing === undefined
    ? undefined
    : waiting({
        reason: instanceReasons.ClaimNotFound,
        message: `Claim ${missing[1] ?? ''} does not exist in namespace ${instance.metadata.namespace}. It goes on by itself when it is there.`,
      })
}

function downgradeRefused(managed: Managed): Step | undefined {
  const { spec } = managed
  const database = databaseVersion(managed)
  if (database === undefined || compareVersions(database, spec.version) <= 0) return undefined
  const message = `The database is of Meilisearch ${database}, which ${spec.version} cannot read; nothing was changed. Set version to ${database} or higher, or restore a snapshot of ${spec.version} into another MeiliInstance.`
  return stalled({ reason: instanceReasons.DowngradeRefused, message })
}

const requestedSize = ({ spec }: { readonly spec?: V1PersistentVolumeClaim['spec'] }): string =>
  spec?.resources?.requests?.['storage'] ?? '0'

/** The claim was kept from an instance before this one: the schema refuses the rest. */
function shrinkRefused(managed: Managed): Step | undefined {
  const { instance, spec, seen } = managed
  const smaller = claims(instance, spec, dataOf(managed)).flatMap((wanted) => {
    const there = Object.values(seen.claims).find(({ metadata }) => metadata?.name === wanted.metadata.name)
    return there !== undefined && sizeBytes(requestedSize(wanted)) < sizeBytes(requestedSize(there))
      ? [{ name: there.metadata?.name ?? '', has: requestedSize(there), asked: requestedSize(wanted) }]
      : []
  })[0]
  if (smaller === undefined) return undefined
  return stalled({
    reason: instanceReasons.ShrinkRefused,
    message: `Claim ${smaller.name} asks for ${smaller.has} already, and a volume never gets smaller; nothing was changed. Set its size to ${smaller.has} or more instead of ${smaller.asked}.`,
  })
}

function upgrading(managed: Managed, { verdict }: Plan): Step | undefined {
  return verdict === undefined || !managed.spec.suspend
    ? verdict
    : { ...verdict, message: `${verdict.message} It waits until suspend is false.` }
}

function claimExpanding({ seen }: Managed): Step | undefined {
  const growing = Object.values(seen.claims).find((claim) => {
    const capacity = claim.status?.capacity?.['storage']
    return capacity !== undefined && sizeBytes(requestedSize(claim)) > sizeBytes(capacity)
  })
  if (growing === undefined) return undefined
  const conditions = growing.status?.conditions?.map(({ message, type }) => message ?? type).join(' ') ?? ''
  return waiting({
    reason: instanceReasons.ClaimExpanding,
    message:
      `Claim ${growing.metadata?.name ?? ''} grows from ${growing.status?.capacity?.['storage'] ?? ''} to ${requestedSize(growing)}. ${conditions}`.trim(),
  })
}
