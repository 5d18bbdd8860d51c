// Builds the mover's pod: its volumes, user and node follow the target pod. Pure.
import { join } from 'node:path'
import type {
  V1Affinity,
  V1NodeSelectorTerm,
  V1Pod,
  V1PodSecurityContext,
  V1PodSpec,
  V1Toleration,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../api/instance.ts'
import { withoutUndefined } from '../../../api/json.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { mustStream } from './stream-source.ts'
import { targetUser } from './target-user.ts'

export type Target = V1Pod

export interface Moved {
  readonly snapshot: MeiliSnapshot
  readonly instance: MeiliInstance
  readonly target: Target
}

/** Where the mover finds the two directories. */
export const podMountPaths = { source: '/source', destination: '/destination' } as const

/** The mover's own user, where the target has none to take over. */
const moverUid = 65_532

/** The snapshots' own claim is the destination. It holds no database (databases.ts), so what is mounted writable holds snapshots only. */
const isMountedOnce = ({ snapshot, instance: { status } }: Moved): boolean =>
  status?.snapshotVolume?.claimName === snapshot.spec.destination.claim.name

/** Two claims: two volumes, the source read-only. One claim: one mount, because nothing can be linked from one mount to another. What is streamed is not mounted. */
export function moverVolumes(moved: Moved): { volumes: V1Volume[]; volumeMounts: V1VolumeMount[] } {
  const { snapshot, instance } = moved
  const claimName = instance.status?.snapshotVolume?.claimName ?? ''
  const destination = destinationVolume(snapshot)
  if (isMountedOnce(moved) || mustStream(instance.status?.snapshotVolume))
    return { volumes: [destination.volume], volumeMounts: [destination.mount] }
  return {
    volumes: [{ name: 'source', persistentVolumeClaim: { claimName, readOnly: true } }, destination.volume],
    volumeMounts: [
      { name: 'source', mountPath: podMountPaths.source, readOnly: true, ...sourcePath(instance) },
      destination.mount,
    ],
  }
}

function sourcePath({ status }: MeiliInstance): { subPath?: string } {
  const subPath = status?.snapshotVolume?.subPath
  return subPath === undefined || subPath === '' ? {} : { subPath }
}

/** Where the mover finds the snapshot file in these mounts. */
export function sourceOf(moved: Moved): { directory: string; mayLink: boolean } {
  const mayLink = isMountedOnce(moved)
  return {
    directory: mayLink
      ? join(podMountPaths.destination, moved.instance.status?.snapshotVolume?.subPath ?? '')
      : podMountPaths.source,
    mayLink,
  }
}

/** At the claim's root: the mover makes its own directories (the kubelet would make a subPath as root). */
export function destinationVolume({ spec }: MeiliSnapshot): { volume: V1Volume; mount: V1VolumeMount } {
  return {
    volume: { name: 'destination', persistentVolumeClaim: { claimName: spec.destination.claim.name } },
    mount: { name: 'destination', mountPath: podMountPaths.destination },
  }
}

/** One directory of the claim, which must be there, where the mover would find it below the root. */
export function destinationDirectory(
  snapshot: MeiliSnapshot,
  path: string,
): { volume: V1Volume; mount: V1VolumeMount } {
  const { volume, mount } = destinationVolume(snapshot)
  return { volume, mount: { name: mount.name, mountPath: join(mount.mountPath, path), subPath: path } }
}

/** The snapshot directory alone, to unlink one file in it. */
export function writableSource({ instance }: Moved): { volume: V1Volume; mount: V1VolumeMount } {
  const claimName = instance.status?.snapshotVolume?.claimName ?? ''
  return {
    volume: { name: 'source', persistentVolumeClaim: { claimName } },
    mount: { name: 'source', mountPath: podMountPaths.source, ...sourcePath(instance) },
  }
}

export type RunAs = NonNullable<NonNullable<MeiliSnapshotStatus['move']>['runAs']>

/** As the target's user. The group of a volume that the server can write is never changed to one that the server does not have. */
export function moverUser(moved: Moved): RunAs {
  const user = targetUser(moved.target, moved.instance)
  const uid = user.uid ?? moverUid
  const group = user.uid === undefined ? moverUid : (user.gid ?? uid)
  const fsGroup = isMountedOnce(moved) ? user.fsGroup : user.uid === undefined ? moverUid : (user.fsGroup ?? group)
  return { user: uid, group, ...(fsGroup === undefined ? {} : { fsGroup }) }
}

/** Pod Security "restricted". */
export function moverSecurity(moved: Moved, runAs = moverUser(moved)): V1PodSecurityContext {
  const { supplementalGroups } = targetUser(moved.target, moved.instance)
  // The level alone, by which it reads the same volume: the target's type may be one that switches SELinux off.
  const level = moved.target.spec?.securityContext?.seLinuxOptions?.level
  return Object.assign(
    ownerSecurity(runAs),
    supplementalGroups.length === 0 ? {} : { supplementalGroups: [...supplementalGroups] },
    level === undefined ? {} : { seLinuxOptions: { level } },
  )
}

/** For what is stored already: as whoever stored it. */
export function ownerSecurity(
  { user, group, fsGroup }: RunAs = { user: moverUid, group: moverUid, fsGroup: moverUid },
): V1PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: group,
    ...(fsGroup === undefined ? {} : { fsGroup, fsGroupChangePolicy: 'OnRootMismatch' }),
    seccompProfile: { type: 'RuntimeDefault' },
  }
}

const unschedulable: V1Toleration = {
  key: 'node.kubernetes.io/unschedulable',
  operator: 'Exists',
  effect: 'NoSchedule',
}

/** By affinity, never `nodeName`: the scheduler has to bind a WaitForFirstConsumer claim. */
export function moverPlacement({ snapshot, instance, target }: Moved): Placement {
  return { affinity: affinityOf(instance, target), ...chosenPlacement(snapshot, target.spec?.tolerations ?? []) }
}

type Placement = Pick<V1PodSpec, 'affinity' | 'tolerations' | 'nodeSelector'>

/** Preferably where the claim was used last: it may be in use there. */
export function nearNode(snapshot: MeiliSnapshot): Placement {
  const node = snapshot.status?.move?.node
  return { ...(node === undefined ? {} : { affinity: preferNode(onNode(node)) }), ...chosenPlacement(snapshot, []) }
}

function chosenPlacement({ spec }: MeiliSnapshot, ofTarget: readonly V1Toleration[]): Placement {
  const { mover } = spec
  const chosen = (mover.tolerations ?? []).map((toleration) => withoutUndefined<V1Toleration>(toleration))
  return {
    tolerations: [...ofTarget, unschedulable, ...chosen],
    ...(mover.nodeSelector === undefined ? {} : { nodeSelector: mover.nodeSelector }),
  }
}

const onNode = (node: string): V1NodeSelectorTerm => ({
  matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }],
})
const preferNode = (preference: V1NodeSelectorTerm): V1Affinity => ({
  nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] },
})

function affinityOf(instance: MeiliInstance, target: Target): V1Affinity {
  const here = onNode(target.spec?.nodeName ?? '')
  const volume = instance.status?.snapshotVolume
  const anywhere = mustStream(volume) || volume?.accessModes?.includes('ReadWriteMany') === true
  return anywhere
    ? preferNode(here)
    : { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [here] } } }
}
