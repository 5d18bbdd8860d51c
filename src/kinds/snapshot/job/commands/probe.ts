// Builds the Job that measures a claim's free space: it mounts the destination alone, on the target's node. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { artifactPath } from '../artifact-path.ts'
import { snapshotJob } from '../template.ts'
import type { MoverImage } from '../../../../reconcile/job/template.ts'
import { destinationVolume, moverPlacement, moverSecurity, podMountPaths } from '../pod.ts'
import type { Moved } from '../pod.ts'

const deadlineSeconds = 60

export function probeJob(
  from: Moved & MoverImage & { readonly space: { readonly jobName: string; readonly sizeBytes: number } },
): V1Job {
  const { snapshot, space } = from
  const { volume, mount } = destinationVolume(snapshot)
  const { path } = artifactPath(snapshot)
  return snapshotJob({
    snapshot,
    name: space.jobName,
    config: {
      command: 'probe',
      destination: { root: podMountPaths.destination, path, claim: snapshot.spec.destination.claim.name },
      sizeBytes: space.sizeBytes,
      deadlineSeconds,
    },
    deadlineSeconds,
    pod: { securityContext: moverSecurity(from), ...moverPlacement(from), volumes: [volume] },
    volumeMounts: [mount],
    owned: true,
    moverImage: from.moverImage,
    imagePullSecrets: from.imagePullSecrets,
  })
}
