// Those that wait for a slot of one pool: by namespace, the oldest first. There may be thousands, and each free slot asks who is next: no call looks at all of them, but `all`.
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { ageOf } from './standing.ts'

export class Waiting {
  readonly #byKey = new Map<string, MeiliSnapshot>()
  /** None is empty. */
  readonly #rows = new Map<string, MeiliSnapshot[]>()

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  set(key: string, snapshot: MeiliSnapshot): void {
    this.delete(key)
    this.#byKey.set(key, snapshot)
    const { namespace } = snapshot.metadata
    const row = this.#rows.get(namespace) ?? []
    row.splice(olderThan(row, snapshot), 0, snapshot)
    this.#rows.set(namespace, row)
  }

  delete(key: string): boolean {
    const snapshot = this.#byKey.get(key)
    if (snapshot === undefined) return false
    this.#byKey.delete(key)
    const { namespace } = snapshot.metadata
    const row = this.#rows.get(namespace) ?? []
    row.splice(olderThan(row, snapshot), 1)
    if (row.length === 0) this.#rows.delete(namespace)
    return true
  }

  all(): readonly MeiliSnapshot[] {
    return [...this.#byKey.values()]
  }

  /** Not copied: to be read at once. */
  rows(): ReadonlyMap<string, readonly MeiliSnapshot[]> {
    return this.#rows
  }

  /** How many of its namespace are older. */
  aheadOf(snapshot: MeiliSnapshot): number {
    return olderThan(this.#rows.get(snapshot.metadata.namespace) ?? [], snapshot)
  }
}

/** How many of a row are older, which is where it stands or would stand: no two have the same age. */
function olderThan(row: readonly MeiliSnapshot[], snapshot: MeiliSnapshot): number {
  const age = ageOf(snapshot)
  let [least, most] = [0, row.length]
  while (least < most) {
    const middle = (least + most) >> 1
    const other = row[middle]
    if (other !== undefined && ageOf(other) < age) least = middle + 1
    else most = middle
  }
  return least
}
