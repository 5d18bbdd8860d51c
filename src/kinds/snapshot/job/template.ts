// The Job of a snapshot: whose it is, and how it is found. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { apiVersion } from '../../../api/group.ts'
import { meiliSnapshots } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { jobTemplate } from '../../../reconcile/job/template.ts'
import type { JobTask } from '../../../reconcile/job/template.ts'
import { moverLabels } from '../../../reconcile/names/objects.ts'

/** On the Job and its pods: whose mover it is. */
export const snapshotUidLabel = 'meili-operator.dev/snapshot-uid'

type SnapshotTask = Omit<JobTask, 'owner' | 'labels' | 'mover'> & { readonly snapshot: MeiliSnapshot }

export function snapshotJob({ snapshot, ...task }: SnapshotTask): V1Job {
  return jobTemplate({
    ...task,
    owner: { apiVersion, kind: meiliSnapshots.kind, metadata: snapshot.metadata },
    labels: { ...moverLabels, [snapshotUidLabel]: snapshot.metadata.uid },
    mover: snapshot.spec.mover,
  })
}
