// What is left of a mover's Job and pod in a cache.
import { expect, test } from 'vitest'
import { jobsLeft, keepJob, keepPod } from '../../../../../src/kinds/snapshot/observe/kept.ts'
import type { KeptJob, KeptPod } from '../../../../../src/kinds/snapshot/observe/kept.ts'
import { aPod } from '../../../../support/builders/observations.ts'

const metadata = {
  name: 'nightly',
  namespace: 'shop',
  uid: 'u1',
  resourceVersion: '7',
  labels: { 'meili-operator.dev/snapshot-uid': 's1' },
  ownerReferences: [{ apiVersion: 'v1', kind: 'MeiliSnapshot', name: 'nightly', uid: 's1' }],
}

test('of a Job: who it is, whose it is, whether it has ended, and whether it goes by itself', () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...metadata, annotations: { 'meili-operator.dev/indexes': '3' }, deletionTimestamp: 'then' },
    spec: { ttlSecondsAfterFinished: 3600, template: { spec: { containers: [] } } },
    status: {
      failed: 1,
      conditions: [
        { type: 'FailureTarget', status: 'True' },
        { type: 'Failed', status: 'True', message: 'long' },
      ],
    },
  }
  expect(keepJob(job as unknown as KeptJob)).toEqual({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...metadata, deletionTimestamp: 'then' },
    spec: { ttlSecondsAfterFinished: 3600 },
    status: { conditions: [{ type: 'Failed', status: 'True' }] },
  })
})

test('of a pod: where it runs, how far it is, and how its mover ended, without what it said', () => {
  const pod = aPod({
    metadata,
    spec: { nodeName: 'node-a', containers: [{ name: 'mover', env: [{ name: 'MOVER_CONFIG', value: '{}' }] }] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [
        { type: 'PodScheduled', status: 'True', message: 'x' },
        { type: 'Ready', status: 'True' },
      ],
      containerStatuses: [
        { name: 'sidecar', state: { running: { startedAt: 'then' } } },
        { name: 'mover', state: { terminated: { exitCode: 3, reason: 'Error', message: 'a long word' } } },
      ],
    },
  })
  const kept = keepPod(pod as unknown as KeptPod)
  expect(kept.spec).toEqual({ nodeName: 'node-a' })
  expect(kept.status).toEqual({
    phase: 'Running',
    conditions: [{ type: 'PodScheduled', status: 'True' }],
    containerStatuses: [{ name: 'mover', state: { terminated: { exitCode: 3 } } }],
  })
  expect(JSON.stringify(kept)).not.toMatch(/MOVER_CONFIG|a long word|podIP/)
})

test('of one that has no status yet: no more than that', () => {
  const pod = { metadata: { name: 'nightly-x', namespace: 'shop' } }
  expect(keepPod(pod)).toEqual({ ...pod, spec: {}, status: { conditions: [], containerStatuses: [] } })
  expect(keepJob(pod)).toEqual({ ...pod, spec: {}, status: { conditions: [] } })
})

test('of what a finished snapshot has left: whether it is over, whether it goes by itself, and none that is going or lies elsewhere', () => {
  const job = (uid: string, parts: object = {}): KeptJob => ({ metadata: { ...metadata, name: uid, uid }, ...parts })
  const over = { status: { conditions: [{ type: 'Failed', status: 'True' }] } }
  const found = [
    job('new', { spec: { ttlSecondsAfterFinished: 3600 } }),
    job('over', over),
    job('pod-ended'),
    job('sidecar'),
    job('going', { metadata: { ...metadata, deletionTimestamp: 'then' } }),
    job('of-a-stranger', { metadata: { ...metadata, namespace: 'elsewhere' } }),
  ]
  const pod = (phase: string): KeptPod => ({ metadata: { name: 'x' }, status: { phase } })
  const pods: Record<string, KeptPod[]> = { 'pod-ended': [pod('Failed'), pod('Succeeded')], sidecar: [pod('Running')] }
  const left = jobsLeft({ jobsOf: () => found, podsOf: (uid) => pods[uid] ?? [] }, { namespace: 'shop', uid: 's1' })
  expect(left).toEqual([
    { name: 'new', uid: 'new', isOver: false, removesItself: true, createdAt: '' },
    { name: 'over', uid: 'over', isOver: true, removesItself: false, createdAt: '' },
    { name: 'pod-ended', uid: 'pod-ended', isOver: true, removesItself: false, createdAt: '' },
    { name: 'sidecar', uid: 'sidecar', isOver: false, removesItself: false, createdAt: '' },
  ])
})
