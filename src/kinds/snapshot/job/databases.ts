// Keeps movers away from databases: a claim that holds one is never a destination, and no Job mounts one that the operator knows of writable. Pure.
import { isWithin } from '../../../api/fields/path.ts'
import type { Database } from '../../../reconcile/server-reference.ts'
import type { SnapshotObservation } from '../observation.ts'

type Seen = Pick<SnapshotObservation, 'snapshot' | 'databases'>
type NotSeen = Pick<SnapshotObservation, 'snapshot' | 'unseen'>

/** The database that keeps the destination from being one, if any. */
export function databaseOnDestination({ snapshot, databases }: Seen): Database | undefined {
  return databases.find(({ claimName }) => claimName === snapshot.spec.destination.claim.name)
}

export function databaseText({ instance, claimName, subPath }: Database): string {
  if (instance === undefined) return `Claim ${claimName} holds the database of a MeiliInstance that is gone.`
  if (subPath !== undefined) return `Claim ${claimName} holds the database of MeiliInstance ${instance}.`
  return `Claim ${claimName} is mounted by a pod of MeiliInstance ${instance}, and may hold its database, whose path cannot be known.`
}

const plainPath = ' Where that is not so, set MEILI_DB_PATH to a plain value in the container.'
const remedy =
  "Use another claim, or give the server's snapshots a volume of their own (managed.snapshots, or MEILI_SNAPSHOT_DIR on another claim), which may be the destination, too."

/** Undefined where the destination holds no database. */
export function whyNotStored(seen: Seen): string | undefined {
  const database = databaseOnDestination(seen)
  if (database === undefined) return undefined
  return `${databaseText(database)} Nothing is stored beside a database, so that no mover can ever write to one. ${remedy}${database.subPath === undefined ? plainPath : ''}`
}

/** Until the operator has looked at every server of the namespace: it does so within seconds of their creation and of its own start. @param claimName the one that is to be written to; without it the destination */
export function whyNotJudged(
  { snapshot, unseen }: NotSeen,
  claimName = snapshot.spec.destination.claim.name,
): string | undefined {
  const [name] = unseen
  return name === undefined
    ? undefined
    : `MeiliInstance ${name} has not been looked at yet: its database may be on claim ${claimName}.`
}

/** The database that a directory of a claim lies in, or that lies in the directory; whoever may write to the directory could reach it. */
export function databaseWithin(
  databases: readonly Database[],
  mount: { readonly claimName: string | undefined; readonly directory: string },
): Database | undefined {
  return databases.find(
    ({ claimName, subPath }) =>
      claimName === mount.claimName &&
      (subPath === undefined || isWithin(mount.directory, subPath) || isWithin(subPath, mount.directory)),
  )
}

/** Why Meilisearch's own file cannot be removed: its directory would be mounted writable. */
export function whySourceNotRemovable({
  instance,
  databases,
}: Pick<SnapshotObservation, 'instance' | 'databases'>): string | undefined {
  const { claimName, subPath = '' } = instance?.status?.snapshotVolume ?? {}
  const database = databaseWithin(databases, { claimName, directory: subPath })
  return database === undefined
    ? undefined
    : `${databaseText(database)} The snapshot directory lies around it or in it, so no mover may write there.`
}
