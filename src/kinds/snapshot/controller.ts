// Maps changed objects to the MeiliSnapshots to reconcile: the snapshot itself, its instance, its Job and mover pod, and those before it in the queue.
import type { MeiliInstance } from '../../api/instance.ts'
import { isFinished, meiliSnapshots } from '../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../api/snapshot.ts'
import type { KnownSnapshot } from '../../api/settled-snapshot.ts'
import type { KubeObject } from '../../kube/resource.ts'
import type { KindReconciler } from '../../reconcile/kind.ts'
import { decideSnapshot } from './decide.ts'
import { applyFact } from './apply-fact.ts'
import { snapshotUidLabel } from './job/template.ts'
import { admitInTurn } from './observe/admission.ts'
import { isQueued, letsOthersPass, lineOf } from './observe/line.ts'
import type { LineWorld } from './observe/line.ts'
import { observeSnapshot } from './observe/observe.ts'
import type { SnapshotWorld } from './observe/observe.ts'
import type { Snapshots } from './observe/others.ts'
import { Turns } from './observe/turns.ts'
import type { SnapshotObservation } from './observation.ts'
import { snapshotEvents } from './events.ts'
import { recordRefusedRead } from './status/refused-read.ts'

export function snapshotKind(
  world: SnapshotWorld,
): KindReconciler<MeiliSnapshot, SnapshotObservation, MeiliSnapshotStatus> {
  const turns = new Turns()
  return {
    resource: meiliSnapshots,
    observe: (snapshot) => observeSnapshot(world, snapshot, turns),
    decide: decideSnapshot,
    admit: admitInTurn({ world, turns }, decideSnapshot),
    recordRefusedRead,
    applyFact,
    events: snapshotEvents,
  }
}

const keyOf = ({ metadata }: KnownSnapshot): string => `${metadata.namespace}/${metadata.name}`

/** Itself, and once it has ended, or waits for something of its own, those that wait behind it: at its server, as others are in no line with it. */
export function snapshotAndQueue(world: LineWorld): (changed: KnownSnapshot) => string[] {
  return (changed) => [keyOf(changed), ...waitingBehind(world, changed)]
}

function waitingBehind(world: LineWorld, changed: KnownSnapshot): string[] {
  const hasLeft = isFinished(changed) || changed.metadata.deletionTimestamp !== undefined
  if (!hasLeft && !letsOthersPass(changed)) return []
  const waiting = lineOf(world, changed).filter(({ status }) => status?.request === undefined)
  return waiting.filter((other) => hasLeft || isQueued(other)).map(keyOf)
}

/** Those that are not finished: an instance that becomes ready lets them go on. */
export function snapshotsOf(snapshots: Pick<Snapshots, 'listUnfinished'>): (instance: MeiliInstance) => string[] {
  return ({ metadata }) => [...snapshots.listUnfinished(`${metadata.namespace}/${metadata.name}`)].map(keyOf)
}

/** The snapshot that a mover's Job or pod carries in its label. */
export function snapshotMovedBy(snapshots: Pick<Snapshots, 'withUid'>): (child: KubeObject) => string[] {
  return ({ metadata }) => {
    const snapshot = snapshots.withUid(metadata.labels?.[snapshotUidLabel] ?? '')
    return snapshot !== undefined && snapshot.metadata.namespace === metadata.namespace ? [keyOf(snapshot)] : []
  }
}
