// Knows the newest object of each group of a store without a look at the others. Only when that one has gone, the group is looked through again, once.
import type { ApiObject } from '../edges.ts'
import type { Change } from './reflector.ts'
import { keyOf } from './store.ts'
import type { Index } from './store.ts'

export interface NewestParts<T> {
  /** An index of the store. */
  readonly groupsOf: Index<T>
  /** What the store has of a group; looked at after the store has changed. */
  readonly members: (group: string) => Iterable<T>
  /** Undefined, or NaN: it does not count. */
  readonly timeOf: (object: T) => number | undefined
}

export class Newest<T extends ApiObject> {
  readonly #parts: NewestParts<T>
  /** Of the groups that were asked about. Undefined: none of them counts. */
  readonly #known = new Map<string, T | undefined>()

  constructor(parts: NewestParts<T>) {
    this.#parts = parts
  }

  /** To be called for each change of the store. */
  change({ previous, current }: Change<T>): void {
    const { groupsOf } = this.#parts
    const now = current === undefined ? [] : groupsOf(current)
    for (const group of previous === undefined ? [] : groupsOf(previous)) {
      if (this.#known.get(group) === previous) this.#replace(group, previous, now.includes(group) ? current : undefined)
      if (isEmpty(this.#parts.members(group))) this.#known.delete(group)
    }
    for (const group of now) this.#consider(group, current)
  }

  /** Two of the same time: the one whose key comes last. */
  of(group: string): T | undefined {
    if (this.#known.has(group)) return this.#known.get(group)
    let newest: T | undefined
    for (const member of this.#parts.members(group)) if (this.#isNewer(member, newest)) newest = member
    if (!isEmpty(this.#parts.members(group))) this.#known.set(group, newest)
    return newest
  }

  /** As long as it is no older than what it takes the place of, it is the newest still. */
  #replace(group: string, previous: T | undefined, current: T | undefined): void {
    if (current !== undefined && !this.#isNewer(previous, current)) this.#known.set(group, current)
    else this.#known.delete(group)
  }

  #consider(group: string, current: T | undefined): void {
    if (this.#known.has(group) && this.#isNewer(current, this.#known.get(group))) this.#known.set(group, current)
  }

  #isNewer(one: T | undefined, other: T | undefined): boolean {
    const [time, than] = [this.#timeOf(one), this.#timeOf(other)]
    if (one === undefined || time === undefined) return false
    return than === undefined || other === undefined || time > than || (time === than && keyOf(one) > keyOf(other))
  }

  #timeOf(object: T | undefined): number | undefined {
    const time = object === undefined ? undefined : this.#parts.timeOf(object)
    return Number.isNaN(time) ? undefined : time
  }
}

function isEmpty(members: Iterable<unknown>): boolean {
  for (const _ of members) return false
  return true
}
