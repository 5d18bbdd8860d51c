// Builds what status says of a stored file, from the mover's result and from the configuration that this very mover had. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { moveConfig } from '../../../mover/contract.ts'
import type { MoveConfig, MoverResult } from '../../../mover/contract.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { archiveCheck, artifactPath } from '../job/artifact-path.ts'
import { configVariable, moverContainer } from '../../../reconcile/job/template.ts'
import { documentsAnnotation, indexesAnnotation } from '../job/commands/move.ts'
import type { Changes } from '../status/status.ts'

type Stored = NonNullable<MoverResult['stored']>
type Artifact = NonNullable<MeiliSnapshotStatus['artifact']>

/** The configuration that the Job's mover runs with. */
function configOf(job: V1Job): MoveConfig | undefined {
  const text = job.spec?.template.spec?.containers
    .find(({ name }) => name === moverContainer)
    ?.env?.find(({ name }) => name === configVariable)?.value
  try {
    return moveConfig.safeParse(JSON.parse(text ?? '')).data
  } catch {
    return undefined
  }
}

/** Undefined where the Job does not tell: a count that nobody knows is not 0. */
function countIn(job: V1Job, annotation: string): number | undefined {
  const text = job.metadata?.annotations?.[annotation] ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Where an adopted Job of another version does not tell, what the spec says: it is immutable. */
function pathOf(snapshot: MeiliSnapshot, config: MoveConfig | undefined): string {
  const { path, directory } = config?.destination ?? artifactPath(snapshot)
  return `${path}/${directory}`
}

/** As in the manifest: of another batch than the stored one, the counts are those of another time. */
function factsOf(config: MoveConfig | undefined, { batchUid }: Stored): Partial<Artifact> {
  const facts = config?.describes.facts
  if (facts === undefined) return {}
  if (facts.batchUid !== batchUid) return { countsExact: false }
  return { countsExact: facts.countsExact, tasksEnqueued: facts.tasksEnqueued }
}

/** The artifact, and the task that made it: another one than first adopted, where a newer batch had replaced the file. */
export function storedArtifact(
  snapshot: MeiliSnapshot,
  job: V1Job,
  stored: Stored,
): Changes & { readonly artifact: NonNullable<Changes['artifact']> } {
  const config = configOf(job)
  const { claim } = snapshot.spec.destination
  const batch = config?.batches.find(({ taskUid }) => taskUid === stored.taskUid)
  return {
    artifact: {
      claimName: claim.name,
      path: pathOf(snapshot, config),
      fileName: config?.source.fileName ?? '',
      sizeBytes: stored.sizeBytes,
      size: sizeText(stored.sizeBytes),
      sha256: stored.sha256,
      meilisearchVersion: config?.describes.meilisearch.version ?? '',
      verification: archiveCheck(snapshot),
      indexes: countIn(job, indexesAnnotation),
      documents: countIn(job, documentsAnnotation),
      ...factsOf(config, stored),
      uncompressedBytes: stored.uncompressedBytes,
    },
    ...(batch === undefined || snapshot.status?.task?.uid === batch.taskUid
      ? {}
      : {
          task: {
            uid: batch.taskUid,
            batchUid: batch.batchUid,
            status: 'succeeded' as const,
            enqueuedAt: batch.enqueuedAt,
            startedAt: batch.startedAt,
            finishedAt: batch.finishedAt,
          },
        }),
  }
}
