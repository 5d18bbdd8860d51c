// Tells how old something is, by two clocks: the monotonic one stands still while a machine is suspended, the wall clock can be set.

/** Both in ms; only differences between two readings of one clock mean anything. */
export interface Clocks {
  readonly monotonicMs: () => number
  readonly wallMs: () => number
}

/** A reading of both clocks at once. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

export const systemClocks: Clocks = { monotonicMs: () => performance.now(), wallMs: () => Date.now() }

export function readClocks({ monotonicMs, wallMs }: Clocks = systemClocks): Moment {
  return { monotonicMs: monotonicMs(), wallMs: wallMs() }
}

/**
 * How old it is at most, in ms. A wall clock that went back counts by as much as it did: then nobody knows how long the machine stood still.
 * Too large after a step of the wall clock, so nothing may be lost for good by it.
 */
export function ageMs(since: Moment, now: Moment): number {
  return Math.max(now.monotonicMs - since.monotonicMs, Math.abs(now.wallMs - since.wallMs))
}
