// What the bench of the operator's memory lays into a cluster is taken by a real API server, and is what an operator leaves behind.
import { beforeAll, describe, expect, test } from 'vitest'
import { failedOneOf, makeFinished } from '../../../bench/objects/finished-snapshots.ts'
import { finishedStatus } from '../../../bench/objects/finished-snapshot.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { isWhole } from '../../../src/api/status/settled-snapshot.ts'
import { keepSnapshot } from '../../../src/kinds/snapshot/after/settled.ts'
import { snapshotUidLabel } from '../../../src/kinds/snapshot/job/template.ts'
import { jobs, pods } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { moverSelector } from '../../../src/reconcile/names/objects.ts'
import { apiServer, namespaceOn } from '../../support/kubernetes/api-server.ts'

const api = apiServer()
const namespace = namespaceOn(api)
const count = 2 * failedOneOf + 1

beforeAll(async () => {
  const model = {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: { namespace, name: 'model' },
    spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } },
  }
  const created = await api.kube.create<KubeObject>(meiliSnapshots, model)
  const status = finishedStatus('model')
  await api.kube.updateStatus(meiliSnapshots, { ...created, status } as KubeObject)
  await makeFinished(api.kube, { namespace, name: 'model' }, count)
}, 60_000)

describe('finished snapshots', () => {
  test('are settled for an operator, one in twenty as failed', async () => {
    const all = await api.kube.listAll<MeiliSnapshot & KubeObject>(meiliSnapshots, { namespace })
    expect(all.map(keepSnapshot).filter(isWhole)).toEqual([])
    expect(all.filter(({ status }) => status?.phase === 'Failed')).toHaveLength(2)
    expect(all.filter(({ status }) => status?.phase === 'Completed')).toHaveLength(count - 2)
  })

  test('of which those that failed have a Job and a failed pod, found by the labels of movers', async () => {
    const scope = { namespace, labelSelector: moverSelector }
    const failed = (await api.kube.listAll<MeiliSnapshot & KubeObject>(meiliSnapshots, { namespace })).filter(
      ({ status }) => status?.phase === 'Failed',
    )
    const [left, ran] = [await api.kube.listAll(jobs, scope), await api.kube.listAll(pods, scope)]
    for (const found of [left, ran])
      expect(new Set(found.map(({ metadata }) => metadata.labels?.[snapshotUidLabel]))).toEqual(
        new Set(failed.map(({ metadata }) => metadata.uid)),
      )
    expect(new Set(left.map(({ metadata }) => metadata.name))).toEqual(
      new Set(failed.map(({ status }) => status?.move?.jobName)),
    )
    for (const pod of ran) expect(pod).toMatchObject({ status: { phase: 'Failed' } })
  })
})
