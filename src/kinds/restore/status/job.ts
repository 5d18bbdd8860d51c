// The Jobs of a restore: which one matters at a stage, how they are found, whose they are, and what follows when one has failed. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { quantityValue } from '../../../api/fields/quantity.ts'
import { apiVersion } from '../../../api/group.ts'
import { meiliRestores, restoreReasons, restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore, RestoreReason } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'
import { exitCodes } from '../../../mover/contract.ts'
import type { MoverResult } from '../../../mover/contract.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { pauseAfterJob } from '../../../reconcile/job/pauses.ts'
import { isGoing } from '../../../reconcile/job/life.ts'
import { jobNameOf, jobTemplate } from '../../../reconcile/job/template.ts'
import type { JobTask } from '../../../reconcile/job/template.ts'
import { restoreJobLabels } from '../../../reconcile/names/objects.ts'

/** Undefined while there is none, and once it has done its work. */
export function currentJobName({ status = {} }: Pick<MeiliRestore, 'status'>): string | undefined {
  const { resolve, resolved, fill, sanitize, inspection } = status
  if (inspection !== undefined) return inspection.result === undefined ? inspection.jobName : undefined
  if (sanitize !== undefined && sanitize.completedAt === undefined) return sanitize.jobName
  if (fill !== undefined) return fill.completedAt === undefined ? fill.jobName : undefined
  return resolved === undefined ? resolve?.jobName : undefined
}

/** Of all its Jobs, and their pods. */
export const restoreUidSelector = ({ metadata: { uid } }: Pick<MeiliRestore, 'metadata'>): string =>
  `${restoreUidLabel}=${uid}`

/** What one of its movers says of the object that it works for. */
export const moverOwner = ({
  metadata: { uid, namespace, name },
}: MeiliRestore): { uid: string; namespace: string; name: string } => ({ uid, namespace, name })

type RestoreTask = Omit<JobTask, 'owner' | 'labels' | 'mover' | 'owned'> & { readonly restore: MeiliRestore }

export function restoreJob({ restore, ...task }: RestoreTask): V1Job {
  return jobTemplate({
    ...task,
    owner: { apiVersion, kind: meiliRestores.kind, metadata: restore.metadata },
    labels: { ...restoreJobLabels, [restoreUidLabel]: restore.metadata.uid },
    mover: restore.spec.mover,
    owned: true,
  })
}

/** Of a mover that reads. It gives up before its Job would be ended. @param leftMs until the deadline of its stage */
export function limitsOf(
  { spec }: MeiliRestore,
  leftMs: number,
): { deadlineSeconds: number; stallSeconds: number; bytesPerSecond?: number } {
  const { bandwidthLimit } = spec.mover
  const bytes = bandwidthLimit === undefined ? undefined : quantityValue(bandwidthLimit)
  return {
    deadlineSeconds: Math.max(60, Math.ceil(leftMs / 1000)),
    stallSeconds: 120,
    ...(bytes === undefined ? {} : { bytesPerSecond: Math.max(1, Math.floor(bytes)) }),
  }
}

/** Foreground deletion, once for each Job that is not going away yet. */
export function deletions(jobs: readonly V1Job[]): Effect[] {
  return jobs
    .filter((job) => !isGoing(job))
    .map(({ metadata }) => ({ kind: 'DeleteJob', name: metadata?.name ?? '', uid: metadata?.uid ?? '' }))
}

export interface JobFailure {
  readonly reason: RestoreReason
  /** What may end better: nothing, or another one, counted or not. */
  readonly cure: 'None' | 'Again' | 'AgainUncounted'
  readonly message: string
}

/** By exit code; what is not listed here may pass, and is counted. */
const cures: Readonly<Partial<Record<number, Pick<JobFailure, 'reason' | 'cure'>>>> = {
  [exitCodes.badConfiguration]: { reason: restoreReasons.MoverFailed, cure: 'None' },
  [exitCodes.sourceMissing]: { reason: restoreReasons.SourceNotFound, cure: 'AgainUncounted' },
  [exitCodes.destinationConflict]: { reason: restoreReasons.TargetNotEmpty, cure: 'None' },
  [exitCodes.permissionDenied]: { reason: restoreReasons.MoverFailed, cure: 'None' },
  [exitCodes.mismatch]: { reason: restoreReasons.ChecksumMismatch, cure: 'None' },
  [exitCodes.archiveBad]: { reason: restoreReasons.ArchiveCorrupt, cure: 'None' },
  [exitCodes.noSpace]: { reason: restoreReasons.InsufficientSpace, cure: 'AgainUncounted' },
  [exitCodes.terminated]: { reason: restoreReasons.MoverFailed, cure: 'AgainUncounted' },
}

export function failureOf({ exitCode, message, space }: MoverResult): JobFailure {
  const said =
    space === undefined || exitCode !== exitCodes.noSpace
      ? message
      : `The target has ${sizeText(space.freeBytes)} free, and the data needs ${sizeText(space.neededBytes)}.`
  return { ...(cures[exitCode] ?? { reason: restoreReasons.MoverFailed, cure: 'Again' as const }), message: said }
}

/** How often a mover may fail for causes that may pass. Lack of space and drains do not count: they end with the deadline. */
export const maxFailures = 3

interface Attempt {
  readonly attempt: number
  readonly failures?: number | undefined
}

interface NextAttempt {
  readonly attempt: number
  readonly failures: number
  readonly jobName: string
  readonly failure: string
  readonly retryAt: string
}

/** The record of the next attempt, and the pause before it; `failures` above the limit where there is none. */
export function nextAttempt(
  restore: MeiliRestore,
  {
    before,
    failure,
    command,
  }: { before: Attempt; failure: JobFailure; command: 'resolve' | 'fill' | 'sanitize' | 'drill' },
  nowMs: number,
): { readonly record: NextAttempt; readonly restMs: number } {
  const attempt = before.attempt + 1
  const failures = (before.failures ?? 0) + (failure.cure === 'Again' ? 1 : 0)
  const restMs = pauseBefore(failure, { attempt: before.attempt, failures })
  return {
    restMs,
    record: {
      attempt,
      failures,
      jobName: jobNameOf(restore, `${command}-${attempt}`),
      failure: redact(failure.message, 2000),
      retryAt: instant(nowMs + restMs),
    },
  }
}

function pauseBefore({ reason, cure }: JobFailure, counts: { attempt: number; failures: number }): number {
  if (reason === restoreReasons.InsufficientSpace || reason === restoreReasons.SourceNotFound)
    return pauseAfterJob.noSpace(counts.attempt)
  return cure === 'Again' ? pauseAfterJob.failed(counts.failures) : pauseAfterJob.ended(counts.attempt)
}
