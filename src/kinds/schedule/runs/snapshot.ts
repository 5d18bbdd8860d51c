// The MeiliSnapshot that a schedule makes for a slot, or when it is asked for one. Pure.
// It has no ownerReference: whoever deletes a schedule, or makes it anew, keeps its snapshots.
import { scheduleLabel, scheduleUidLabel } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { meiliSnapshots } from '../../../api/snapshot.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { scheduleLabelValue } from '../../../reconcile/schedule-names.ts'

export function createRun({ metadata, spec: { template } }: MeiliSnapshotSchedule, name: string): Effect {
  const { labels, annotations } = template.metadata ?? {}
  const schedule = scheduleLabelValue(metadata.name)
  return {
    kind: 'CreateSnapshot',
    schedule,
    snapshot: {
      apiVersion: `${meiliSnapshots.group}/${meiliSnapshots.version}`,
      kind: meiliSnapshots.kind,
      metadata: {
        name,
        namespace: metadata.namespace,
        labels: {
          'app.kubernetes.io/managed-by': 'meili-operator',
          ...labels,
          [scheduleLabel]: schedule,
          [scheduleUidLabel]: metadata.uid,
        },
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec: template.spec,
    },
  }
}
