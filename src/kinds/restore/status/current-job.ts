// Names the Job of a restore that matters at its stage, and says how its Jobs are found. Pure.
import { restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'

/** Undefined while there is none, and once it has done its work. */
export function currentJobName({ status = {} }: Pick<MeiliRestore, 'status'>): string | undefined {
  const { resolve, resolved, fill, inspection } = status
  if (inspection !== undefined) return inspection.result === undefined ? inspection.jobName : undefined
  if (fill !== undefined) return fill.completedAt === undefined ? fill.jobName : undefined
  return resolved === undefined ? resolve?.jobName : undefined
}

/** Of all its Jobs, and their pods. */
export const restoreUidSelector = ({ metadata: { uid } }: Pick<MeiliRestore, 'metadata'>): string =>
  `${restoreUidLabel}=${uid}`
