// Every pause of this kind: how soon a restore is looked at again where no watch is known to wake it before. Pure.
import { between } from '../../../runtime/backoff.ts'

export const pauses = {
  /** What comes next is known: as soon as the cache shows what was written. */
  nextMs: 250,
  /** A server, or a container, is about to answer. */
  answerMs: 1000,
  /** A Job or a pod comes, or goes. */
  changeMs: 2000,
  /** A Job works. */
  workMs: 5000,
  claimRefusedMs: 5000,
  jobRefusedMs: 10_000,
  snapshotRefusedMs: 10_000,
  /** The object comes back by its own watch. */
  finalizerMs: 15_000,
  /** What no rung foresaw: nothing waits in silence for ever. */
  unforeseenMs: 10_000,
} as const

/** The longer it lasts, the more seldom it is looked at: by how long that is already. */
export const growing = {
  prerequisites: (waitedMs: number): number => between(1000, 60_000, waitedMs / 4),
  /** The end of the one in front wakes whoever is next. */
  queue: (waitedMs: number): number => between(30_000, 300_000, waitedMs / 4),
} as const
