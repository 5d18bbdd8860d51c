// Builds the Job that moves one file: what it mounts, as whom it runs, where it must run. Pure.
// It mounts the destination, which holds no database (databases.ts), and the snapshot directory: read-only, unless both are on one claim.
import type { V1Job } from '@kubernetes/client-node'
import type { MeiliInstance, SnapshotVolume } from '../../../../api/instance.ts'
import { sizeBytes } from '../../../../api/fields/quantity.ts'
import type { MeiliSnapshot, SnapshotTask } from '../../../../api/snapshot.ts'
import type { MoveConfig, StoreConfig } from '../../../../mover/contract.ts'
import { archiveCheck, artifactPath } from '../artifact-path.ts'
import { jobNameOf } from '../../../../reconcile/job/template.ts'
import { snapshotJob } from '../template.ts'
import type { EngineAnswer, SnapshotObservation } from '../../observation.ts'
import { moverPlacement, moverSecurity, moverVolumes, podMountPaths, sourceOf } from '../pod.ts'
import type { Target } from '../pod.ts'
import { mustStream, streamLimitBytes } from '../stream-source.ts'

export const indexesAnnotation = 'meili-operator.dev/indexes'
export const documentsAnnotation = 'meili-operator.dev/documents'

/** No byte for this long is a stall; where the operator sends them, it may be away for a while. */
const stallSeconds = { mounted: 120, streamed: 600 } as const
/** File clocks are coarse: an mtime may lie this far outside its batch. Network file systems have clocks of their own. */
const skewMs = { local: 2000, network: 30_000 } as const

export type MoveFrom = SnapshotObservation & {
  readonly instance: MeiliInstance
  readonly target: Target
  readonly engine: EngineAnswer
  readonly deadlineMs: number
}

/** The attempt at the snapshot, then that of its mover. */
export function moverJobName(snapshot: MeiliSnapshot, moveAttempt: number): string {
  return jobNameOf(snapshot, `${snapshot.status?.request?.attempt ?? 1}-${moveAttempt}`)
}

export function moverJob(from: MoveFrom): V1Job {
  const { snapshot, engine } = from
  const deadlineSeconds = Math.max(60, Math.floor(from.deadlineMs / 1000))
  const { volumes, volumeMounts } = moverVolumes(from)
  return snapshotJob({
    snapshot,
    name: snapshot.status?.move?.jobName ?? moverJobName(snapshot, 1),
    config: storeFlags(from, configurationOf(from, deadlineSeconds)),
    deadlineSeconds,
    pod: { securityContext: moverSecurity(from), ...moverPlacement(from), volumes },
    volumeMounts,
    annotations: {
      [indexesAnnotation]: String(engine.indexes.count),
      [documentsAnnotation]: String(engine.indexes.documents),
    },
    owned: true,
    moverImage: from.moverImage,
    imagePullSecrets: from.imagePullSecrets,
  })
}

function configurationOf(from: MoveFrom, deadlineSeconds: number): MoveConfig {
  const { snapshot, instance, target, engine } = from
  const volume: SnapshotVolume | undefined = instance.status?.snapshotVolume
  const { bandwidthLimit } = snapshot.spec.mover
  const { directory, mayLink } = sourceOf(from)
  return {
    command: 'move',
    describes: {
      object: { uid: snapshot.metadata.uid, namespace: snapshot.metadata.namespace, name: snapshot.metadata.name },
      instance: {
        name: instance.metadata.name,
        pod: target.metadata?.name ?? '',
        podUid: target.metadata?.uid ?? '',
        node: target.spec?.nodeName ?? '',
      },
      meilisearch: { version: engine.version, commit: engine.commit },
      indexes: [...engine.indexes.listed],
      databaseSizeBytes: String(engine.databaseSizeBytes),
      ...(engine.facts === undefined ? {} : { facts: { ...engine.facts } }),
      source: { claim: volume?.claimName ?? '', path: volume?.subPath ?? '' },
    },
    source: { directory, fileName: volume?.fileName ?? 'data.ms.snapshot' },
    destination: {
      root: podMountPaths.destination,
      ...artifactPath(snapshot),
      claim: snapshot.spec.destination.claim.name,
    },
    batches: batchesOf(engine.candidates, snapshot.status?.task),
    allowedSkewMs: volume?.accessModes?.includes('ReadWriteMany') === true ? skewMs.network : skewMs.local,
    verification: archiveCheck(snapshot),
    attempt: `${snapshot.status?.request?.attempt ?? 1}-${snapshot.status?.move?.attempt ?? 1}`,
    deadlineSeconds,
    stallSeconds: stallSeconds.mounted,
    mayLink,
    ...(bandwidthLimit === undefined ? {} : { bytesPerSecond: sizeBytes(bandwidthLimit) }),
  }
}

/** The same, where the file is sent. */
function storeFlags({ snapshot, instance }: MoveFrom, config: MoveConfig): StoreConfig {
  const volume = instance.status?.snapshotVolume
  if (volume === undefined || !mustStream(volume)) return config
  const source = { ...config.source, directory: volume.directory }
  return {
    ...config,
    command: 'receive',
    source,
    stallSeconds: stallSeconds.streamed,
    maxSizeBytes: streamLimitBytes(snapshot),
  }
}

/** Oldest first. The batch on record is one of them, also where Meilisearch has deleted its task since; of its tasks the one on record stands first, and so for the batch. */
function batchesOf(candidates: readonly SnapshotTask[], recorded: SnapshotTask | undefined): MoveConfig['batches'] {
  const others = candidates.filter(({ uid }) => uid !== recorded?.uid)
  const isLater = ({ uid, batchUid }: SnapshotTask): boolean =>
    recorded !== undefined && (uid > recorded.uid || (batchUid !== undefined && batchUid === recorded.batchUid))
  const known = [
    ...others.filter((task) => !isLater(task)),
    ...(recorded === undefined ? [] : [recorded]),
    ...others.filter(isLater),
  ]
  return known.flatMap(({ uid, batchUid, status, enqueuedAt, startedAt, finishedAt }) =>
    status === 'succeeded' && batchUid !== undefined && startedAt !== undefined && finishedAt !== undefined
      ? [{ taskUid: uid, batchUid, enqueuedAt, startedAt, finishedAt }]
      : [],
  )
}
