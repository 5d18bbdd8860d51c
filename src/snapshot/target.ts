// What the mover takes over from the pod that wrote the file: its user, its groups. Pure.
import type { V1Container, V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance } from '../api/instance.ts'

export interface TargetUser {
  /** Undefined where the target runs as root, or does not say: the image's default is root. */
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly fsGroup: number | undefined
  readonly supplementalGroups: readonly number[]
}

function serverContainer(pod: V1Pod, instance: MeiliInstance): V1Container | undefined {
  return pod.spec?.containers.find(({ name }) => name === instance.status?.snapshotVolume?.container)
}

export function targetUser(pod: V1Pod, instance: MeiliInstance): TargetUser {
  const ofPod = pod.spec?.securityContext
  const ofContainer = serverContainer(pod, instance)?.securityContext
  const uid = ofContainer?.runAsUser ?? ofPod?.runAsUser
  return {
    uid: uid === 0 ? undefined : uid,
    gid: ofContainer?.runAsGroup ?? ofPod?.runAsGroup,
    fsGroup: ofPod?.fsGroup,
    supplementalGroups: ofPod?.supplementalGroups ?? [],
  }
}
