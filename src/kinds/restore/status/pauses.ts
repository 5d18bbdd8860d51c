// Every pause of this kind: how soon a restore is looked at again where no watch is known to wake it before. Pure.

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

const between = (leastMs: number, mostMs: number, spanMs: number): number => Math.min(mostMs, Math.max(leastMs, spanMs))

/** The longer it lasts, the more seldom it is looked at: by how long that is already. */
export const growing = {
  prerequisites: (waitedMs: number): number => between(1000, 60_000, waitedMs / 4),
  /** The end of the one in front wakes whoever is next. */
  queue: (waitedMs: number): number => between(30_000, 300_000, waitedMs / 4),
} as const

/** Before the next Job of a kind, by which attempt has ended, or how many have failed. */
export const pauseAfter = {
  noSpace: (attempt: number): number => Math.min(300_000, 30_000 * 1.5 ** (attempt - 1)),
  failed: (failures: number): number => 1000 * 5 ** failures,
  /** It made way: nothing was wrong with it. */
  ended: (attempt: number): number => Math.min(60_000, 2000 * 2 ** (attempt - 1)),
} as const
