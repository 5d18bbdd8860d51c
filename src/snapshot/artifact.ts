// What status says of a stored file: taken from the mover's result and from the configuration that this very mover had. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { moveConfig } from '../mover/contract.ts'
import type { MoveConfig, MoverResult } from '../mover/contract.ts'
import type { MeiliSnapshot } from '../api/snapshot.ts'
import { sizeText } from '../reconcile/format.ts'
import { configVariable } from './job-template.ts'
import { documentsAnnotation, indexesAnnotation } from './mover-job.ts'
import type { Changes } from './status.ts'

type Stored = NonNullable<MoverResult['stored']>

/** The configuration that the Job's mover runs with. */
function configOf(job: V1Job): MoveConfig | undefined {
  const text = job.spec?.template.spec?.containers[0]?.env?.find(({ name }) => name === configVariable)?.value
  const config = moveConfig.safeParse(text === undefined ? undefined : JSON.parse(text))
  return config.data
}

/** The artifact, and the task that made it: another one than first adopted, where a newer batch had replaced the file. */
export function storedArtifact(snapshot: MeiliSnapshot, job: V1Job, stored: Stored): Changes {
  const config = configOf(job)
  const { claim } = snapshot.spec.destination
  const annotations = job.metadata?.annotations ?? {}
  const batch = config?.batches.find(({ taskUid }) => taskUid === stored.taskUid)
  return {
    artifact: {
      claimName: claim.name,
      path: `${config?.destination.path ?? ''}/${config?.destination.directory ?? ''}`,
      fileName: config?.source.fileName ?? '',
      sizeBytes: stored.sizeBytes,
      size: sizeText(stored.sizeBytes),
      sha256: stored.sha256,
      meilisearchVersion: config?.describes.meilisearch.version ?? '',
      verification: snapshot.spec.verification.mode,
      indexes: Number(annotations[indexesAnnotation] ?? 0),
      documents: Number(annotations[documentsAnnotation] ?? 0),
    },
    ...(batch === undefined || snapshot.status?.task?.uid === batch.taskUid
      ? {}
      : { task: { uid: batch.taskUid, batchUid: batch.batchUid, status: 'succeeded' as const, enqueuedAt: batch.enqueuedAt, startedAt: batch.startedAt, finishedAt: batch.finishedAt } }),
  }
}
