// Who waits for a slot, and whose mover was begun, as status says it.
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { isWhole } from '../../../../api/status/settled-snapshot.ts'
import type { KnownSnapshot } from '../../../../api/status/settled-snapshot.ts'
import { ageMs, keyOf } from './holders.ts'
import type { Change } from './holders.ts'
import { standingOf } from './standing.ts'
import type { Pool } from './standing.ts'
import { Waiting } from './waiting.ts'

/** Whoever failed to look at the world when its turn came lets others go first for so long. */
const failedForMs = 60_000

export class Line {
  readonly #nowMs: () => number
  readonly #waiting = { movers: new Waiting(), deletions: new Waiting() }
  readonly #begun = { movers: new Map<string, MeiliSnapshot>(), deletions: new Map<string, MeiliSnapshot>() }
  readonly #failedAtMs = new Map<string, number>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** True where somebody has left the line, or is done: the next one may have its turn. */
  snapshotChanged(change: Change<KnownSnapshot>): boolean {
    const of = change.current ?? change.previous
    const key = of === undefined ? '' : keyOf(of)
    // Of one with which nothing is left to do, little is kept.
    const current = change.current !== undefined && isWhole(change.current) ? change.current : undefined
    const standing = current === undefined ? undefined : standingOf(current)
    const left = this.#leave(key)
    if (current === undefined || standing === undefined) return left !== undefined
    const all = standing.is === 'waiting' ? this.#waiting : this.#begun
    all[standing.pool].set(key, current)
    return left !== undefined && left !== all[standing.pool]
  }

  waiting(pool: Pool): Waiting {
    return this.#waiting[pool]
  }

  listBegun(pool: Pool): ReadonlyMap<string, MeiliSnapshot> {
    return this.#begun[pool]
  }

  /** It could not look at the world; whatever the cause, it may last. */
  markFailed(key: string): void {
    if (this.#waiting.movers.has(key) || this.#waiting.deletions.has(key)) this.#failedAtMs.set(key, this.#nowMs())
  }

  hasFailed(key: string): boolean {
    const atMs = this.#failedAtMs.get(key)
    if (atMs !== undefined && ageMs(atMs, this.#nowMs()) > failedForMs) this.#failedAtMs.delete(key)
    return this.#failedAtMs.has(key)
  }

  /** Gives where it was. */
  #leave(key: string): Waiting | Map<string, MeiliSnapshot> | undefined {
    const all = [this.#waiting.movers, this.#waiting.deletions, this.#begun.movers, this.#begun.deletions]
    return all.find((where) => where.delete(key))
  }
}
