// Maps a path in a container to the volume below it and the path inside that volume. Pure.
import { posix } from 'node:path'
import type { V1Container, V1Pod, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { isWithin } from '../../../api/fields/path.ts'

/** What cannot be known, and why; and what its user can do about it. */
export interface Unknown {
  readonly unknown: string
  readonly remedy: string
}

export interface Found {
  readonly kind: string
  readonly claimName?: string
  readonly subPath: string
  readonly readOnly: boolean
}

/** As the kubelet takes it: a relative one begins at the root. */
export const mountPoint = ({ mountPath }: V1VolumeMount): string => posix.resolve('/', mountPath)

/** The mount with the longest path wins, as in the container itself. */
export function volumeAt(pod: V1Pod, container: V1Container, path: string): Found | Unknown {
  const mounts = (container.volumeMounts ?? []).filter((candidate) => isWithin(path, mountPoint(candidate)))
  const mount = mounts.toSorted((a, b) => mountPoint(b).length - mountPoint(a).length)[0]
  if (mount === undefined) return { kind: 'the container file system', subPath: path, readOnly: false }
  const inside = subPathOf(mount, container, pod)
  if (inside === undefined)
    return {
      unknown: `the subPathExpr of mount ${mount.mountPath} cannot be resolved`,
      remedy: "Use a subPath, or a subPathExpr of plain variables and the pod's name and namespace.",
    }
  const volume = volumeNamed(pod, mount.name)
  const claimName = claimNameIn(pod, mount.name)
  return {
    kind: claimName === undefined ? sourceOf(volume) : 'PersistentVolumeClaim',
    ...(claimName === undefined ? {} : { claimName }),
    subPath: posix.relative('/', posix.resolve('/', inside, posix.relative(mountPoint(mount), path))),
    readOnly: isReadOnly(pod, mount),
  }
}

export const isReadOnly = (pod: V1Pod, { name, readOnly }: V1VolumeMount): boolean =>
  readOnly === true || volumeNamed(pod, name)?.persistentVolumeClaim?.readOnly === true

const volumeNamed = ({ spec }: V1Pod, wanted: string): V1Volume | undefined =>
  spec?.volumes?.find(({ name }) => name === wanted)

/** An ephemeral volume is a claim, too, named after its pod. */
export function claimNameIn(pod: V1Pod, volumeName: string): string | undefined {
  const volume = volumeNamed(pod, volumeName)
  return (
    volume?.persistentVolumeClaim?.claimName ??
    (volume?.ephemeral === undefined ? undefined : `${pod.metadata?.name ?? ''}-${volumeName}`)
  )
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
    const value =
      field === 'metadata.name'
        ? pod.metadata?.name
        : field === 'metadata.namespace'
          ? pod.metadata?.namespace
          : entry?.value
    known &&= value !== undefined && !value.includes('$(')
    return value ?? ''
  })
  return known ? path : undefined
}
