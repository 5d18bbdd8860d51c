// Whether what Meilisearch itself writes for a snapshot fits beside its database, by what is known before it is asked. Pure.
// What else lies on the volume nobody knows: held is what cannot fit, never what is unknown.
import { sizeBytes } from '../api/quantity.ts'
import { sizeText } from '../reconcile/format.ts'
import { alivePod } from './managed.ts'
import type { Managed } from './managed.ts'

/** A file has a third to all of the database's size, by how well it compresses (docs/operations.md). */
const archiveShare = 0.6

interface Part {
  readonly what: string
  readonly bytes: number
}

/** Why it does not fit on the claim of the database, with the figures. */
export function roomMissing(managed: Managed): string | undefined {
  const { observation, instance, seen } = managed
  const capacity = seen.claims.data?.status?.capacity?.['storage']
  const database = observation.server.state === 'Answered' ? observation.server.database : instance.status?.database
  if (capacity === undefined || database === undefined) return undefined
  const parts = written(managed, database.usedBytes ?? database.sizeBytes)
  const neededBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  if (parts.length === 0 || database.sizeBytes + neededBytes <= sizeBytes(capacity)) return undefined
  const named = parts.map(({ what, bytes }) => `${sizeText(bytes)} for ${what}`).join(' and ')
  return `Claim ${seen.claims.data?.metadata?.name ?? ''} has ${sizeText(sizeBytes(capacity))}, of which the database takes ${sizeText(database.sizeBytes)}; the snapshot that is to be taken first needs about ${named} there as well, and a full disk would stop the server's writes.`
}

/** By the volumes of the pod that runs: what spec says of them since is in place with its next pod. */
function written({ observation, ...managed }: Managed, inUseBytes: number): readonly Part[] {
  const mounted = new Set(alivePod({ observation, ...managed })?.spec?.volumes?.map(({ name }) => name))
  const archiveBytes = archiveShare * inUseBytes
  const hasEarlier = (observation.lastSnapshot ?? managed.instance.status?.lastSnapshot) !== undefined
  return [
    ...(mounted.has('scratch') ? [] : [{ what: 'a copy of the database', bytes: inUseBytes }]),
    ...(mounted.has('snapshots') ? [] : [{ what: hasEarlier ? 'its file beside the last one' : 'its file', bytes: hasEarlier ? 2 * archiveBytes : archiveBytes }]),
  ]
}
