// The text of a finished MeiliSnapshot, as the API server gives one that really ran: task, move, artifact, free space, conditions. And of what stored it.
import { meiliSnapshots } from '../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../src/api/snapshot.ts'
import { aJob, stored } from '../../test/support/builders/observations.ts'

const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 2, 3, minutes)).toISOString().replace('.000Z', 'Z')

/** @param name of the object, and of its Job and directory */
export function finishedStatus(name: string): MeiliSnapshotStatus {
  const sha256 = 'ab'.repeat(32)
  const message = `1.1 GiB, sha256 ${sha256}, on claim backups at search/${name}-0a1b2c3d.`
  const condition = (
    type: string,
    status: 'True' | 'False',
  ): NonNullable<MeiliSnapshotStatus['conditions']>[number] => ({
    type,
    status,
    reason: 'Completed',
    message,
    lastTransitionTime: at(20),
    observedGeneration: 1,
  })
  return {
    observedGeneration: 1,
    phase: 'Completed',
    conditions: [condition('Ready', 'True'), condition('Complete', 'True'), condition('Failed', 'False')],
    request: {
      attempt: 1,
      baseline: { uid: 41, enqueuedAt: at(1) },
      posts: 1,
      postedAt: at(5),
      taskUid: 42,
      adoptedAt: at(5),
    },
    task: {
      uid: 42,
      batchUid: 17,
      status: 'succeeded',
      enqueuedAt: at(5),
      startedAt: at(5),
      finishedAt: at(15),
      duration: 'PT600.123456S',
    },
    progress: { step: 'done', percent: 100, percentText: '100 %' },
    move: {
      attempt: 1,
      jobName: `${name}-0a1b2c3d-1-1`,
      node: 'node-a',
      begun: true,
      runAs: { user: 1000, group: 1000, fsGroup: 1000 },
      startedAt: at(15),
    },
    artifact: {
      claimName: 'backups',
      path: `search/${name}-0a1b2c3d`,
      fileName: 'data.ms.snapshot',
      sizeBytes: 1_181_116_006,
      size: '1.1 GiB',
      sha256,
      meilisearchVersion: '1.21.0',
      verification: 'Archive',
      indexes: 3,
      documents: 250_000,
    },
    destination: { freeBytes: 50_000_000_000, observedAt: at(20) },
    startedAt: at(5),
    completedAt: at(20),
    duration: '15m0s',
  }
}

export function finishedSnapshot(name: string, instance: string): string {
  return JSON.stringify({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: {
      name,
      namespace: 'shop',
      uid: `0a1b2c3d-1111-4222-8333-${name.padStart(12, '0')}`,
      resourceVersion: '123456789',
      generation: 1,
      creationTimestamp: at(0),
      labels: { 'app.kubernetes.io/part-of': 'backups' },
    },
    spec: meiliSnapshots.spec.parse({
      source: { instanceRef: { name: instance } },
      destination: { claim: { name: 'backups' } },
    }),
    status: finishedStatus(name),
  })
}

/** The Job that stored it, and the Job's pod, as Kubernetes leaves them. */
export function finishedMover(snapshot: MeiliSnapshot): { readonly job: string; readonly pod: string } {
  const { name } = snapshot.metadata
  const job = aJob(snapshot, {
    metadata: { name: `${name}-0a1b2c3d-1-1`, uid: `job-of-${name}` },
    status: {
      conditions: [
        { type: 'SuccessCriteriaMet', status: 'True', reason: 'CompletionsReached', lastTransitionTime: at(20) },
        { type: 'Complete', status: 'True', reason: 'CompletionsReached', lastTransitionTime: at(20) },
      ],
      startTime: at(15),
      completionTime: at(20),
      succeeded: 1,
    },
  })
  const { namespace, labels } = job.metadata ?? {}
  const pod = {
    metadata: {
      name: `${name}-0a1b2c3d-1-1-x`,
      namespace,
      labels,
      uid: `pod-of-${name}`,
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'Job', name: `${name}-0a1b2c3d-1-1`, uid: `job-of-${name}`, controller: true },
      ],
    },
    spec: Object.assign(job.spec?.template.spec ?? {}, { nodeName: 'node-a' }),
    status: {
      phase: 'Succeeded',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: at(20),
        reason: 'PodCompleted',
      })),
      containerStatuses: [
        {
          name: 'mover',
          image: 'example.test/meili-operator:1',
          imageID: `example.test/meili-operator@sha256:${'ab'.repeat(32)}`,
          state: { terminated: { exitCode: 0, reason: 'Completed', message: JSON.stringify(stored) } },
        },
      ],
    },
  }
  return { job: JSON.stringify(job), pod: JSON.stringify(pod) }
}
