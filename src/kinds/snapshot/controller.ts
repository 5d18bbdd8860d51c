// Maps changed objects to the MeiliSnapshots to reconcile: the snapshot itself, its instance, its Job and mover pod, and those before it in the queue.
import type { MeiliInstance } from '../../api/instance.ts'
import type { MeiliRestore } from '../../api/restore.ts'
import { isFinished, meiliSnapshots } from '../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../api/snapshot.ts'
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'
import type { KubeObject } from '../../kube/resource.ts'
import type { KindReconciler, Perform } from '../../reconcile/kind.ts'
import { decideSnapshot } from './decide.ts'
import { applyFact } from './apply-fact.ts'
import { snapshotUidLabel } from './job/template.ts'
import { admitInTurn } from './observe/admission.ts'
import { byAge, isOverdue, isQueued, letsOthersPass, lineOf } from './observe/server-line.ts'
import type { LineWorld } from './observe/server-line.ts'
import { TerminalError } from '../../errors.ts'
import { removeFinishedMovers } from './after/finished-movers.ts'
import { jobsLeft } from './observe/kept.ts'
import type { KeptJob, KeptPod, MoversKept } from './observe/kept.ts'
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

/** Of those that are Queued at a server, so many are woken when one leaves: each looks at the world, and there may be thousands. The others hear of it when they look themselves. */
const front = 10

/** Itself, and once it has ended, is gone, is Overdue, or waits for something of its own, those that wait behind it: at its server, as others are in no line with it. */
export function snapshotAndQueue(world: LineWorld): (changed: KnownSnapshot) => string[] {
  return (changed) => [keyOf(changed), ...waitingBehind(world, changed)]
}

function waitingBehind(world: LineWorld, changed: KnownSnapshot): string[] {
  const line = lineOf(world, changed)
  const isThere = line.some(({ metadata }) => metadata.uid === changed.metadata.uid)
  const hasLeft = isFinished(changed) || changed.metadata.deletionTimestamp !== undefined || !isThere
  if (!hasLeft && !letsOthersPass(changed) && !isOverdue(changed)) return []
  const waiting = line.filter(({ status }) => status?.request === undefined)
  const next = waiting.filter(isQueued).toSorted(byAge).slice(0, front)
  return [...next, ...(hasLeft ? waiting.filter((other) => !isQueued(other)) : [])].map(keyOf)
}

/** Those that are not finished: an instance that becomes ready lets them go on. */
export function snapshotsOf(snapshots: Pick<Snapshots, 'listUnfinished'>): (instance: MeiliInstance) => string[] {
  return ({ metadata }) => [...snapshots.listUnfinished(`${metadata.namespace}/${metadata.name}`)].map(keyOf)
}

/** Those that wait until a restore of their instance has ended. */
export function snapshotsOfRestore(snapshots: Pick<Snapshots, 'listUnfinished'>): (restore: MeiliRestore) => string[] {
  return ({ metadata, spec }) => {
    const { inPlace } = spec.target
    return inPlace === undefined
      ? []
      : [...snapshots.listUnfinished(`${metadata.namespace}/${inPlace.instanceRef.name}`)].map(keyOf)
  }
}

/** The snapshot that a mover's Job or pod carries in its label. */
export function snapshotMovedBy(snapshots: Pick<Snapshots, 'withUid'>): (child: KubeObject) => string[] {
  return ({ metadata }) => {
    const snapshot = snapshots.withUid(metadata.labels?.[snapshotUidLabel] ?? '')
    return snapshot !== undefined && snapshot.metadata.namespace === metadata.namespace ? [keyOf(snapshot)] : []
  }
}

interface FinishedMovers {
  readonly get: (key: string) => KnownSnapshot | undefined
  readonly movers: MoversKept
  readonly perform: Perform
}

/** Removes what the caches show of a finished snapshot's movers, and reads nothing. An end is never taken back, so that it stands whatever a cache has missed. @throws what the edges throw, and TerminalError where it is refused */
export function finishedMoversRemoval({ get, movers, perform }: FinishedMovers): (key: string) => Promise<object> {
  return async (key) => {
    const snapshot = get(key)
    if (snapshot === undefined || !isFinished(snapshot) || snapshot.metadata.deletionTimestamp !== undefined) return {}
    const { namespace, name, uid } = snapshot.metadata
    const object: KubeObject = { metadata: { namespace, name, uid } }
    for (const effect of removeFinishedMovers(snapshot, jobsLeft(movers, { namespace, uid }))) {
      const fact = await perform(effect, { resource: meiliSnapshots, object, writtenAt: undefined })
      if (fact?.kind === 'Refused') throw new TerminalError(fact.message)
    }
    return {}
  }
}

export const keyOfFinished = (snapshot: KnownSnapshot): string[] => (isFinished(snapshot) ? [keyOf(snapshot)] : [])

/** The snapshot whose Job it is. */
export function keysOfJob({ metadata }: KeptJob): string[] {
  return (metadata.ownerReferences ?? [])
    .filter(({ kind }) => kind === meiliSnapshots.kind)
    .map(({ name }) => `${metadata.namespace ?? ''}/${name}`)
}

/** The snapshot to whose Job the pod belongs. */
export function keysOfPod(movers: Pick<MoversKept, 'jobsOf'>): (pod: KeptPod) => string[] {
  return ({ metadata }) => [...movers.jobsOf(metadata.labels?.[snapshotUidLabel] ?? '')].flatMap(keysOfJob)
}
