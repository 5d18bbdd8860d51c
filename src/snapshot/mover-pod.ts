// The mover's pod: volumes, user and place, each following the target pod. Pure.
import type { V1Affinity, V1NodeSelectorTerm, V1Pod, V1PodSecurityContext, V1PodSpec, V1SecurityContext, V1Toleration, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import type { MeiliInstance } from '../api/instance.ts'
import type { MeiliSnapshot } from '../api/snapshot.ts'
import { targetUser } from './target.ts'

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

/** Two claims: two volumes, the source read-only as a volume. One claim: one volume (two entries for one claim work only since 1.35), the source mount read-only. */
export function moverVolumes({ snapshot, instance }: Moved): { volumes: V1Volume[]; volumeMounts: V1VolumeMount[] } {
  const source = instance.status?.snapshotVolume
  const sourceClaim = source?.claimName ?? ''
  const destinationClaim = snapshot.spec.destination.claim.name
  const shared = sourceClaim === destinationClaim
  const subPath = source?.subPath === undefined || source.subPath === '' ? {} : { subPath: source.subPath }
  return {
    volumes: [
      ...(shared ? [] : [{ name: 'source', persistentVolumeClaim: { claimName: sourceClaim, readOnly: true } }]),
      { name: 'destination', persistentVolumeClaim: { claimName: destinationClaim } },
    ],
    volumeMounts: [
      { name: shared ? 'destination' : 'source', mountPath: podMountPaths.source, readOnly: true, ...subPath },
      { name: 'destination', mountPath: podMountPaths.destination },
    ],
  }
}

/** Pod Security "restricted", as the target's user. The group of a volume that the server can write is never changed to one that the server does not have. */
export function moverSecurity({ snapshot, instance, target }: Moved): { pod: V1PodSecurityContext; container: V1SecurityContext } {
  const user = targetUser(target, instance)
  const uid = user.uid ?? moverUid
  const gid = user.uid === undefined ? moverUid : (user.gid ?? uid)
  const shared = instance.status?.snapshotVolume?.claimName === snapshot.spec.destination.claim.name
  const fsGroup = shared ? user.fsGroup : user.uid === undefined ? moverUid : (user.fsGroup ?? gid)
  const seLinuxOptions = target.spec?.securityContext?.seLinuxOptions
  return {
    pod: {
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      ...(fsGroup === undefined ? {} : { fsGroup, fsGroupChangePolicy: 'OnRootMismatch' }),
      ...(user.supplementalGroups.length === 0 ? {} : { supplementalGroups: [...user.supplementalGroups] }),
      ...(seLinuxOptions === undefined ? {} : { seLinuxOptions }),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    container: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  }
}

const unschedulable: V1Toleration = { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }

/** By affinity, never `nodeName`: the scheduler has to bind a WaitForFirstConsumer claim. */
export function moverPlacement({ snapshot, instance, target }: Moved): Pick<V1PodSpec, 'affinity' | 'tolerations' | 'nodeSelector'> {
  const { mover } = snapshot.spec
  const chosen = (mover.tolerations ?? []).map((toleration) => withoutUndefined(toleration))
  return {
    affinity: affinityOf(instance, target),
    tolerations: [...(target.spec?.tolerations ?? []), unschedulable, ...chosen],
    ...(mover.nodeSelector === undefined ? {} : { nodeSelector: mover.nodeSelector }),
  }
}

function affinityOf(instance: MeiliInstance, target: Target): V1Affinity {
  const here: V1NodeSelectorTerm = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [target.spec?.nodeName ?? ''] }] }
  const anywhere = instance.status?.snapshotVolume?.accessModes?.includes('ReadWriteMany') === true
  return {
    nodeAffinity: anywhere
      ? { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: here }] }
      : { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [here] } },
  }
}

function withoutUndefined(toleration: NonNullable<MeiliSnapshot['spec']['mover']['tolerations']>[number]): V1Toleration {
  return JSON.parse(JSON.stringify(toleration)) as V1Toleration
}
