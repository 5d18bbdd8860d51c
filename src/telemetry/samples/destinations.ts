// Says of destination claims what /metrics shows: the newest figure of a mover, and what the next snapshot will need. Pure.
import type { Sample } from '../families/family.ts'
import { keyOf, labelsOf } from './labels.ts'
import { secondsOf } from './snapshots.ts'
import type { KnownSnapshots } from './snapshots.ts'

/** @param instances by `namespace/name` */
export function destinationSamples(known: KnownSnapshots, instances: Iterable<string>): Sample[] {
  const samples: Sample[] = []
  const add = (name: string, key: string, value: number): void => {
    const { namespace, instance: claim } = labelsOf(key)
    samples.push({ name, labels: { namespace, claim }, value })
  }
  for (const claim of known.claims()) {
    const { destination } = known.lastOnClaim(claim)?.status ?? {}
    const observedAt = secondsOf(destination?.observedAt)
    if (destination === undefined || observedAt === undefined) continue
    add('meili_destination_free_bytes', claim, destination.freeBytes)
    add('meili_destination_observed_timestamp_seconds', claim, observedAt)
  }
  for (const [claim, bytes] of needsOf(known, instances)) add('meili_destination_next_snapshot_bytes', claim, bytes)
  return samples
}

/** The newest good snapshot of each instance: the next one goes where that went. */
function needsOf(known: KnownSnapshots, instances: Iterable<string>): ReadonlyMap<string, number> {
  const needs = new Map<string, number>()
  for (const instance of instances) {
    const last = known.lastCompleted(instance)
    if (last?.status?.artifact === undefined) continue
    const { claimName, sizeBytes } = last.status.artifact
    const claim = keyOf(last.metadata.namespace, claimName)
    needs.set(claim, Math.max(sizeBytes, needs.get(claim) ?? 0))
  }
  return needs
}
