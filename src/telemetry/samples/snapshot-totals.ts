// Counts how many snapshots have ended, and how, and how many went without their files, from what a cache shows: an object counts once it is seen so,
// whoever ended it and when. A later deletion takes nothing away. Keeps numbers, no objects.
import { conditionTypes } from '../../api/meta.ts'
import { hasSucceeded, isFinished, snapshotReasons } from '../../api/snapshot.ts'
import { isWhole } from '../../api/status/settled-snapshot.ts'
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import type { Sample } from '../families/family.ts'
import { instanceKeyOf, labelsOf } from './labels.ts'
import { failureReasons, usualFailures } from '../families/state.ts'

/** What a cache announces: an object before and after a change. */
interface Change {
  readonly previous: KnownSnapshot | undefined
  readonly current: KnownSnapshot | undefined
}

const { Completed } = snapshotReasons
/** Whoever makes snapshots of instances with ever new names, where nobody reads the metrics, grows nothing beyond this. */
const mostInstances = 10_000
const known = new Set([Completed, ...failureReasons])
const usual = [Completed, ...usualFailures]

export class SnapshotTotals {
  /** Instance → reason → how many. */
  readonly #counts = new Map<string, Map<string, number>>()

  /** Instance → how many deletions of stored files were given up. */
  readonly #abandoned = new Map<string, number>()

  /** To be called for every change of the cache, from its first list on. */
  count({ previous, current }: Change): void {
    if (current === undefined) return
    const before = previous?.metadata.uid === current.metadata.uid ? previous : undefined
    const key = instanceKeyOf(current)
    if (isAbandoned(current) && !isAbandoned(before)) this.#countAbandoned(key)
    if (!isFinished(current) || (before !== undefined && isFinished(before))) return
    const counts = this.#of(key)
    const reason = reasonOf(current)
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }

  /** The usual ends are at 0 from the start, for `increase()`; each other one is there once it has occurred. An instance that is not named any more is forgotten. */
  samples(instances: Iterable<string>): Sample[] {
    const there = new Set(instances)
    for (const key of this.#counts.keys()) if (!there.has(key)) this.#counts.delete(key)
    return [...there].flatMap((key) => {
      const labels = labelsOf(key)
      const counts = this.#counts.get(key)
      return [...new Set([...usual, ...(counts?.keys() ?? [])])].map((reason) => ({
        name: 'meili_snapshot_total',
        labels: { ...labels, result: reason === Completed ? 'success' : 'failure', reason },
        value: counts?.get(reason) ?? 0,
      }))
    })
  }

  /** At 0 for each instance that is named, for `increase()`. What was given up is told of an instance that is gone, too: often they go together. */
  abandonedSamples(instances: Iterable<string>): Sample[] {
    return [...new Set([...instances, ...this.#abandoned.keys()])].map((key) => ({
      name: 'meili_artifact_abandoned_total',
      labels: labelsOf(key),
      value: this.#abandoned.get(key) ?? 0,
    }))
  }

  #countAbandoned(key: string): void {
    this.#abandoned.set(key, (this.#abandoned.get(key) ?? 0) + 1)
    forgetOldest(this.#abandoned)
  }

  #of(key: string): Map<string, number> {
    const counts = this.#counts.get(key) ?? new Map<string, number>()
    this.#counts.set(key, counts)
    forgetOldest(this.#counts)
    return counts
  }
}

function forgetOldest(counts: Map<string, unknown>): void {
  const [oldest] = counts.keys()
  if (counts.size > mostInstances && oldest !== undefined) counts.delete(oldest)
}

function isAbandoned(snapshot: KnownSnapshot | undefined): boolean {
  return snapshot !== undefined && isWhole(snapshot) && snapshot.status?.deleteArtifact?.abandoned !== undefined
}

function reasonOf({ status }: KnownSnapshot): string {
  if (hasSucceeded({ status })) return Completed
  const reason = conditionNamed(status?.conditions, conditionTypes.Ready)?.reason ?? ''
  return known.has(reason) && reason !== Completed ? reason : 'Other'
}
