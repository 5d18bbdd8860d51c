// Builds the Job of a drill: which server is started, as whom, on how large a volume. Pure.
import type { V1Job, V1PodSecurityContext } from '@kubernetes/client-node'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import { apiVersion } from '../../../api/group.ts'
import { meiliRestores, restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { imageOf } from '../../../reconcile/job/boot/image.ts'
import { bootJob, volumeBytesFor } from '../../../reconcile/job/boot/job.ts'
import { serverPlacement } from '../../../reconcile/job/beside-server.ts'
import { restoreJobLabels } from '../../../reconcile/names/objects.ts'
import type { DrilledSeen, RestoreObservation } from '../observation.ts'
import { drillDeadlineMs } from '../status/deadline.ts'
import type { Inspection } from '../status/inspection.ts'

type Resolved = NonNullable<MeiliRestoreStatus['resolved']>

export interface DrillFrom extends RestoreObservation {
  readonly resolved: Resolved
  readonly inspection: Inspection
}

export function drillJob(from: DrillFrom, nowMs: number): V1Job {
  const { restore, resolved, inspection, drilled, moverImage, imagePullSecrets } = from
  const { scratch } = restore.spec.target
  const { mover } = restore.spec
  return bootJob({
    owner: { apiVersion, kind: meiliRestores.kind, metadata: restore.metadata },
    labels: { ...restoreJobLabels, [restoreUidLabel]: restore.metadata.uid },
    mover,
    name: inspection.jobName,
    moverImage,
    imagePullSecrets: [...new Set([...imagePullSecrets, ...pullSecrets(drilled)])],
    source: resolved,
    engineImage: engineImage(resolved, drilled),
    upgrade: false,
    volumeBytes: volumeBytes(from),
    storageClassName: scratch?.storageClassName,
    resources: scratch?.resources,
    queries: scratch?.queries,
    attempt: inspection.attempt,
    deadlineSeconds: Math.max(
      60,
      Math.ceil((drillDeadlineMs({ spec: restore.spec, status: { inspection } }, nowMs) - nowMs) / 1000),
    ),
    ...ownerSecurity(drilled?.runAs),
    placement: serverPlacement({ managed: undefined, mover, node: undefined }),
  })
}

/** How much larger than its archive a database is thought to be, where nobody has seen it unpacked. */
const guess = 6

function volumeBytes({ restore, resolved }: DrillFrom): number {
  const { size } = restore.spec.target.scratch ?? {}
  return size === undefined ? volumeBytesFor(resolved.uncompressedBytes ?? guess * resolved.sizeBytes) : sizeBytes(size)
}

/** Of the version that made the snapshot: the image of the server that still runs it, else that of its name. */
function engineImage({ meilisearchVersion = '' }: Resolved, drilled: DrilledSeen | undefined): string {
  const { instance, pod } = drilled ?? {}
  const running = imageOf(pod, instance?.status?.snapshotVolume?.container)
  if (running !== undefined && instance?.status?.version === meilisearchVersion) return running
  return `${instance?.spec.managed?.image.repository ?? 'getmeili/meilisearch'}:v${meilisearchVersion}`
}

function pullSecrets(drilled: DrilledSeen | undefined): readonly string[] {
  const ofServer = drilled?.instance?.spec.managed?.image.pullSecrets ?? drilled?.pod?.spec?.imagePullSecrets ?? []
  return ofServer.flatMap(({ name }) => (name === undefined ? [] : [name]))
}

/** Who stored the files may read them. */
function ownerSecurity(runAs: DrilledSeen['runAs']): { readonly securityContext?: V1PodSecurityContext } {
  if (runAs === undefined || runAs.user === 0) return {}
  const { user, group, fsGroup = group } = runAs
  return {
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: group,
      fsGroup,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
}
