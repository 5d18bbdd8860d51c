// The MeiliSnapshot that a schedule makes for a slot, or when it is asked for one. Pure.
// It has no ownerReference: whoever deletes a schedule, or makes it anew, keeps its snapshots.
import { scheduleLabel, scheduleUidLabel } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { meiliSnapshots } from '../../../api/snapshot.ts'
import type { Effect, NewSnapshot } from '../../../reconcile/decision.ts'
import { scheduleLabelValue } from '../../../reconcile/names/schedule.ts'

/** The performer leaves one of that name alone which is of another schedule. */
export function createRun(schedule: MeiliSnapshotSchedule, name: string): Effect {
  return {
    kind: 'CreateSnapshot',
    schedule: scheduleLabelValue(schedule.metadata.name),
    snapshot: runObject(schedule, name),
  }
}

export function runObject({ metadata, spec: { template } }: MeiliSnapshotSchedule, name: string): NewSnapshot {
  const { labels, annotations } = template.metadata ?? {}
  return {
    apiVersion: `${meiliSnapshots.group}/${meiliSnapshots.version}`,
    kind: meiliSnapshots.kind,
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: {
        'app.kubernetes.io/managed-by': 'meili-operator',
        ...labels,
        [scheduleLabel]: scheduleLabelValue(metadata.name),
        [scheduleUidLabel]: metadata.uid,
      },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: template.spec,
  }
}
