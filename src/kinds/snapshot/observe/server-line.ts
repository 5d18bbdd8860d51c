// Says who stands before a snapshot at its server, and what others do beside it there. Reads caches, and what this process has decided since.
import { conditionNamed, isTrue } from '../../../api/status/conditions.ts'
import type { MeiliInstance } from '../../../api/instance.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { isFinished, snapshotConditions, snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import { instanceKeyOf } from './others.ts'
import type { Snapshots } from './others.ts'
import type { SnapshotObservation } from '../observation.ts'
import { isBooting } from '../status/booting.ts'
import type { Turns } from './turns.ts'

export interface LineWorld {
  readonly instance: (key: string) => MeiliInstance | undefined
  readonly instancesOfPod: (namespace: string, uid: string) => Iterable<MeiliInstance>
  readonly snapshots: Pick<Snapshots, 'listUnfinished' | 'lastCompleted'>
}

export type LineSeen = Pick<SnapshotObservation, 'ahead' | 'elders' | 'overdueAhead' | 'adoptedByOthers' | 'beside'>

export const nobody: LineSeen = {
  ahead: [],
  elders: [],
  overdueAhead: undefined,
  adoptedByOthers: [],
  beside: { moving: [], removing: [], mayHaveRemoved: [] },
}

export function lookAtLine(world: LineWorld, snapshot: MeiliSnapshot, turns: Turns): LineSeen {
  const instance = world.instance(instanceKeyOf(snapshot))
  const instances = instancesOfServer(world, snapshot, instance)
  const unfinished = instances.flatMap((key) => [...world.snapshots.listUnfinished(key)]).filter(isAnother(snapshot))
  const near = unfinished
    .filter((other) => !isElsewhere(other, instance?.status?.pod?.node))
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
  const ahead = near.filter((other) => goesFirst(other, snapshot, turns))
  const elders = near.filter((other) => mayPass(world, other, { snapshot, turns }))
  const [overdue] = ahead.flatMap((other) => {
    const said = conditionNamed(other.status?.conditions, snapshotConditions.Overdue)
    return said === undefined ? [] : [{ name: other.metadata.name, why: said.message }]
  })
  return {
    ahead: ahead.map(nameOf),
    elders: elders.map(nameOf),
    overdueAhead: overdue,
    adoptedByOthers: unfinished.flatMap(({ status }) => status?.task?.uid ?? status?.request?.taskUid ?? []),
    beside: {
      moving: near.filter((other) => isMoving(other) || turns.of(other) === 'Moves').map(nameOf),
      removing: unfinished.filter(isRemoving).map(nameOf),
      mayHaveRemoved: [...unfinished, ...instances.flatMap((key) => world.snapshots.lastCompleted(key) ?? [])]
        .filter((other) => mayHaveRemoved(other, snapshot))
        .map(nameOf),
    },
  }
}

const nameOf = ({ metadata }: KnownSnapshot): string => metadata.name
const isAnother =
  ({ metadata: { uid } }: MeiliSnapshot) =>
  ({ metadata }: KnownSnapshot): boolean =>
    metadata.uid !== uid

/** Keys of the instances that stand for the same server. */
function instancesOfServer(
  { instancesOfPod }: LineWorld,
  snapshot: KnownSnapshot,
  instance: MeiliInstance | undefined,
): readonly string[] {
  const podUid = instance?.status?.pod?.uid
  const aliases = podUid === undefined ? [] : [...instancesOfPod(snapshot.metadata.namespace, podUid)]
  const keys = aliases.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  return [...new Set([instanceKeyOf(snapshot), ...keys])]
}

/** Unfinished ones of its server, itself among them. */
export function lineOf(world: LineWorld, snapshot: KnownSnapshot): readonly MeiliSnapshot[] {
  const instances = instancesOfServer(world, snapshot, world.instance(instanceKeyOf(snapshot)))
  return instances.flatMap((key) => [...world.snapshots.listUnfinished(key)])
}

/** Those that are active first, then by age. */
const orderOf = (snapshot: MeiliSnapshot): string =>
  `${snapshot.status?.request === undefined ? 1 : 0} ${age(snapshot)}`
