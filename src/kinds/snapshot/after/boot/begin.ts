// What follows a stored file: a server is started on a copy of it where that was asked for, and may be; then Meilisearch's own file goes, or nothing is left. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { snapshotReasons } from '../../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { instant } from '../../../../api/status/conditions.ts'
import { whyNotStarted } from '../../../../reconcile/job/boot/egress.ts'
import { bootJobName, bootVolumeBytes } from '../../job/commands/boot.ts'
import { deletions } from '../../job/end.ts'
import { imageOf } from '../../../../reconcile/job/boot/image.ts'
import type { SnapshotObservation } from '../../observation.ts'
import type { Verification } from '../../status/booting.ts'
import { pauses } from '../../status/pauses.ts'
import type { Changes } from '../../status/status.ts'
import { completed, step } from '../../status/verdict.ts'
import type { Verdict } from '../../status/verdict.ts'
import { beginRemoveSource, removingSource } from '../remove-source.ts'
import type { RemoveSource } from '../remove-source.ts'

export interface StoredFile {
  /** The artifact, and what else goes on record with it. */
  readonly changes: Changes & { readonly artifact: NonNullable<Changes['artifact']> }
  /** Which file of Meilisearch it was. */
  readonly file: RemoveSource['file']
  readonly note?: string | undefined
  /** The mover's. */
  readonly ended: V1Job
}

/** All that is left to do goes on record with the artifact: from this write on the mover is not asked any more. */
export function afterMove(observation: SnapshotObservation, stored: StoredFile, nowMs: number): Verdict {
  const { snapshot } = observation
  const { file, ended, note } = stored
  const removes = snapshot.spec.sourcePolicy === 'Remove'
  const removeSource = removes ? { removeSource: beginRemoveSource(snapshot, file) } : {}
  const verification = beginBoot(observation, stored.changes.artifact, nowMs)
  const changes = { ...stored.changes, ...removeSource, ...(verification === undefined ? {} : { verification }) }
  if (verification !== undefined && verification.result === undefined)
    return step({
      phase: 'Verifying',
      reason: snapshotReasons.Booting,
      message: bootingText(verification.jobName),
      changes,
      effects: deletions([ended]),
      againMs: pauses.nextMs,
    })
  const skipped = verification?.skipped === undefined ? undefined : skippedText(verification.skipped)
  const notes = [skipped, note].filter((text) => text !== undefined).join(' ')
  if (removes)
    return removingSource(`${skipped === undefined ? '' : `${skipped} `}Meilisearch's own file is being removed.`, {
      changes,
      effects: deletions([ended]),
      againMs: pauses.nextMs,
    })
  return completed({ changes, ...(notes === '' ? {} : { note: notes }) })
}

export function booting(
  { message, reason = snapshotReasons.Booting }: { message: string; reason?: 'Booting' | 'BootWaiting' },
  act: Pick<Parameters<typeof step>[0], 'changes' | 'effects' | 'againMs' | 'keepsRefusal' | 'overdue'>,
): Verdict {
  return step({ phase: 'Verifying', reason, message, ...act })
}

/** One sentence until there is an end: nothing worth a write happens in between. */
export const bootingText = (jobName: string): string =>
  `The snapshot is stored. Job ${jobName} starts a server on a copy of it.`

const skippedText = (why: string): string => `No server was started on it, and the archive alone was checked: ${why}`

function beginBoot(
  { snapshot, target, instance }: SnapshotObservation,
  artifact: StoredFile['changes']['artifact'],
  nowMs: number,
): Verification | undefined {
  const { mode } = snapshot.spec.verification
  if (mode !== 'Boot') return undefined
  const begun = { mode, attempt: 1, jobName: bootJobName(snapshot, 1), startedAt: instant(nowMs) } as const
  const why = whyNotBooted(snapshot, artifact)
  if (why !== undefined) return { ...begun, result: 'Skipped', skipped: why, at: instant(nowMs) }
  const image = imageOf(target, instance?.status?.snapshotVolume?.container)
  return {
    ...begun,
    ...(image === undefined ? {} : { image }),
    volumeBytes: bootVolumeBytes(snapshot, artifact),
  }
}

function whyNotBooted({ spec }: MeiliSnapshot, artifact: StoredFile['changes']['artifact']): string | undefined {
  const { meilisearchVersion: version, tasksEnqueued } = artifact
  const why = whyNotStarted({ version, tasksEnqueued, egress: spec.verification.boot?.egress ?? 'Allowed' })
  return why === undefined
    ? undefined
    : `${why} Where nothing leaves its pods, say so with spec.verification.boot.egress: Denied.`
}
