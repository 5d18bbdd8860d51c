// Says why the artifact of a snapshot cannot be removed, whatever is tried. Pure.
import { artifactPath } from '../job/artifact-path.ts'
import { databaseOnDestination, databaseText, databaseWithin } from '../job/databases.ts'
import type { SnapshotObservation } from '../observation.ts'

/** What no attempt could change. */
export function whyHopeless(observation: SnapshotObservation): string | undefined {
  const { snapshot, claim } = observation
  const { name } = snapshot.spec.destination.claim
  if (claim === undefined) return `Claim ${name} is gone.`
  if (claim.metadata?.deletionTimestamp !== undefined) return `Claim ${name} is being deleted.`
  if (claim.status?.phase === 'Lost') return `Claim ${name} is lost.`
  return whyOutOfReach(observation)
}

/** The claim was given to a server after the file was stored. Where its database cannot be kept out of the mount, or nothing is known to be there to be mounted, the file stays. */
function whyOutOfReach(seen: SnapshotObservation): string | undefined {
  const { snapshot, databases } = seen
  const { name } = snapshot.spec.destination.claim
  const there = databaseOnDestination(seen)
  if (there === undefined) return undefined
  if (snapshot.status?.artifact === undefined)
    return `${databaseText(there)} That anything was stored is not on record, and the whole claim is not searched beside a database.`
  const inTheWay = databaseWithin(databases, { claimName: name, directory: artifactPath(snapshot).path })
  return inTheWay === undefined ? undefined : `${databaseText(inTheWay)} The directory cannot be mounted without it.`
}
