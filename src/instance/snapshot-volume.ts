// From a path in a container to the volume below it, and the path inside that volume. Pure.
import { posix } from 'node:path'
import type { V1Container, V1Pod, V1VolumeMount } from '@kubernetes/client-node'
import type { SnapshotVolume } from '../api/instance.ts'
import type { Launch, Setting } from './launch.ts'

export type Located = { readonly volume: Omit<SnapshotVolume, 'observedAt' | 'volumeMode' | 'accessModes'>; readonly readOnly: boolean } | { readonly unknown: string }

interface Found {
  readonly kind: string
  readonly volumeName: string
  readonly claimName?: string
  readonly subPath: string
  readonly readOnly: boolean
}

/** The server's container: the one that is named, else the one with that port, else the only one. */
export function containerOf(pod: V1Pod, named: string | undefined, port: number): V1Container | undefined {
  const containers = pod.spec?.containers ?? []
  if (named !== undefined) return containers.find(({ name }) => name === named)
  const byPort = containers.filter(({ ports }) => ports?.some(({ containerPort }) => containerPort === port) ?? false)
  if (byPort.length === 1) return byPort[0]
  return containers.length === 1 ? containers[0] : undefined
}

/** Where the server writes its snapshots. `override` is the user's word and wins over what the pod tells. */
export function locateSnapshots(place: { pod: V1Pod; container: V1Container; launch: Launch; override: string | undefined }): Located {
  const { pod, container, launch, override } = place
  const directory = override === undefined ? absolute(launch.snapshotDirectory, 'snapshots', launch) : { path: posix.normalize(override) }
  if ('unknown' in directory) return directory
  const database = absolute(launch.databasePath, 'data.ms', launch)
  if ('unknown' in database) return database
  const found = volumeAt(pod, container, directory.path)
  if ('unknown' in found) return found
  const databaseVolume = volumeAt(pod, container, database.path)
  return {
    readOnly: found.readOnly,
    volume: {
      kind: found.kind,
      ...(found.claimName === undefined ? {} : { claimName: found.claimName }),
      subPath: found.subPath,
      directory: directory.path,
      fileName: `${posix.basename(database.path)}.snapshot`,
      container: container.name,
      sharedWithDatabase: 'volumeName' in databaseVolume && databaseVolume.volumeName === found.volumeName,
    },
  }
}

function absolute(setting: Setting, byDefault: string, launch: Launch): { path: string } | { unknown: string } {
  if ('unknown' in setting) return setting
  const path = posix.resolve(launch.workingDirectory, 'value' in setting ? setting.value : byDefault)
  return { path }
}

function within(path: string, mountPath: string): boolean {
  const mount = posix.normalize(mountPath).replace(/(.)\/$/, '$1')
  return mount === '/' || path === mount || path.startsWith(`${mount}/`)
}

/** The mount with the longest path wins, as in the container itself. */
function volumeAt(pod: V1Pod, container: V1Container, path: string): Found | { unknown: string } {
  const mount = (container.volumeMounts ?? []).filter(({ mountPath }) => within(path, mountPath)).toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0]
  if (mount === undefined) return { kind: 'the container file system', volumeName: '', subPath: path, readOnly: false }
  const inside = subPathOf(mount, container, pod)
  if (inside === undefined) return { unknown: `the subPathExpr of mount ${mount.mountPath} cannot be resolved` }
  const volume = pod.spec?.volumes?.find(({ name }) => name === mount.name)
  const claim = volume?.persistentVolumeClaim
  const ephemeral = volume?.ephemeral === undefined ? undefined : `${pod.metadata?.name ?? ''}-${mount.name}`
  const claimName = claim?.claimName ?? ephemeral
  return {
    kind: claimName === undefined ? sourceOf(volume) : 'PersistentVolumeClaim',
    volumeName: mount.name,
    ...(claimName === undefined ? {} : { claimName }),
    subPath: posix.join(inside, posix.relative(mount.mountPath, path)).replace(/^\.$/, ''),
    readOnly: mount.readOnly === true || claim?.readOnly === true,
  }
}

/** `emptyDir`, `hostPath` …: the one member that a volume has beside its name. */
function sourceOf(volume: object | undefined): string {
  const kind = Object.entries(volume ?? {}).find(([member, value]) => member !== 'name' && value !== undefined)?.[0]
  return kind ?? 'an unknown volume'
}

/** `subPathExpr` may name the pod and plain variables; anything else stays unknown. */
function subPathOf(mount: V1VolumeMount, container: V1Container, pod: V1Pod): string | undefined {
  if (mount.subPathExpr === undefined) return mount.subPath ?? ''
  let known = true
  const path = mount.subPathExpr.replaceAll(/\$\(([^)]+)\)/g, (_, name: string) => {
    const entry = container.env?.findLast((variable) => variable.name === name)
    const field = entry?.valueFrom?.fieldRef?.fieldPath
    const value = field === 'metadata.name' ? pod.metadata?.name : field === 'metadata.namespace' ? pod.metadata?.namespace : entry?.value
    known &&= value !== undefined
    return value ?? ''
  })
  return known ? path : undefined
}
