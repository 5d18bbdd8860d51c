// Computes the metrics of destination claims from snapshots: the newest figure of a mover, and what the next snapshot will need. Pure.
import type { MeiliSnapshot } from '../api/snapshot.ts'
import type { Sample } from './family.ts'
import { keyOf } from './labels.ts'
import { secondsOf } from './snapshot-samples.ts'

interface Seen {
  readonly freeBytes: number
  readonly observedAt: number
}

export class Destinations {
  readonly #seen = new Map<string, Seen>()
  readonly #needed = new Map<string, number>()

  /** Every snapshot that there is. */
  look({ metadata, spec, status }: MeiliSnapshot): void {
    const observedAt = secondsOf(status?.destination?.observedAt)
    if (status?.destination === undefined || observedAt === undefined) return
    const key = keyOf(metadata.namespace, spec.destination.claim.name)
    if (observedAt >= (this.#seen.get(key)?.observedAt ?? -Infinity))
      this.#seen.set(key, { freeBytes: status.destination.freeBytes, observedAt })
  }

  /** The newest good snapshot of each instance: the next one goes where that went. */
  expect({ metadata, status }: MeiliSnapshot): void {
    if (status?.artifact === undefined) return
    const key = keyOf(metadata.namespace, status.artifact.claimName)
    this.#needed.set(key, Math.max(status.artifact.sizeBytes, this.#needed.get(key) ?? 0))
  }

  samples(): Sample[] {
    return [
      ...samplesOf(
        'meili_destination_free_bytes',
        [...this.#seen].map(([key, { freeBytes }]) => [key, freeBytes]),
      ),
      ...samplesOf(
        'meili_destination_observed_timestamp_seconds',
        [...this.#seen].map(([key, { observedAt }]) => [key, observedAt]),
      ),
      ...samplesOf('meili_destination_next_snapshot_bytes', [...this.#needed]),
    ]
  }
}

function samplesOf(name: string, figures: readonly (readonly [string, number])[]): Sample[] {
  return figures.map(([key, value]) => {
    const [namespace = '', claim = ''] = key.split('/')
    return { name, labels: { namespace, claim }, value }
  })
}
