// Creates and deletes the snapshot before an upgrade, and says where it is stored and why it cannot be taken. Pure.
// Its name (upgradeSnapshotName) has the target version and the instance's UID and generation in it: each upgrade gets a snapshot of its own, and none takes an earlier one's.
import { instanceReasons } from '../../../../api/instance.ts'
import type { ManagedServer, MeiliInstance, MeiliInstanceStatus } from '../../../../api/instance.ts'
import { meiliSnapshots } from '../../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import type { Effect } from '../../../../reconcile/decision.ts'
import { claimNameOf, instanceLabels, upgradeLabels } from '../../../../reconcile/names/objects.ts'
import { firstOf } from '../../../../reconcile/rung.ts'
import { databasesOf } from '../../../../reconcile/server-reference.ts'
import type { Managed } from '../../children/managed.ts'
import { whyNoSpace } from './upgrade-snapshot-space.ts'
import { volumeReady } from '../../status/volume-checks.ts'

type Destination = NonNullable<ManagedServer['upgrade']['destination']>
type Upgrade = MeiliInstanceStatus['upgrade']

/** Never by default on the claim of the database: it would fill what it is to protect, and be lost with it. */
function destinationOf({ instance, spec }: Managed): Destination | undefined {
  if (spec.upgrade.destination !== undefined || spec.snapshots === undefined) return spec.upgrade.destination
  const name = spec.snapshots.claimName ?? claimNameOf(instance, 'snapshots')
  return holdsDatabase(instance, name) ? undefined : { claim: { name, path: 'upgrades' } }
}

/** Its data of any generation, and what is being filled. */
const holdsDatabase = (instance: MeiliInstance, name: string): boolean =>
  databasesOf([instance]).some(({ claimName }) => claimName === name)

/** Why no snapshot is asked for, and each way out but those that every upgrade has. Top rung first: what spec says, what the server's volumes allow, what fits on them. */
export const whyHeld: (managed: Managed) => string | undefined = firstOf([
  noDestination, // something says where to store it
  ownDestination, // which is no claim that it would fill, or be lost with
  othersDatabase, // nor one beside another database
  singleMount, // nor one that only the server may mount
  impossible, // the server writes it where a mover can fetch it
  whyNoSpace, // and what it writes fits there
])

function noDestination(managed: Managed): string | undefined {
  if (destinationOf(managed) !== undefined) return undefined
  return 'A snapshot is to be taken first, and nothing says where to store it: the claim of the database is not safe. Set upgrade.destination.claim, or snapshots to a volume of its own'
}

function ownDestination({ instance, spec }: Managed): string | undefined {
  const name = spec.upgrade.destination?.claim.name ?? ''
  const another = 'Name another claim there'
  if (holdsDatabase(instance, name))
    return `upgrade.destination names claim ${name}, which holds the database itself: a snapshot there would fill what it is to protect, and be lost with it. ${another}`
  if (name !== claimNameOf(instance, 'scratch') || spec.scratch?.size === undefined) return undefined
  return `upgrade.destination names claim ${name}, which is deleted with this MeiliInstance, as it is its scratch. ${another}`
}

/** A MeiliSnapshot there could only fail. */
function othersDatabase(managed: Managed): string | undefined {
  const name = destinationOf(managed)?.claim.name
  const database = managed.seen.otherDatabases.find(({ claimName }) => claimName === name)
  if (name === undefined || database === undefined) return undefined
  const which =
    database.subPath === undefined
      ? `is mounted by the server of MeiliInstance ${database.instance}, and may hold its database`
      : `holds the database of MeiliInstance ${database.instance}`
  return `The snapshot that is to be taken first would be stored on claim ${name}, which ${which}: nothing is stored beside a database. Set upgrade.destination.claim to another one`
}

function singleMount(managed: Managed): string | undefined {
  const { snapshots } = managed.seen.claims
  const name = destinationOf(managed)?.claim.name
  if (
    snapshots === undefined ||
    snapshots.metadata?.name !== name ||
    snapshots.spec?.accessModes?.includes('ReadWriteOncePod') !== true
  )
    return undefined
  return `The snapshot that is to be taken first would be stored on claim ${name ?? ''}, which is ReadWriteOncePod and the server's own: while that runs, no other pod may mount it. Set upgrade.destination.claim to another one`
}

/** A claim that is not bound yet, or a pod that is not there, is waited for instead. */
function impossible({ observation }: Managed): string | undefined {
  const { status, reason, message } = volumeReady(observation)
  if (status !== 'False' || reason === instanceReasons.ClaimNotBound) return undefined
  if (reason === instanceReasons.ClaimReadWriteOncePod)
    return singleMountSource(observation.claim?.metadata?.name ?? '')
  return `No snapshot can be taken first: ${message} Do so`
}

const singleMountSource = (name: string): string =>
  `Claim ${name} is ReadWriteOncePod, so no mover can mount it while Meilisearch runs, and no snapshot can be taken first. Set snapshots with accessModes ReadWriteOnce, or install streaming (install-streaming.yaml and MAX_STREAMS; stream.exec in the chart)`

/** What has to be there before it can be asked for, and comes by itself. */
export function whyNotYet({ observation }: Managed): string | undefined {
  const { status, message } = volumeReady(observation)
  return status === 'True' ? undefined : message
}

/** Its files go with it, when a later upgrade is done or a person deletes it. Held is what has no destination: it is not asked for. */
export function createUpgradeSnapshot(
  managed: Managed,
  { from, to, snapshot = '' }: NonNullable<Upgrade>,
): readonly Effect[] {
  const { instance, observation } = managed
  const destination = destinationOf(managed)
  if (destination === undefined) return []
  // The install has allowed streaming; the object's half is for people who choose between volumes, and nobody does here.
  const streams = volumeReady(observation).reason === instanceReasons.StreamOnly
  return [
    {
      kind: 'CreateSnapshot',
      snapshot: {
        apiVersion: `${meiliSnapshots.group}/${meiliSnapshots.version}`,
        kind: meiliSnapshots.kind,
        metadata: {
          name: snapshot,
          namespace: instance.metadata.namespace,
          labels: {
            'app.kubernetes.io/managed-by': 'meili-operator',
            ...instanceLabels(instance),
            [upgradeLabels.instanceUid]: instance.metadata.uid,
            [upgradeLabels.from]: from,
            [upgradeLabels.to]: to,
          },
        },
        spec: {
          source: { instanceRef: { name: instance.metadata.name } },
          destination,
          deletionPolicy: 'Delete',
          ...(streams ? { mover: { stream: { mode: 'IfNeeded', ...largestFile(managed) } } } : {}),
        },
      },
    },
  ]
}

/** No file is larger than its database: a default below that would refuse it when Meilisearch has made it, each time anew. */
function largestFile({ observation, instance }: Managed): { maxSize?: string } {
  const database = observation.server.state === 'Answered' ? observation.server.database : instance.status?.database
  return database === undefined ? {} : { maxSize: String(Math.max(smallestLimitBytes, 2 * database.sizeBytes)) }
}
const smallestLimitBytes = 10 * 2 ** 30

/** It waits for a claim that spec does not name any more, and has asked Meilisearch for nothing yet. */
export function isMisplaced(managed: Managed, { spec, status }: MeiliSnapshot): boolean {
  const wanted = destinationOf(managed)?.claim
  const { name, path } = spec.destination.claim
  return status?.request === undefined && wanted !== undefined && (wanted.name !== name || wanted.path !== path)
}

export const deleteSnapshot = ({ metadata }: MeiliSnapshot): Effect => ({
  kind: 'DeleteSnapshot',
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion ?? '',
})
