// Finished MeiliSnapshots by the thousand, each with the spec and the status of one that really ran.
import { meiliSnapshots } from '../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../src/api/snapshot.ts'
import type { KubeClient } from '../src/kube/client.ts'
import type { KubeObject, Ref } from '../src/kube/resource.ts'

type Snapshot = MeiliSnapshot & KubeObject

const abreast = 16

/** Copies `model` until there are `count` of its kind in its namespace. No operator may run meanwhile: it would begin with them before they say that they are finished. */
export async function makeFinished(kube: KubeClient, model: Ref, count: number): Promise<void> {
  const { spec, status } = await kube.get<Snapshot>(meiliSnapshots, model)
  const there = (
    await kube.listAll<Snapshot>(meiliSnapshots, model.namespace === undefined ? {} : { namespace: model.namespace })
  ).length
  let next = there
  const one = async (): Promise<void> => {
    while (next < count) {
      const name = `finished-${String(next++).padStart(5, '0')}`
      const metadata = { name, ...(model.namespace === undefined ? {} : { namespace: model.namespace }) }
      const created = await kube.create<Snapshot>(meiliSnapshots, {
        apiVersion: 'meili-operator.dev/v1alpha1',
        kind: 'MeiliSnapshot',
        metadata,
        spec,
      } as Snapshot)
      await kube.updateStatus<Snapshot>(meiliSnapshots, { ...created, ...(status === undefined ? {} : { status }) })
    }
  }
  await Promise.all(Array.from({ length: abreast }, one))
}
