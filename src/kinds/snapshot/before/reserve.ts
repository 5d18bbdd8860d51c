// Computes how much a mover wants free for a file, by the rule of mover/io/space.ts, which alone measures. Pure.

/** At least this much. */
export const reserveBytes = 64 * 1024 * 1024

/** Of free space, for a file of this size. */
export const neededBytes = (sizeBytes: number): number => sizeBytes + Math.max(reserveBytes, sizeBytes / 100)
