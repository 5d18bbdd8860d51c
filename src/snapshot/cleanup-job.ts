// The Job that removes one stored directory (deletionPolicy Delete). Pure.
// It belongs to nobody: an owner that is deleted in the foreground would have it collected before it has run.
import type { V1Job } from '@kubernetes/client-node'
import type { MeiliSnapshot } from '../api/snapshot.ts'
import { artifactPath } from './artifact-path.ts'
import { jobTemplate } from './job-template.ts'
import type { MoverImage } from './job-template.ts'
import { destinationVolume, nearNode, ownerSecurity, podMountPaths } from './mover-pod.ts'

const deadlineSeconds = 300

export function cleanupJob({ snapshot, ...image }: MoverImage & { readonly snapshot: MeiliSnapshot }): V1Job {
  const { metadata, status, spec } = snapshot
  const { volume, mount } = destinationVolume(snapshot)
  return jobTemplate({
    snapshot,
    name: status?.cleanup?.jobName ?? '',
    config: {
      command: 'remove',
      object: { uid: metadata.uid, namespace: metadata.namespace, name: metadata.name },
      destination: { root: podMountPaths.destination, ...artifactPath(snapshot), claim: spec.destination.claim.name },
      deadlineSeconds,
    },
    deadlineSeconds,
    pod: { securityContext: ownerSecurity(status?.move?.runAs), ...nearNode(snapshot), volumes: [volume] },
    volumeMounts: [mount],
    owned: false,
    ...image,
  })
}
