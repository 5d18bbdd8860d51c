// Finds the user and groups of the pod that wrote the file, which the mover takes over. Pure.
import type { V1Container, V1LinuxContainerUser, V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../api/instance.ts'

export interface TargetUser {
  /** Undefined where the target runs as root, or nobody says as whom. */
  readonly uid: number | undefined
  readonly isRoot: boolean
  readonly gid: number | undefined
  readonly fsGroup: number | undefined
  readonly supplementalGroups: readonly number[]
}

interface Server {
  readonly security: V1Container['securityContext']
  /** As whom its first process was started: the kubelet says so since Kubernetes 1.31 (KEP-3619), whoever chose it, pod or image. */
  readonly user: V1LinuxContainerUser | undefined
}

function serverOf({ spec, status }: V1Pod, instance: MeiliInstance): Server {
  const isServer = ({ name }: { name: string }): boolean => name === instance.status?.snapshotVolume?.container
  return {
    security: spec?.containers.find(isServer)?.securityContext,
    user: status?.containerStatuses?.find(isServer)?.user?.linux,
  }
}

/** Groups that only the status shows are the image's; that of root comes from an image that names a user alone, and is not taken over. */
export function targetUser(pod: V1Pod, instance: MeiliInstance): TargetUser {
  const ofPod = pod.spec?.securityContext
  const { security, user } = serverOf(pod, instance)
  const uid = user?.uid ?? security?.runAsUser ?? ofPod?.runAsUser
  const gid = security?.runAsGroup ?? ofPod?.runAsGroup ?? (user?.gid === 0 ? undefined : user?.gid)
  return {
    uid: uid === 0 ? undefined : uid,
    isRoot: uid === 0,
    gid,
    fsGroup: ofPod?.fsGroup,
    supplementalGroups:
      ofPod?.supplementalGroups ??
      (user?.supplementalGroups ?? []).filter((group) => ![0, gid, ofPod?.fsGroup].includes(group)),
  }
}
