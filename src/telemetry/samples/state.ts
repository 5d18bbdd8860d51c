// Derives the samples of /metrics from the objects. Reads what is on record in them and nothing else, so that a restart changes nothing. Pure.
import { instanceConditions, instanceReasons } from '../../api/instance.ts'
import type { MeiliInstance } from '../../api/instance.ts'
import { conditionTypes } from '../../api/meta.ts'
import { conditionNamed, isTrue } from '../../api/status/conditions.ts'
import { destinationSamples } from './destinations.ts'
import type { Sample } from '../families/family.ts'
import { keyOf } from './labels.ts'
import { secondsOf, snapshotSamples } from './snapshots.ts'
import type { KnownSnapshots } from './snapshots.ts'

export interface State {
  readonly samples: readonly Sample[]
  /** Every instance that is there, or that a snapshot names. */
  readonly instances: readonly string[]
}

/** Costs what the instances cost, however many snapshots there are. */
export function stateOf(instances: Iterable<MeiliInstance>, known: KnownSnapshots): State {
  const remembered = new Map<string, string | undefined>()
  for (const key of known.instances()) remembered.set(key, undefined)
  const samples: Sample[] = []
  for (const instance of instances) {
    samples.push(...instanceSamples(instance))
    remembered.set(
      keyOf(instance.metadata.namespace, instance.metadata.name),
      instance.status?.lastSnapshot?.completedAt,
    )
  }
  for (const [key, completedAt] of remembered) samples.push(...snapshotSamples(known, key, completedAt))
  samples.push(...destinationSamples(known, remembered.keys()))
  return { samples, instances: [...remembered.keys()] }
}

function instanceSamples({ metadata, spec, status }: MeiliInstance): Sample[] {
  const labels = { namespace: metadata.namespace, instance: metadata.name }
  const isShared = isTrue(status?.conditions, instanceConditions.ForeignService)
  const figures: readonly (readonly [string, number | undefined])[] = [
    ['meili_instance_ready', isTrue(status?.conditions, conditionTypes.Ready) ? 1 : 0],
    ['meili_instance_created_timestamp_seconds', secondsOf(metadata.creationTimestamp)],
    ['meili_instance_foreign_service', spec.managed === undefined ? undefined : Number(isShared)],
    ['meili_instance_bootstrap_failed', spec.managed?.bootstrap && Number(hasBootstrapFailed(status))],
    ['meili_instance_database_bytes', status?.database?.sizeBytes],
  ]
  return figures.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels, value }]))
}

const hasBootstrapFailed = (status: MeiliInstance['status']): boolean =>
  conditionNamed(status?.conditions, conditionTypes.Stalled)?.reason === instanceReasons.BootstrapFailed
