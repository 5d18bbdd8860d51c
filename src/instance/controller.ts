// What wakes a MeiliInstance: itself, its neighbours (two may claim one pod) and its snapshots. The rest is polled.
import { meiliInstances } from '../api/instance.ts'
import type { MeiliInstance, MeiliInstanceStatus } from '../api/instance.ts'
import type { MeiliSnapshot } from '../api/snapshot.ts'
import type { Room } from '../reconcile/reconciler.ts'
import { decideInstance, instanceStory } from './decide.ts'
import type { InstanceObservation } from './decide.ts'
import { observeInstance } from './observe.ts'
import type { InstanceWorld } from './observe.ts'

export function instanceRoom(world: InstanceWorld): Room<MeiliInstance, InstanceObservation, MeiliInstanceStatus> {
  return {
    resource: meiliInstances,
    observe: (instance) => observeInstance(world, instance),
    decide: decideInstance,
    learn: ({ status = {} }) => status,
    story: instanceStory,
  }
}

/** Keys of the instances that a changed instance concerns. */
export function instancesBeside({ instances }: Pick<InstanceWorld, 'instances'>): (changed: MeiliInstance) => string[] {
  return (changed) => {
    const { namespace, name } = changed.metadata
    const beside = instances(namespace).filter(({ metadata, status }) => metadata.name !== name && status?.pod !== undefined && status.pod.uid === changed.status?.pod?.uid)
    return [`${namespace}/${name}`, ...beside.map(({ metadata }) => `${namespace}/${metadata.name}`)]
  }
}

/** Only a completed snapshot changes what its instance shows. */
export function instanceOf({ metadata, spec, status }: MeiliSnapshot): string[] {
  return status?.phase === 'Completed' ? [`${metadata.namespace}/${spec.source.instanceRef.name}`] : []
}
