// Ends Jobs by deleting them, and sweeps up what a killed one has left. Pure.
import type { V1Job } from '@kubernetes/client-node'
import type { Effect } from '../../../reconcile/decision.ts'
import { sweepJob } from './commands/delete-artifact.ts'
import { databaseOnDestination, databaseText, whyNotJudged } from './databases.ts'
import { isGoing } from '../../../reconcile/job/life.ts'
import type { SnapshotObservation } from '../observation.ts'

/** What a mover that was killed has left goes once no other mover comes and takes it away. Nobody waits for that, so the message names it. */
export function sweep(
  observation: SnapshotObservation,
  isLeft: boolean,
): { readonly effects: readonly Effect[]; readonly note: string } {
  if (!isLeft) return { effects: [], note: '' }
  const database = databaseOnDestination(observation)
  const why = database === undefined ? whyNotJudged(observation) : databaseText(database)
  if (why !== undefined) return { effects: [], note: ` What was left of it stays: ${why}` }
  const job = sweepJob(observation)
  return {
    effects: [{ kind: 'CreateJob', job }],
    note: ` Job ${job.metadata?.name ?? ''} removes what was left of it on claim ${observation.snapshot.spec.destination.claim.name}.`,
  }
}

/** Its end goes on record in the same pass, before this is performed. */
export const endedJob = ({ job }: SnapshotObservation['mover']): Effect[] => (job === undefined ? [] : deletions([job]))

/** Foreground deletion, once for each Job that is not going away yet. */
export function deletions(jobs: readonly V1Job[]): Effect[] {
  return jobs
    .filter((job) => !isGoing(job))
    .map(({ metadata }) => ({ kind: 'DeleteJob', name: metadata?.name ?? '', uid: metadata?.uid ?? '' }))
}
