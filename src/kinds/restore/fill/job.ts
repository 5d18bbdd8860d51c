// Builds the Job that unpacks a snapshot: the source's claim and the target's, as the server's user, where the server can run. Pure.
import type { V1Job, V1PodSpec, V1Volume } from '@kubernetes/client-node'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import type { FillConfig } from '../../../mover/contract.ts'
import { serverPlacement, serverSecurity } from '../../../reconcile/job/beside-server.ts'
import { claimNameOf, databaseDirectory } from '../../../reconcile/names/objects.ts'
import type { RestoreObservation } from '../observation.ts'
import { fillDeadlineMs } from '../status/deadline.ts'
import { limitsOf, moverOwner, restoreJob } from '../status/job.ts'

type Fill = NonNullable<MeiliRestoreStatus['fill']>

export interface FillFrom extends RestoreObservation {
  readonly fill: Fill
  readonly resolved: NonNullable<MeiliRestoreStatus['resolved']>
}

const roots = { source: '/source', destination: '/destination' } as const

export function fillJob(from: FillFrom, nowMs: number): V1Job {
  const { restore, fill, resolved, moverImage, imagePullSecrets } = from
  const { deadlineSeconds, ...limits } = limitsOf(restore, fillDeadlineMs(restore, nowMs) - nowMs)
  // One claim is mounted once: two volumes of it need not be the same mount on every storage.
  const sourceVolume = resolved.claimName === fill.claimName ? 'destination' : 'source'
  return restoreJob({
    restore,
    name: fill.jobName,
    config: { ...configOf(from), deadlineSeconds, ...limits },
    deadlineSeconds,
    pod: podOf(from),
    volumeMounts: [
      { name: sourceVolume, mountPath: roots.source, readOnly: true },
      { name: 'destination', mountPath: roots.destination },
    ],
    moverImage,
    imagePullSecrets,
  })
}

function configOf({
  restore,
  fill,
  resolved,
}: FillFrom): Omit<FillConfig, 'deadlineSeconds' | 'stallSeconds' | 'bytesPerSecond'> {
  const { name, uid } = restore.metadata
  const { claimName, path, fileName, sizeBytes, sha256, meilisearchVersion, uncompressedBytes } = resolved
  return {
    command: 'fill',
    object: moverOwner(restore),
    source: { root: roots.source, claim: claimName, path, fileName, sizeBytes, sha256 },
    destination: {
      root: roots.destination,
      claim: fill.claimName,
      directory: restore.spec.target.claim?.directory ?? databaseDirectory,
    },
    describes: {
      restore: name,
      restoreUid: uid,
      sha256,
      path,
      sourceClaim: claimName,
      ...(meilisearchVersion === undefined ? {} : { meilisearchVersion }),
    },
    ...(uncompressedBytes === undefined ? {} : { uncompressedBytes }),
    attempt: String(fill.attempt),
  }
}

function podOf(
  from: FillFrom,
): Pick<V1PodSpec, 'volumes' | 'securityContext' | 'affinity' | 'tolerations' | 'nodeSelector'> {
  const { restore, target, fill, resolved } = from
  const { managed } = target.instance?.spec ?? {}
  const node = target.instance?.status?.pod?.node
  const besides = claimsBesides(from)
  const ofSource: V1Volume = {
    name: 'source',
    persistentVolumeClaim: { claimName: resolved.claimName, readOnly: true },
  }
  return {
    securityContext: serverSecurity(managed),
    ...serverPlacement({
      managed,
      mover: restore.spec.mover,
      node,
      onlyThere: besides.length > 0,
    }),
    volumes: [
      ...(resolved.claimName === fill.claimName ? [] : [ofSource]),
      { name: 'destination', persistentVolumeClaim: { claimName: fill.claimName } },
      // While the server runs they are on its node: a claim for one pod alone would keep the mover out.
      ...(node === undefined ? besides : [])
        .filter((claimName) => claimName !== resolved.claimName && claimName !== fill.claimName)
        .map((claimName, at): V1Volume => ({ name: `besides-${at}`, persistentVolumeClaim: { claimName } })),
    ],
  }
}

/** All that the server will mount beside its data: a new volume has to lie where they are. Of its own claims those that are there. */
function claimsBesides({ target: { instance, claims } }: FillFrom): readonly string[] {
  const { managed } = instance?.spec ?? {}
  if (instance === undefined || managed === undefined) return []
  const isThere = (name: string): boolean => claims.some(({ metadata }) => metadata?.name === name)
  const own = (['snapshots', 'scratch'] as const).map((role) => claimNameOf(instance, role)).filter(isThere)
  const given = managed.snapshots?.claimName
  return given === undefined ? own : [...own, given]
}
