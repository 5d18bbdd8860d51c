// Maps changed objects to the MeiliInstances to reconcile: the instance itself, its neighbours (two may claim one pod), its snapshots and children.
// Everything else is polled.
import { meiliInstances } from '../../api/instance.ts'
import type { MeiliInstance, MeiliInstanceStatus } from '../../api/instance.ts'
import { isFinished } from '../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../api/snapshot.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { isChildOf } from '../../reconcile/names.ts'
import type { KindReconciler } from '../../reconcile/reconciler.ts'
import { decideInstance, applyRefusal } from './decide.ts'
import type { InstanceObservation } from './observation.ts'
import { observeInstance } from './observe/observe.ts'
import type { InstanceWorld } from './observe/observe.ts'
import { instanceEvents } from './events.ts'

export function instanceKind(
  world: InstanceWorld,
): KindReconciler<MeiliInstance, InstanceObservation, MeiliInstanceStatus> {
  return {
    resource: meiliInstances,
    observe: (instance) => observeInstance(world, instance),
    decide: decideInstance,
    applyFact: applyRefusal,
    events: instanceEvents,
  }
}

/** Keys of the instances that a changed instance concerns. */
export function instancesBeside({ instances }: Pick<InstanceWorld, 'instances'>): (changed: MeiliInstance) => string[] {
  return (changed) => {
    const { namespace, name } = changed.metadata
    const beside = instances(namespace).filter(
      ({ metadata, status }) =>
        metadata.name !== name && status?.pod !== undefined && status.pod.uid === changed.status?.pod?.uid,
    )
    return [`${namespace}/${name}`, ...beside.map(({ metadata }) => `${namespace}/${metadata.name}`)]
  }
}

/** The instance that a child carries in its labels. */
export function instancesMadeOf({ instances }: Pick<InstanceWorld, 'instances'>): (child: KubeObject) => string[] {
  return ({ metadata }) =>
    instances(metadata.namespace ?? '')
      .filter((instance) => instance.spec.managed !== undefined && isChildOf(instance, metadata.labels))
      .map((instance) => `${instance.metadata.namespace}/${instance.metadata.name}`)
}

/** The end of a snapshot changes what its instance shows, and what it may do. */
export function instanceOf(snapshot: MeiliSnapshot): string[] {
  return isFinished(snapshot) ? [`${snapshot.metadata.namespace}/${snapshot.spec.source.instanceRef.name}`] : []
}
