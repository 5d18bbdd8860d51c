// Every pause of this kind: how soon a snapshot is looked at again where no watch is known to wake it before. Pure.
import { pauseAfterJob } from '../../../reconcile/job/pauses.ts'
import { between } from '../../../runtime/backoff.ts'

export const pauses = {
  /** What comes next is known: as soon as the cache shows what was written. */
  nextMs: 250,
  /** Meilisearch, or a container, is about to answer. */
  answerMs: 1000,
  /** A Job or a pod comes, or goes. */
  changeMs: 2000,
  /** A Job works. */
  workMs: 5000,
  claimRefusedMs: 5000,
  jobRefusedMs: 10_000,
  /** A Secret may be put right. */
  requestRefusedMs: 30_000,
  /** The object comes back by its own watch. */
  finalizerMs: 15_000,
  /** What no rung foresaw: nothing waits in silence for ever. */
  unforeseenMs: 10_000,
} as const

/** The longer it lasts, the more seldom it is looked at: by how long that is already. */
export const growing = {
  prerequisites: (waitedMs: number): number => between(1000, 120_000, waitedMs / 4),
  task: (waitedMs: number): number => between(250, 10_000, waitedMs / 10),
  /** Behind others of its server: their end wakes whoever is next, and a look asks the API server and Meilisearch. */
  queue: (waitedMs: number): number => between(60_000, 300_000, waitedMs / 4),
  /** The end of another wakes whoever is next. */
  turn: (waitedMs: number): number => between(30_000, 300_000, waitedMs / 4),
  silence: (waitedMs: number): number => between(1000, 10_000, waitedMs / 10),
} as const

export const pauseAfter = {
  ...pauseAfterJob,
  removal: (attempt: number): number => 5000 * attempt,
  /** Nobody waits for it. */
  expiry: (attempt: number): number => 600_000 * attempt,
} as const
