// Maps changed objects to the MeiliInstances to reconcile: the instance itself, its neighbours (two may claim one pod), its snapshots and children.
// Everything else is polled.
import { meiliInstances } from '../../api/instance.ts'
import type { MeiliInstance, MeiliInstanceStatus } from '../../api/instance.ts'
import type { MeiliRestore } from '../../api/restore.ts'
import { isFinished } from '../../api/snapshot.ts'
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { baseName, instanceLabel, isChildOf } from '../../reconcile/names/objects.ts'
import type { KindReconciler } from '../../reconcile/kind.ts'
import { decideInstance, applyRefusal } from './decide.ts'
import type { InstanceObservation } from './observation.ts'
import { observeInstance } from './observe/observe.ts'
import type { InstanceWorld } from './observe/observe.ts'
import { instanceEvents } from './events.ts'
import { recordRefusedRead } from './status/refused-read.ts'

export function instanceKind(
  world: InstanceWorld,
): KindReconciler<MeiliInstance, InstanceObservation, MeiliInstanceStatus> {
  return {
    resource: meiliInstances,
    observe: (instance) => observeInstance(world, instance),
    decide: decideInstance,
    recordRefusedRead,
    applyFact: applyRefusal,
    events: instanceEvents,
  }
}

/** Under what the cache finds instances: the pod that they stand for, and what their children carry in a label. */
export const instanceIndexes = {
  pod: ({ metadata, status }: MeiliInstance): string[] =>
    status?.pod === undefined ? [] : [`${metadata.namespace}/${status.pod.uid}`],
  child: (instance: MeiliInstance): string[] =>
    instance.spec.managed === undefined ? [] : [`${instance.metadata.namespace}/${baseName(instance)}`],
}

/** Keys of the instances that a changed instance concerns. */
export function instancesBeside({
  instancesOfPod,
}: Pick<InstanceWorld, 'instancesOfPod'>): (changed: MeiliInstance) => string[] {
  return ({ metadata: { namespace, name }, status }) => {
    const samePod = status?.pod === undefined ? [] : [...instancesOfPod(namespace, status.pod.uid)]
    const beside = samePod.filter(({ metadata }) => metadata.name !== name)
    return [`${namespace}/${name}`, ...beside.map(({ metadata }) => `${namespace}/${metadata.name}`)]
  }
}

/** The instance that a child carries in its labels. @param childrensInstances by namespace and label */
export function instancesMadeOf(
  childrensInstances: (namespace: string, label: string) => Iterable<MeiliInstance>,
): (child: KubeObject) => string[] {
  return ({ metadata }) =>
    [...childrensInstances(metadata.namespace ?? '', metadata.labels?.[instanceLabel] ?? '')]
      .filter((instance) => isChildOf(instance, metadata.labels))
      .map((instance) => `${instance.metadata.namespace}/${instance.metadata.name}`)
}

/** Each phase of a restore changes what its server may do. */
export function instanceOfRestore({ metadata, spec }: MeiliRestore): string[] {
  const { inPlace } = spec.target
  return inPlace === undefined ? [] : [`${metadata.namespace}/${inPlace.instanceRef.name}`]
}

/** The end of a snapshot changes what its instance shows, and what it may do. */
export function instanceOf(snapshot: KnownSnapshot): string[] {
  return isFinished(snapshot) ? [`${snapshot.metadata.namespace}/${snapshot.spec.source.instanceRef.name}`] : []
}
