// Finished MeiliSnapshots by the thousand, as a real cluster has them: each with the spec and the status of one that really ran.
// One in twenty has failed within the hour: its Job and pod are still there. Those of the others went when they completed.
import { meiliSnapshots } from '../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../src/api/snapshot.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { jobs, pods } from '../../src/kube/resource.ts'
import type { KubeObject, Ref } from '../../src/kube/resource.ts'
import { finishedMover } from './finished-snapshot.ts'

type Snapshot = MeiliSnapshot & KubeObject
type Workload = KubeObject & { readonly spec: object; readonly status: object }

const abreast = 16
/** Of how many one has failed. */
export const failedOneOf = 20

/** Copies `model` until there are `count` of its kind in its namespace. No operator may run meanwhile: it would begin with them before they say that they are finished. */
export async function makeFinished(kube: KubeClient, model: Ref, count: number): Promise<void> {
  const { spec, status } = await kube.get<Snapshot>(meiliSnapshots, model)
  if (status === undefined) throw new Error(`MeiliSnapshot ${model.name} has not run`)
  const scope = model.namespace === undefined ? {} : { namespace: model.namespace }
  let next = (await kube.listAll<Snapshot>(meiliSnapshots, scope)).length
  const one = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      const created = await kube.create<Snapshot>(meiliSnapshots, {
        apiVersion: 'meili-operator.dev/v1alpha1',
        kind: 'MeiliSnapshot',
        metadata: { name: `finished-${String(index).padStart(5, '0')}`, ...scope },
        spec,
      } as Snapshot)
      const failed = index % failedOneOf === 0
      const ended = failed ? failedStatus(created, status) : status
      await kube.updateStatus<Snapshot>(meiliSnapshots, { ...created, status: ended })
      if (failed) await makeMover(kube, created, ended.move?.jobName ?? '')
    }
  }
  await Promise.all(Array.from({ length: abreast }, one))
}

function failedStatus({ metadata }: Snapshot, status: MeiliSnapshotStatus): MeiliSnapshotStatus {
  const { artifact: _, progress: _progress, ...rest } = status
  const jobName = `${metadata.name}-${metadata.uid.slice(0, 8)}-1-3`
  return {
    ...rest,
    phase: 'Failed',
    ...(status.move === undefined ? {} : { move: { ...status.move, attempt: 3, failures: 3, jobName } }),
    conditions: (status.conditions ?? []).map((condition) => ({
      ...condition,
      status: condition.type === 'Failed' ? 'True' : 'False',
      reason: 'MoverFailed',
    })),
  }
}

/** The Job is nobody's to run and its pod nobody's to schedule, so that no controller changes them meanwhile; the pod says that it has failed. */
async function makeMover(kube: KubeClient, snapshot: Snapshot, name: string): Promise<void> {
  const { namespace, uid } = snapshot.metadata
  const { job, pod } = finishedMover(snapshot)
  const { metadata, spec } = JSON.parse(job) as Workload
  const owner = { apiVersion: snapshot.apiVersion, kind: snapshot.kind, name: snapshot.metadata.name, uid }
  const { labels } = metadata
  const made = await kube.create<Workload>(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels, ownerReferences: [{ ...owner, controller: true }] },
    spec: { ...spec, managedBy: 'meili-operator.dev/nobody', ttlSecondsAfterFinished: 3600 },
  } as unknown as Workload)
  const ran = JSON.parse(pod) as Workload
  const { nodeName: _, ...podSpec } = ran.spec as { nodeName?: string }
  const jobOwner = { apiVersion: 'batch/v1', kind: 'Job', name, uid: made.metadata.uid, controller: true }
  const waiting = await kube.create<Workload>(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-x`, namespace, labels, ownerReferences: [jobOwner] },
    spec: { ...podSpec, schedulerName: 'nobody' },
  } as unknown as Workload)
  await kube.updateStatus<Workload>(pods, { ...waiting, status: { ...ran.status, phase: 'Failed' } })
}