const isOlder = (one: MeiliSnapshot, other: MeiliSnapshot): boolean => age(one) < age(other)
export const byAge = (one: MeiliSnapshot, other: MeiliSnapshot): number => (isOlder(one, other) ? -1 : 1)
const age = ({ metadata }: MeiliSnapshot): string => `${metadata.creationTimestamp} ${metadata.uid}`
const reasonOf = ({ status }: KnownSnapshot): string | undefined =>
  conditionNamed(status?.conditions, conditionTypes.Ready)?.reason

const waitsForItsTurn: readonly (string | undefined)[] = [
  undefined,
  snapshotReasons.Queued,
  snapshotReasons.QueuedBehindOverdue,
]

/** Active, or older and held up by nothing but the queue. One that waits for something of its own, or whose status is refused, blocks nobody. */
function goesFirst(other: MeiliSnapshot, snapshot: MeiliSnapshot, turns: Turns): boolean {
  if (other.status?.request !== undefined || turns.of(other) === 'Asks') return true
  return isCandidate(other, snapshot, turns) && waitsForItsTurn.includes(reasonOf(other))
}

const isCandidate = (other: MeiliSnapshot, snapshot: MeiliSnapshot, turns: Turns): boolean =>
  other.metadata.deletionTimestamp === undefined && turns.of(other) !== 'Refused' && isOlder(other, snapshot)

const sharedByServer: readonly (string | undefined)[] = [
  snapshotReasons.InstanceNotFound,
  snapshotReasons.InstanceNotSeen,
  snapshotReasons.TargetNotReady,
  snapshotReasons.Unauthorized,
]
const sharedByClaim: readonly (string | undefined)[] = [
  snapshotReasons.ClaimNotFound,
  snapshotReasons.ClaimCreating,
  snapshotReasons.ClaimNotReady,
]

/** Older, and its last word is that it waits for what it shares with one that has just got it: it passes as well, once it has looked. */
function mayPass(
  world: LineWorld,
  other: MeiliSnapshot,
  { snapshot, turns }: { snapshot: MeiliSnapshot; turns: Turns },
): boolean {
  if (goesFirst(other, snapshot, turns) || !isCandidate(other, snapshot, turns)) return false
  const reason = reasonOf(other)
  if (sharedByServer.includes(reason))
    return isTrue(world.instance(instanceKeyOf(other))?.status?.conditions, conditionTypes.Ready)
  if (sharedByClaim.includes(reason)) return claimOf(other) === claimOf(snapshot)
  return reason === snapshotReasons.CheckingSpace && other.status?.space?.checkedAt !== undefined
}

const claimOf = ({ spec }: MeiliSnapshot): string => spec.destination.claim.name

/** It waits for something of its own, or for what nobody has: those behind it look again. */
export function letsOthersPass(snapshot: KnownSnapshot): boolean {
  return snapshot.status?.request === undefined && !waitsForItsTurn.includes(reasonOf(snapshot))
}

export const isQueued = (snapshot: KnownSnapshot): boolean =>
  reasonOf(snapshot) !== undefined && waitsForItsTurn.includes(reasonOf(snapshot))

export const isOverdue = ({ status }: KnownSnapshot): boolean => isTrue(status?.conditions, snapshotConditions.Overdue)

/**
 * Overdue with its mover on a node that the server has left: that mover reads the file that was there and writes its own object's directory, so
 * another snapshot beside it harms neither. One that removes the source does.
 */
function isElsewhere(snapshot: MeiliSnapshot, serverNode: string | undefined): boolean {
  const { status } = snapshot
  const node = status?.move?.node
  return (
    isOverdue(snapshot) &&
    status?.removeSource === undefined &&
    node !== undefined &&
    serverNode !== undefined &&
    node !== serverNode
  )
}

/** Its mover runs, or is about to. */
const isMoving = ({ status }: MeiliSnapshot): boolean =>
  status?.move?.node !== undefined && status.artifact === undefined

const isRemoving = ({ status }: MeiliSnapshot): boolean =>
  status?.removeSource !== undefined && status.removeSource.outcome === undefined && !isBooting(status)

/** It removes Meilisearch's file after its move, and can have done so since this one asked for its own. */
function mayHaveRemoved(other: KnownSnapshot, snapshot: MeiliSnapshot): boolean {
  const since = snapshot.status?.request?.postedAt
  if (other.spec.sourcePolicy !== 'Remove' || other.status?.request === undefined || since === undefined) return false
  return (
    isAnother(snapshot)(other) &&
    (!isFinished(other) || Date.parse(other.status.completedAt ?? '') >= Date.parse(since))
  )
}
