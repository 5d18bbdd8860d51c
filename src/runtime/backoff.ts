// How long to wait after the n-th failure. Pure: randomness is an argument.

export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/** Doubles from `firstMs` to `maxMs`; `random` in [0, 1) spreads the upper half. @param failures how many so far, from 0 */
export function backoffMs({ firstMs, maxMs }: Backoff, failures: number, random: number): number {
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30))
  return Math.round(whole / 2 + (whole / 2) * random)
}

export function between(leastMs: number, mostMs: number, spanMs: number): number {
  return Math.min(mostMs, Math.max(leastMs, spanMs))
}
