// Tells, before Meilisearch is asked, whether what it writes for a snapshot fits where it writes it. Pure.
// Estimates cautiously where the database lies, because a full disk stops the server's writes; elsewhere it holds only what cannot fit. The unknown holds nothing.
import type { V1PersistentVolumeClaim, V1Volume } from '@kubernetes/client-node'
import { sizeBytes } from '../../../../api/fields/quantity.ts'
import { sizeText } from '../../../../reconcile/format.ts'
import { alivePod } from '../../children/managed.ts'
import type { Managed } from '../../children/managed.ts'

/** A file has a third to all of the database's size, by how well it compresses (docs/operations.md). */
const archiveShare = 0.6
/** What cannot fit on a volume of its own is judged by the best that it can be: there nothing is lost but the attempt. */
const leastArchiveShare = 1 / 3

interface Part {
  readonly what: string
  readonly bytes: number
}

/** Why it does not fit, with the figures and what to do. */
export function whyNoSpace(managed: Managed): string | undefined {
  const { observation, instance } = managed
  const database = observation.server.state === 'Answered' ? observation.server.database : instance.status?.database
  if (database === undefined || alivePod(managed) === undefined) return undefined
  const inUseBytes = database.usedBytes ?? database.sizeBytes
  return (
    besideDatabase(managed, database.sizeBytes, inUseBytes) ??
    onScratch(managed, inUseBytes) ??
    onSnapshots(managed, inUseBytes)
  )
}

function besideDatabase(managed: Managed, databaseBytes: number, inUseBytes: number): string | undefined {
  const { data } = managed.seen.claims
  const capacity = capacityOf(data)
  const parts = partsBesideDatabase(managed, inUseBytes)
  const neededBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  if (capacity === undefined || parts.length === 0 || databaseBytes + neededBytes <= sizeBytes(capacity))
    return undefined
  const named = parts.map(({ what, bytes }) => `${sizeText(bytes)} for ${what}`).join(' and ')
  return `Claim ${data?.metadata?.name ?? ''} has ${sizeText(sizeBytes(capacity))}, of which the database takes ${sizeText(databaseBytes)}; the snapshot that is to be taken first needs about ${named} there as well, and a full disk would stop the server's writes. Set a larger storage.size, or scratch or snapshots to take that to volumes of their own`
}

/** By the volumes of the pod that runs: what spec says of them since is in place with its next pod. */
const mountedAs = (managed: Managed, name: string): V1Volume | undefined =>
  alivePod(managed)?.spec?.volumes?.find((volume) => volume.name === name)

function partsBesideDatabase(managed: Managed, inUseBytes: number): readonly Part[] {
  const archiveBytes = archiveShare * inUseBytes
  const hasEarlier = (managed.observation.lastSnapshot ?? managed.instance.status?.lastSnapshot) !== undefined
  return [
    ...(mountedAs(managed, 'scratch') === undefined ? [{ what: 'a copy of the database', bytes: inUseBytes }] : []),
    ...(mountedAs(managed, 'snapshots') === undefined
      ? [
          {
            what: hasEarlier ? 'its file beside the last one' : 'its file',
            bytes: hasEarlier ? 2 * archiveBytes : archiveBytes,
          },
        ]
      : []),
  ]
}

const capacityOf = (claim: V1PersistentVolumeClaim | undefined): string | undefined =>
  claim?.status?.capacity?.['storage']

/** Of the claim that this volume mounts, where it was looked at. */
function capacityBehind(volume: V1Volume | undefined, claim: V1PersistentVolumeClaim | undefined): string | undefined {
  const name = volume?.persistentVolumeClaim?.claimName
  return name !== undefined && name === claim?.metadata?.name ? capacityOf(claim) : undefined
}

function onScratch(managed: Managed, bytes: number): string | undefined {
  const { scratch } = managed.seen.claims
  const volume = mountedAs(managed, 'scratch')
  const part = { what: 'a copy of the database', bytes }
  const memory = volume?.emptyDir?.sizeLimit
  return memory === undefined
    ? tooSmall(
        {
          where: `Claim ${scratch?.metadata?.name ?? ''}`,
          capacity: capacityBehind(volume, scratch),
          remedy: 'Set a larger scratch.size',
        },
        part,
      )
    : tooSmall({ where: 'The memory for scratch', capacity: memory, remedy: 'Set a larger scratch.memory' }, part)
}

/** The mover links the file on its own claim, so the new one alone has to fit there. How large an earlier one is, and whether it is still there, nobody knows. */
function onSnapshots(managed: Managed, inUseBytes: number): string | undefined {
  const { snapshots } = managed.seen.claims
  const name = snapshots?.metadata?.name ?? ''
  const remedy =
    managed.spec.snapshots?.claimName === undefined
      ? 'Set a larger snapshots.size'
      : `Enlarge claim ${name}, or set snapshots to another one`
  return tooSmall(
    { where: `Claim ${name}`, capacity: capacityBehind(mountedAs(managed, 'snapshots'), snapshots), remedy },
    { what: 'its file', bytes: leastArchiveShare * inUseBytes },
  )
}

interface SpaceOn {
  readonly where: string
  readonly capacity: string | undefined
  readonly remedy: string
}

function tooSmall({ where, capacity, remedy }: SpaceOn, { what, bytes }: Part): string | undefined {
  if (capacity === undefined || bytes <= sizeBytes(capacity)) return undefined
  return `${where} has ${sizeText(sizeBytes(capacity))}; the snapshot that is to be taken first needs about ${sizeText(bytes)} there for ${what}. ${remedy}`
}
