// Reads what a drill takes of the server whose snapshot it starts: its image, and as whom its files are stored. Judges nothing.
import type { V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../api/instance.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { meiliSnapshots } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { pods } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import type { DrilledSeen } from '../observation.ts'

interface World {
  readonly kube: KubeClient
  readonly instance: (key: string) => MeiliInstance | undefined
}

/** Undefined where none is to be started, or no object says which server it is. */
export async function lookAtDrilled(
  world: World,
  { metadata, spec, status }: MeiliRestore,
): Promise<DrilledSeen | undefined> {
  const { snapshot: named } = status?.resolved ?? {}
  if (spec.target.scratch === undefined || named === undefined) return undefined
  const { namespace } = metadata
  const snapshot = await world.kube.find<MeiliSnapshot & KubeObject>(meiliSnapshots, { namespace, name: named.name })
  if (snapshot?.metadata.uid !== named.uid) return undefined
  const instance = world.instance(`${namespace}/${snapshot.spec.source.instanceRef.name}`)
  return { instance, pod: await podOf(world.kube, instance), runAs: snapshot.status?.move?.runAs }
}

async function podOf(kube: KubeClient, instance: MeiliInstance | undefined): Promise<V1Pod | undefined> {
  const { pod } = instance?.status ?? {}
  if (instance === undefined || pod === undefined) return undefined
  return await kube.find<V1Pod & KubeObject>(pods, { namespace: instance.metadata.namespace, name: pod.name })
}
