// The snapshot before an upgrade: where it is stored, why it is not asked for, and which earlier ones go when the upgrade is done. Pure.
import { instanceReasons } from '../../../../api/instance.ts'
import type { ManagedServer, MeiliInstance, MeiliInstanceStatus } from '../../../../api/instance.ts'
import { isFinished, meiliSnapshots } from '../../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import type { Effect } from '../../../../reconcile/decision.ts'
import { baseName, claimNameOf, serverSelector } from '../../../../reconcile/names.ts'
import type { Managed } from '../managed.ts'
import { roomMissing } from './safety-room.ts'
import { volumeReady } from '../../status/volume-checks.ts'

type Destination = NonNullable<ManagedServer['upgrade']['destination']>
type Upgrade = MeiliInstanceStatus['upgrade']

const label = (name: string): string => `meili-operator.dev/${name}`
/** On every one; its value is the version that was moved to. */
export const upgradeLabel = label('upgrade-to')
/** With the uid: an earlier instance of this name counted its generations from one as well. */
const prefixOf = (instance: MeiliInstance, to: string): string =>
  `${baseName(instance)}-before-${to.replaceAll('.', '-')}-${instance.metadata.uid.slice(0, 8)}-`

export function safetyCopyName(instance: MeiliInstance, to: string): string {
  return `${prefixOf(instance, to)}${instance.metadata.generation}`
}

/** Never by default on the claim of the database: it would fill what it is to protect, and be lost with it. */
function destinationOf({ instance, spec }: Managed): Destination | undefined {
  if (spec.upgrade.destination !== undefined || spec.snapshots === undefined) return spec.upgrade.destination
  const name = spec.snapshots.claimName ?? claimNameOf(instance, 'snapshots')
  return name === databaseClaim(instance, spec) ? undefined : { claim: { name, path: 'upgrades' } }
}

const databaseClaim = (instance: MeiliInstance, { storage }: ManagedServer): string =>
  storage.claimName ?? claimNameOf(instance, 'data')

type Guard = (managed: Managed) => string | undefined

/** Top rung first: what spec says, what the server's volumes allow, what they have room for. */
const guards: readonly Guard[] = [noDestination, ownDestination, othersDatabase, singleMount, impossible, roomMissing]

/** Why no snapshot is asked for, and each way out but those that every upgrade has. */
export function whyHeld(managed: Managed): string | undefined {
  for (const guard of guards) {
    const why = guard(managed)
    if (why !== undefined) return why
  }
  return undefined
}

function noDestination(managed: Managed): string | undefined {
  if (destinationOf(managed) !== undefined) return undefined
  return 'A snapshot is to be taken first, and nothing says where to store it: the claim of the database is no safe place. Set upgrade.destination.claim, or snapshots to a volume of its own'
}

function ownDestination({ instance, spec }: Managed): string | undefined {
  const name = spec.upgrade.destination?.claim.name
  const another = 'Name another claim there'
  if (name === databaseClaim(instance, spec))
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
export function safetyCopy(managed: Managed, { from, to, snapshot = '' }: NonNullable<Upgrade>): readonly Effect[] {
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
            ...serverSelector(instance),
            [label('instance-uid')]: instance.metadata.uid,
            [label('upgrade-from')]: from,
            [upgradeLabel]: to,
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

export const removal = ({ metadata }: MeiliSnapshot): Effect => ({
  kind: 'DeleteSnapshot',
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion ?? '',
})

/** What is named at most: those that went last. */
const longestRecord = 16

/** When an upgrade is done, the snapshots before earlier ones go. They are put on record first, and so told once. */
export function withoutSuperseded(
  managed: Managed,
  upgrade: Upgrade,
): { readonly upgrade: Upgrade; readonly effects: readonly Effect[] } {
  if (upgrade?.step !== 'Done') return { upgrade, effects: [] }
  const going = superseded(managed, upgrade.snapshot)
  const { failure: _, ...done } = upgrade
  if (going.length === 0) return { upgrade: done, effects: [] }
  const names = new Set([...(upgrade.superseded ?? []), ...going.map(({ metadata }) => metadata.name)])
  return { upgrade: { ...upgrade, superseded: [...names].slice(-longestRecord) }, effects: going.map(removal) }
}

/** Never one that a person made or keeps (without our labels, or with deletionPolicy Retain), and none before the last one stands. */
function superseded({ instance, seen }: Managed, snapshot: string | undefined): readonly MeiliSnapshot[] {
  const last = seen.snapshotBefore
  if (
    last === undefined ||
    last.metadata.name !== snapshot ||
    last.status?.phase !== 'Completed' ||
    last.metadata.deletionTimestamp !== undefined
  )
    return []
  return seen.safetyCopies.filter(
    (copy) =>
      isOurs(instance, copy) &&
      isFinished(copy) &&
      isOlder(copy, last) &&
      copy.metadata.deletionTimestamp === undefined,
  )
}

/** By the uid: what an earlier instance of this name left may be all that is left of another database. */
function isOurs(instance: MeiliInstance, { metadata, spec }: MeiliSnapshot): boolean {
  const to = metadata.labels?.[upgradeLabel]
  if (
    to === undefined ||
    metadata.labels?.[label('instance-uid')] !== instance.metadata.uid ||
    spec.deletionPolicy !== 'Delete'
  )
    return false
  const prefix = prefixOf(instance, to)
  return metadata.name.startsWith(prefix) && /^\d+$/.test(metadata.name.slice(prefix.length))
}

const isOlder = (copy: MeiliSnapshot, last: MeiliSnapshot): boolean =>
  Date.parse(copy.metadata.creationTimestamp) < Date.parse(last.metadata.creationTimestamp)
