// Builds the Jobs that delete files on the claim: one artifact (deletionPolicy Delete), or what killed movers left behind. Pure.
import type { V1Job, V1PodSecurityContext } from '@kubernetes/client-node'
import type { DeleteArtifactConfig } from '../../../../mover/contract.ts'
import { artifactPath } from '../artifact-path.ts'
import { jobNameOf } from '../../../../reconcile/job/template.ts'
import { snapshotJob } from '../template.ts'
import type { MoverImage } from '../../../../reconcile/job/template.ts'
import { databaseOnDestination } from '../databases.ts'
import { destinationDirectory, destinationVolume, nearNode, ownerSecurity, podMountPaths } from '../pod.ts'
import type { SnapshotObservation } from '../../observation.ts'

const deadlineSeconds = 300

type DeleteFrom = MoverImage & Pick<SnapshotObservation, 'snapshot' | 'databases'>

/** It belongs to nobody: an owner that is deleted in the foreground would have it collected before it has run. */
export function deleteArtifactJob(from: DeleteFrom): V1Job {
  return deleteJob(from, {
    name: from.snapshot.status?.deleteArtifact?.jobName ?? '',
    extent: 'Everything',
    owned: false,
  })
}

/** After the last mover, where that one could not clean up behind itself. Nobody waits for it. */
export function sweepJob(from: DeleteFrom): V1Job {
  return deleteJob(from, { name: sweepName(from.snapshot), extent: 'Partials', owned: true })
}

const artifactJobName = (snapshot: Parameters<typeof jobNameOf>[0], attempt: number): string =>
  jobNameOf(snapshot, `delete-artifact-${attempt}`)

/** Of any attempt. */
export function removesArtifact(
  snapshot: Parameters<typeof jobNameOf>[0],
  { name }: { readonly name: string },
): boolean {
  return name.startsWith(artifactJobName(snapshot, 1).slice(0, -1))
}

export const sweepName = (snapshot: Parameters<typeof jobNameOf>[0]): string => jobNameOf(snapshot, 'sweep')

function deleteJob(
  { snapshot, databases, moverImage, imagePullSecrets }: DeleteFrom,
  { name, extent, owned }: { name: string; extent: DeleteArtifactConfig['extent']; owned: boolean },
): V1Job {
  const { metadata, spec } = snapshot
  const { volume, mount, securityContext } = artifactVolume({ snapshot, databases })
  // The user's limits are those of a copy, under which a mover may have died.
  const mover = { ...spec.mover, resources: undefined }
  return snapshotJob({
    snapshot: { ...snapshot, spec: { ...spec, mover } },
    name,
    config: {
      command: 'deleteArtifact',
      object: { uid: metadata.uid, namespace: metadata.namespace, name: metadata.name },
      destination: { root: podMountPaths.destination, ...artifactPath(snapshot), claim: spec.destination.claim.name },
      extent,
      deadlineSeconds,
    },
    deadlineSeconds,
    pod: { securityContext, ...nearNode(snapshot), volumes: [volume] },
    volumeMounts: [mount],
    owned,
    moverImage,
    imagePullSecrets,
  })
}

/** As whoever stored it. On a claim that holds a database by now: the artifact's parent alone, and the kubelet gives nothing on the volume to the mover's group. */
function artifactVolume(
  seen: Pick<DeleteFrom, 'snapshot' | 'databases'>,
): ReturnType<typeof destinationVolume> & { securityContext: V1PodSecurityContext } {
  const { snapshot } = seen
  const security = ownerSecurity(snapshot.status?.move?.runAs)
  if (databaseOnDestination(seen) === undefined) return { ...destinationVolume(snapshot), securityContext: security }
  const { fsGroup, fsGroupChangePolicy: _, ...rest } = security
  return {
    ...destinationDirectory(snapshot, artifactPath(snapshot).path),
    securityContext: { ...rest, ...(fsGroup === undefined ? {} : { supplementalGroups: [fsGroup] }) },
  }
}
