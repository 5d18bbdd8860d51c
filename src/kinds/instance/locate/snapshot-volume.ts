// Finds the volume of a server's snapshots, and the claims that hold its database or may hold it. Pure.
import { posix } from 'node:path'
import type { V1Container, V1Pod } from '@kubernetes/client-node'
import type { SnapshotVolume } from '../../../api/instance.ts'
import { isWithin } from '../../../api/fields/path.ts'
import type { DatabaseClaim } from '../../../reconcile/server-reference.ts'
import type { Launch, Setting } from './launch.ts'
import { claimNameIn, isReadOnly, mountPoint, volumeAt } from './mount.ts'
import type { Found, Unknown } from './mount.ts'

export type Located =
  | { readonly volume: Omit<SnapshotVolume, 'observedAt' | 'volumeMode' | 'accessModes'>; readonly readOnly: boolean }
  | Unknown

/** The server's container: the one that is named, else the one with that port, else the only one. */
export function containerOf(pod: V1Pod, named: string | undefined, port: number): V1Container | undefined {
  const containers = pod.spec?.containers ?? []
  if (named !== undefined) return containers.find(({ name }) => name === named)
  const byPort = containers.filter(({ ports }) => ports?.some(({ containerPort }) => containerPort === port) ?? false)
  if (byPort.length === 1) return byPort[0]
  return containers.length === 1 ? containers[0] : undefined
}

interface LocateFrom {
  readonly pod: V1Pod
  readonly container: V1Container
  readonly launch: Launch
  /** The user's word for the snapshot directory. */
  readonly override?: string | undefined
}

/** Where the server writes its snapshots. `override` wins over what the pod says. */
export function locateSnapshots(from: LocateFrom): Located {
  const { pod, container, launch, override } = from
  const directory = absolute(
    override === undefined ? launch.snapshotDirectory : { value: override },
    'snapshots',
    launch,
  )
  if ('unknown' in directory)
    return {
      unknown: `the snapshot directory cannot be known: ${directory.unknown}`,
      remedy: 'Set spec.existing.snapshotDirectory.',
    }
  const database = absolute(launch.databasePath, 'data.ms', launch)
  if ('unknown' in database)
    return {
      unknown: `the name of the snapshot file cannot be known, it is the database's: ${database.unknown}`,
      remedy: 'Set MEILI_DB_PATH to a plain value in the container; it stands above a configuration file.',
    }
  const found = volumeAt(pod, container, directory.path)
  if ('unknown' in found) return found
  const fileName = `${posix.basename(database.path)}.snapshot`
  if (isTooLong(directory.path, fileName, found))
    return {
      unknown: 'a name or a path on the way to the snapshot file is longer than Linux or Kubernetes allows',
      remedy: 'Shorten it.',
    }
  return {
    readOnly: found.readOnly,
    volume: {
      kind: found.kind,
      ...(found.claimName === undefined ? {} : { claimName: found.claimName }),
      subPath: found.subPath,
      directory: directory.path,
      fileName,
      container: container.name,
    },
  }
}

/** More than a pod ever mounts. */
const maxClaims = 256

/** The claims on which the database is, with what is mounted below it; where its path cannot be known, every claim that the server can write to. */
export function locateDatabase(from: LocateFrom): readonly DatabaseClaim[] {
  const { pod, container, launch } = from
  const database = absolute(launch.databasePath, 'data.ms', launch)
  const anywhere = mountedClaims(pod, [container])
  if ('unknown' in database) return anywhere
  const mounts = (container.volumeMounts ?? []).map(mountPoint)
  const directories = [database.path, ...mounts.filter((mount) => isWithin(mount, database.path))].map((path) =>
    volumeAt(pod, container, path),
  )
  if (directories.some((found) => 'unknown' in found)) return anywhere
  const known = directories.flatMap((found) => ('unknown' in found ? [] : claimOf(found)))
  if (!('unset' in launch.databasePath)) return distinct(known)
  // Nobody keeps a database in a container's own file system beside a claim: more likely the image names another directory.
  if (!mounts.some((mount) => isWithin(database.path, mount))) return anywhere
  return distinct(launch.mayHideDatabase ? [...known, ...elsewhere(from, known)] : known)
}

/** Where else a hidden setting may have put it. The claim of the snapshot directory is left out beside a database's usual directory: it may be a destination. */
function elsewhere(
  { pod, container, launch, override }: LocateFrom,
  known: readonly DatabaseClaim[],
): readonly DatabaseClaim[] {
  const directory = absolute(
    override === undefined ? launch.snapshotDirectory : { value: override },
    'snapshots',
    launch,
  )
  const found = 'unknown' in directory ? directory : volumeAt(pod, container, directory.path)
  const snapshots = known.length === 0 || 'unknown' in found ? undefined : found.claimName
  return mountedClaims(pod, [container]).filter(
    ({ claimName }) => claimName !== snapshots && known.every((claim) => claim.claimName !== claimName),
  )
}

function claimOf({ claimName, subPath }: Found): DatabaseClaim[] {
  if (claimName === undefined) return []
  return [subPath.length > 4096 ? { claimName } : { claimName, subPath }]
}

/** What these containers can write to: any of it may hold the database. */
export function mountedClaims(pod: V1Pod, containers: readonly V1Container[]): readonly DatabaseClaim[] {
  const names = containers.flatMap(({ volumeMounts = [] }) =>
    volumeMounts.filter((mount) => !isReadOnly(pod, mount)).map(({ name }) => claimNameIn(pod, name)),
  )
  return distinct(names.flatMap((claimName) => (claimName === undefined ? [] : [{ claimName }])))
}

/** Each once. A claim whose name is too long to be one is not there. */
export function distinct(claims: readonly DatabaseClaim[]): readonly DatabaseClaim[] {
  const known = new Map(
    claims
      .filter(({ claimName }) => claimName.length <= 253)
      .map((claim) => [`${claim.claimName} ${claim.subPath ?? ''}`, claim]),
  )
  return [...known.values()].slice(0, maxClaims)
}

function absolute(setting: Setting, byDefault: string, launch: Launch): { path: string } | { unknown: string } {
  if ('unknown' in setting) return setting
  const path = posix.resolve(launch.workingDirectory, 'value' in setting ? setting.value : byDefault)
  return { path }
}

/** Such a pod never runs, and its paths would not fit in status. */
function isTooLong(directory: string, fileName: string, { subPath, claimName = '' }: Found): boolean {
  return Math.max(directory.length, subPath.length) > 4096 || fileName.length > 255 || claimName.length > 253
}
