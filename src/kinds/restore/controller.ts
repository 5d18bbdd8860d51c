// Maps changed objects to the MeiliRestores to reconcile: the restore itself, those behind it, its instance, snapshots, Jobs and claims.
import { hasRestoreEnded, meiliRestores, restoreUidLabel } from '../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../api/restore.ts'
import type { MeiliInstance } from '../../api/instance.ts'
import { scheduleLabel } from '../../api/schedule.ts'
import { isFinished } from '../../api/snapshot.ts'
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'
import type { KubeObject } from '../../kube/resource.ts'
import type { KindReconciler } from '../../reconcile/kind.ts'
import { instanceLabel } from '../../reconcile/names/objects.ts'
import { applyFact } from './apply-fact.ts'
import { decideRestore } from './decide.ts'
import type { RestoreObservation } from './observation.ts'
import type { restoreIndexes } from './observe/kept.ts'
import { targetKeyOf } from './observe/line.ts'
import { observeRestore } from './observe/observe.ts'
import type { RestoreWorld } from './observe/observe.ts'
import { restoreEvents } from './status/events.ts'
import { recordRefusedRead } from './status/refused-read.ts'

export function restoreKind(world: RestoreWorld): KindReconciler<MeiliRestore, RestoreObservation, MeiliRestoreStatus> {
  return {
    resource: meiliRestores,
    observe: (restore) => observeRestore(world, restore),
    decide: decideRestore,
    recordRefusedRead,
    applyFact,
    events: restoreEvents,
  }
}

/** The restores that an index of the cache names. */
export type FindRestores = (index: keyof typeof restoreIndexes, value: string) => Iterable<MeiliRestore>

const keyOf = ({ metadata }: MeiliRestore): string => `${metadata.namespace}/${metadata.name}`
/** One that has ended may still be rolled back, or keep a claim. */
const isAwake = (restore: MeiliRestore): boolean => !hasRestoreEnded(restore) || restore.status?.oldData !== undefined
const keysOf = (restores: Iterable<MeiliRestore>): string[] => [...restores].filter(isAwake).map(keyOf)

/** Itself, and those of the same target: whoever ends lets the next one go on. */
export function restoreAndQueue(find: FindRestores): (changed: MeiliRestore) => string[] {
  return (changed) => {
    const target = targetKeyOf(changed)
    const hasLeft = hasRestoreEnded(changed) || changed.metadata.deletionTimestamp !== undefined
    return [keyOf(changed), ...(target === undefined || !hasLeft ? [] : keysOf(find('target', target)))]
  }
}

export function restoresOfInstance(find: FindRestores): (instance: MeiliInstance) => string[] {
  return ({ metadata }) => keysOf(find('instance', `${metadata.namespace}/${metadata.name}`))
}

/** The source of one, what one takes first, a newer one of a schedule; and the end of any of its instance, which was in the way, or lets old data go. */
export function restoresOfSnapshot(find: FindRestores): (snapshot: KnownSnapshot) => string[] {
  return (snapshot) => {
    const { namespace, name, labels } = snapshot.metadata
    const schedule = labels?.[scheduleLabel]
    return keysOf([
      ...find('snapshot', `${namespace}/${name}`),
      ...(schedule === undefined ? [] : find('schedule', `${namespace}/${schedule}`)),
      ...(isFinished(snapshot) ? find('instance', `${namespace}/${snapshot.spec.source.instanceRef.name}`) : []),
    ])
  }
}

/** The restore whose UID a Job or a pod carries. */
export function restoreAtWork(find: FindRestores): (child: KubeObject) => string[] {
  return ({ metadata }) =>
    [...find('uid', metadata.labels?.[restoreUidLabel] ?? '')]
      .filter((restore) => restore.metadata.namespace === metadata.namespace)
      .map(keyOf)
}

/** Those of the managed instance to which a claim, a StatefulSet or a pod belongs. */
export function restoresOfChild(find: FindRestores): (child: KubeObject) => string[] {
  return ({ metadata }) =>
    keysOf(find('child', `${metadata.namespace ?? ''}/${metadata.labels?.[instanceLabel] ?? ''}`))
}
