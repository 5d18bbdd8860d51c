// Names the Job of a snapshot that matters at its stage. Pure.
import type { MeiliSnapshot } from '../../../api/snapshot.ts'

/** The Job that matters at this stage. */
export function currentJobName({ status }: MeiliSnapshot): string | undefined {
  return (
    status?.deleteArtifact?.jobName ?? status?.removeSource?.jobName ?? status?.move?.jobName ?? status?.space?.jobName
  )
}
