// How long to wait before the next Job of a kind, by which attempt has ended, or how many have failed. Pure.

export const pauseAfterJob = {
  noSpace: (attempt: number): number => Math.min(300_000, 30_000 * 1.5 ** (attempt - 1)),
  failed: (failures: number): number => 1000 * 5 ** failures,
  /** It made way, or its stream broke: nothing was wrong with it. */
  ended: (attempt: number): number => Math.min(60_000, 2000 * 2 ** (attempt - 1)),
} as const
