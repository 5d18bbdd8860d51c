// Derives the samples of /metrics from all objects. Reads what is on record in them and nothing else, so that a restart changes nothing. Pure.
import type { MeiliInstance } from '../api/instance.ts'
import { conditionTypes } from '../api/meta.ts'
import type { MeiliSnapshot } from '../api/snapshot.ts'
import { isTrue } from '../api/conditions.ts'
import { Destinations } from './destination-samples.ts'
import type { Sample } from './family.ts'
import { instanceKeyOf, keyOf, labelsOf } from './labels.ts'
import { gather, nothingGathered, gatherLastSuccess, secondsOf, snapshotSamples } from './snapshot-samples.ts'
import type { Gathered } from './snapshot-samples.ts'

export interface State {
  readonly samples: readonly Sample[]
  /** Every instance that is there, or that a snapshot names. */
  readonly instances: readonly string[]
}

export function stateOf(instances: readonly MeiliInstance[], snapshots: readonly MeiliSnapshot[]): State {
  const destinations = new Destinations()
  const all = new Map<string, Gathered>(
    instances.map(({ metadata }) => [keyOf(metadata.namespace, metadata.name), nothingGathered()]),
  )
  for (const snapshot of snapshots) {
    const key = instanceKeyOf(snapshot)
    const gathered = all.get(key) ?? nothingGathered()
    all.set(key, gathered)
    gather(gathered, snapshot)
    destinations.look(snapshot)
  }
  for (const { good } of all.values()) if (good !== undefined) destinations.expect(good)
  for (const { metadata, status } of instances) {
    const gathered = all.get(keyOf(metadata.namespace, metadata.name))
    if (gathered !== undefined) gatherLastSuccess(gathered, status?.lastSnapshot?.completedAt)
  }
  const ofSnapshots = [...all].flatMap(([key, gathered]) => snapshotSamples(labelsOf(key), gathered))
  return {
    samples: [...instances.flatMap(instanceSamples), ...ofSnapshots, ...destinations.samples()],
    instances: [...all.keys()],
  }
}

function instanceSamples({ metadata, status }: MeiliInstance): Sample[] {
  const labels = { namespace: metadata.namespace, instance: metadata.name }
  const figures: readonly (readonly [string, number | undefined])[] = [
    ['meili_instance_ready', isTrue(status?.conditions, conditionTypes.Ready) ? 1 : 0],
    ['meili_instance_created_timestamp_seconds', secondsOf(metadata.creationTimestamp)],
    ['meili_instance_database_bytes', status?.database?.sizeBytes],
  ]
  return figures.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels, value }]))
}
