// Names the Job of a snapshot that matters at its stage. Pure.
import { isBooting } from '../status/booting.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'

/** The Job that matters at this stage. */
export function currentJobName({ status }: MeiliSnapshot): string | undefined {
  const { deleteArtifact, verification, removeSource, move, space } = status ?? {}
  const current = deleteArtifact ?? (isBooting(status) ? verification : undefined) ?? removeSource ?? move ?? space
  return current?.jobName
}
