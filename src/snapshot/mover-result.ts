// How a mover ended, from its pod and its Job, and what that means for the snapshot. Pure.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { snapshotReasons } from '../api/snapshot.ts'
import type { SnapshotReason } from '../api/snapshot.ts'
import { exitCodes, moverResult } from '../mover/contract.ts'
import type { ExitCode, MoverResult } from '../mover/contract.ts'
import { moverContainer } from './job-template.ts'

export interface Termination {
  readonly exitCode: number
  /** Kubernetes' own word, for example `OOMKilled`. */
  readonly reason: string
  /** The termination message, or the Job's message where no pod is left to tell. */
  readonly message: string
}

/** Undefined while it runs, or while the Job may still make another pod. */
export function terminationOf(job: V1Job, pod: V1Pod | undefined): Termination | undefined {
  const ended = pod?.status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state?.terminated
  const disrupted = pod?.status?.conditions?.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True') ?? false
  if (ended !== undefined && !disrupted) return { exitCode: ended.exitCode, reason: ended.reason ?? '', message: ended.message ?? '' }
  const over = job.status?.conditions?.find(({ type, status }) => (type === 'Failed' || type === 'Complete') && status === 'True')
  return over === undefined ? undefined : { exitCode: -1, reason: over.reason ?? over.type, message: over.message ?? '' }
}

/** The mover's own words, where it had the time to say them. */
export function resultOf({ exitCode, reason, message }: Termination): MoverResult {
  const said = moverResult.safeParse(parsed(message))
  if (said.success) return said.data
  const why = reason === 'OOMKilled' ? 'ran out of memory (raise spec.mover.resources.limits.memory in the next snapshot)' : `ended with exit code ${exitCode} (${reason}) and left no result`
  return { exitCode, message: `The mover ${why}. ${message}`.trim() }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface MoverFailure {
  readonly reason: SnapshotReason
  /** What may end better: nothing; another mover, counted or not; or another snapshot. */
  readonly cure: 'None' | 'Mover' | 'MoverUncounted' | 'Snapshot'
  readonly message: string
}

/** By exit code; what is not listed here may pass, and is counted. */
const cures: Readonly<Partial<Record<ExitCode, Pick<MoverFailure, 'reason' | 'cure'>>>> = {
  [exitCodes.badConfiguration]: { reason: snapshotReasons.MoverFailed, cure: 'None' },
  [exitCodes.destinationConflict]: { reason: snapshotReasons.DestinationConflict, cure: 'None' },
  [exitCodes.permissionDenied]: { reason: snapshotReasons.SourceNotReadable, cure: 'None' },
  [exitCodes.noSpace]: { reason: snapshotReasons.InsufficientSpace, cure: 'MoverUncounted' },
  [exitCodes.superseded]: { reason: snapshotReasons.Superseded, cure: 'MoverUncounted' },
  [exitCodes.terminated]: { reason: snapshotReasons.MoverFailed, cure: 'MoverUncounted' },
  [exitCodes.archiveBad]: { reason: snapshotReasons.ArchiveCorrupt, cure: 'Snapshot' },
}

/** A file that is not there comes by no attempt; one that no batch wrote is replaced by another snapshot. */
export function failureOf({ exitCode, message, modifiedAt }: MoverResult): MoverFailure {
  if (exitCode === exitCodes.sourceMissing) return { reason: snapshotReasons.SourceMissing, cure: modifiedAt === undefined ? 'None' : 'Snapshot', message }
  return { ...(cures[exitCode as ExitCode] ?? { reason: snapshotReasons.MoverFailed, cure: 'Mover' as const }), message }
}
