// The rungs until it is on record what is restored, in order. Pure.
import { behindAnother, pastStartDeadline } from '../plan/turn.ts'
import type { Rung } from '../status/verdict.ts'
import { resolveFinished, resolveMissing, resolveRunning } from './resolve.ts'
import { sourceClaimMissing, sourceMissing, snapshotFound, snapshotNotReady, snapshotUnusable } from './snapshot.ts'

/** What can never work stands above the deadline, what may come below it. */
export const sourceRungs: readonly Rung[] = [
  snapshotUnusable, // a snapshot that will never have files is not waited for
  resolveFinished, // what a mover found counts, whatever time it is
  pastStartDeadline, // it does not wait for ever
  behindAnother, // one restore of a target at a time
  sourceMissing, // the source exists
  snapshotNotReady, // it has completed
  sourceClaimMissing, // and its claim is there
  snapshotFound, // what a snapshot has stored is pinned
  resolveMissing, // a mover looks where no object says what is there
  resolveRunning, // why it takes its time is said
]
