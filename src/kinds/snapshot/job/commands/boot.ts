// Builds the Job in which a server is started on a copy of what a snapshot stored. It mounts the destination, read-only, and a volume of its own. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { sizeBytes } from '../../../../api/fields/quantity.ts'
import { apiVersion } from '../../../../api/group.ts'
import { meiliSnapshots } from '../../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../api/snapshot.ts'
import { bootJob, volumeBytesFor } from '../../../../reconcile/job/boot/job.ts'
import { jobNameOf } from '../../../../reconcile/job/template.ts'
import { moverLabels } from '../../../../reconcile/names/objects.ts'
import { pullSecretsOf } from '../../../../reconcile/job/boot/image.ts'
import { nearNode, ownerSecurity } from '../pod.ts'
import { snapshotUidLabel } from '../template.ts'
import type { SnapshotObservation } from '../../observation.ts'
import type { Verification } from '../../status/booting.ts'

type Artifact = NonNullable<MeiliSnapshotStatus['artifact']>

export const bootJobName = (snapshot: MeiliSnapshot, attempt: number): string => jobNameOf(snapshot, `boot-${attempt}`)

/** How much larger than its archive a database is thought to be, where nobody has seen it unpacked. One that is larger says so, and gets what it needs. */
const guess = 6

export function bootVolumeBytes({ spec }: MeiliSnapshot, { uncompressedBytes, sizeBytes: stored }: Artifact): number {
  const { size } = spec.verification.boot ?? {}
  return size === undefined ? volumeBytesFor(uncompressedBytes ?? guess * stored) : sizeBytes(size)
}

interface BootFrom extends Pick<SnapshotObservation, 'snapshot' | 'target' | 'moverImage' | 'imagePullSecrets'> {
  readonly artifact: Artifact
  readonly verification: Verification & { readonly image: string }
  readonly deadlineMs: number
}

export function bootSnapshotJob(from: BootFrom): V1Job {
  const { snapshot, target, artifact, verification, moverImage, imagePullSecrets } = from
  const { boot } = snapshot.spec.verification
  const {
    claimName,
    path,
    fileName,
    sizeBytes: stored,
    sha256,
    meilisearchVersion,
    uncompressedBytes,
    indexes,
  } = artifact
  return bootJob({
    owner: { apiVersion, kind: meiliSnapshots.kind, metadata: snapshot.metadata },
    labels: { ...moverLabels, [snapshotUidLabel]: snapshot.metadata.uid },
    mover: snapshot.spec.mover,
    name: verification.jobName,
    moverImage,
    imagePullSecrets: [...new Set([...imagePullSecrets, ...pullSecretsOf(target)])],
    source: { claimName, path, fileName, sizeBytes: stored, sha256, meilisearchVersion, uncompressedBytes, indexes },
    engineImage: verification.image,
    upgrade: false,
    volumeBytes: verification.volumeBytes ?? bootVolumeBytes(snapshot, artifact),
    storageClassName: boot?.storageClassName,
    resources: boot?.resources,
    queries: boot?.queries,
    attempt: verification.attempt,
    deadlineSeconds: Math.max(60, Math.floor(from.deadlineMs / 1000)),
    securityContext: ownerSecurity(snapshot.status?.move?.runAs),
    placement: nearNode(snapshot),
  })
}
