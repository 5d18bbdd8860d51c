// Every pause of this kind: how soon an instance is looked at again. Pure.

export const pauses = {
  /** A key was made, or written: the server is asked with it at once. */
  keysMs: 50,
  /** Objects were made or changed: as soon as they are there. */
  nextMs: 100,
  /** Somebody may change it back as quickly. */
  driftMs: 250,
  /** A snapshot, or a step of an upgrade, is under way. */
  changeMs: 2000,
  refusedMs: 5000,
  /** The object comes back by its own watch. */
  finalizerMs: 15_000,
  /** Watches wake it, and this for what none of them sees. */
  waitMs: 15_000,
} as const

/** Not ready: the longer, the more seldom. */
export const notReadyAgainMs = (waitedMs: number): number => Math.min(30_000, Math.max(2000, waitedMs / 5))

/** Spreads the polls of many instances over time; the same for one instance each time. */
export function withJitter(pollMs: number, uid: string): number {
  const spread = Number.parseInt(uid.replaceAll(/[^0-9a-f]/g, '').slice(0, 6), 16) / 0xffffff
  return Math.round(pollMs * (0.9 + 0.2 * (Number.isNaN(spread) ? 0.5 : spread)))
}
