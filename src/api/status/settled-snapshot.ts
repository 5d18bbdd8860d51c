// What the caches keep of a MeiliSnapshot that has ended and with which nothing is left to do: what is read of it later, and no more. Pure.
// It is no MeiliSnapshot, and the compiler knows: nothing that is written back can be made from it.
import { conditionNamed } from './conditions.ts'
import { conditionTypes } from '../meta.ts'
import { keepAnnotation, scheduleLabel } from '../schedule.ts'
import type { Condition, ObjectMeta } from '../meta.ts'
import type { MeiliSnapshot, MeiliSnapshotSpec, MeiliSnapshotStatus } from '../snapshot.ts'

type Status = MeiliSnapshotStatus
type Part<Name extends 'request' | 'task' | 'move' | 'artifact', Member extends keyof NonNullable<Status[Name]>> = Pick<
  NonNullable<Status[Name]>,
  Member
>

type SettledArtifact = Part<'artifact', 'claimName' | 'sizeBytes' | 'documents' | 'indexes'>

/** How long it took to come back. */
type SettledVerification = Pick<NonNullable<Status['verification']>, 'result' | 'at'> & {
  readonly restoreDuration?: Pick<RestoreDuration, 'totalMs'>
}
type RestoreDuration = NonNullable<NonNullable<Status['verification']>['restoreDuration']>

export interface SettledSnapshot {
  readonly settled: true
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion' | 'creationTimestamp'> & {
    readonly deletionTimestamp?: undefined
    /** Its schedule's alone. */
    readonly labels?: Readonly<Record<string, string>>
    /** That it is kept. */
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: Pick<MeiliSnapshotSpec, 'source' | 'sourcePolicy' | 'expiresAfter'> & {
    readonly destination: { readonly claim: { readonly name: string } }
  }
  readonly status: Pick<Status, 'phase' | 'startedAt' | 'completedAt' | 'destination'> & {
    readonly request?: Part<'request', 'postedAt'>
    readonly task?: Part<'task', 'startedAt' | 'finishedAt'>
    readonly move?: Part<'move', 'startedAt'>
    readonly artifact?: SettledArtifact
    readonly verification?: SettledVerification
    /** Ready alone. */
    readonly conditions?: readonly Pick<Condition, 'type' | 'status' | 'reason'>[]
  }
}

/** As a cache has it. */
export type KnownSnapshot = MeiliSnapshot | SettledSnapshot

/** As the API server has it: only such a one is judged, and written. */
export function isWhole(snapshot: KnownSnapshot): snapshot is MeiliSnapshot {
  return !('settled' in snapshot)
}

/** To be called for those alone that have ended. A tenth of the object. */
export function settle({ metadata, spec, status = {} }: MeiliSnapshot): SettledSnapshot {
  const { name, namespace, uid, resourceVersion, creationTimestamp, labels, annotations } = metadata
  const { phase, startedAt, completedAt, destination, request, task, move, artifact, verification } = status
  const ready = conditionNamed(status.conditions, conditionTypes.Ready)
  return {
    settled: true,
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      ...only('labels', labels, scheduleLabel),
      ...only('annotations', annotations, keepAnnotation),
    },
    spec: specOf(spec),
    status: {
      ...(phase === undefined ? {} : { phase }),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(completedAt === undefined ? {} : { completedAt }),
      ...(destination === undefined ? {} : { destination }),
      ...(request?.postedAt === undefined ? {} : { request: { postedAt: request.postedAt } }),
      ...(task === undefined ? {} : { task: timesOf(task) }),
      ...(move === undefined ? {} : { move: { startedAt: move.startedAt } }),
      ...(artifact === undefined ? {} : { artifact: figuresOf(artifact) }),
      ...proofOf(verification),
      ...(ready === undefined
        ? {}
        : { conditions: [{ type: ready.type, status: ready.status, reason: ready.reason }] }),
    },
  }
}

function specOf({ source, sourcePolicy, expiresAfter, destination }: MeiliSnapshotSpec): SettledSnapshot['spec'] {
  return {
    source,
    sourcePolicy,
    ...(expiresAfter === undefined ? {} : { expiresAfter }),
    destination: { claim: { name: destination.claim.name } },
  }
}

function timesOf({ startedAt, finishedAt }: NonNullable<Status['task']>): Part<'task', 'startedAt' | 'finishedAt'> {
  return { ...(startedAt === undefined ? {} : { startedAt }), ...(finishedAt === undefined ? {} : { finishedAt }) }
}

function proofOf(verification: Status['verification']): { readonly verification?: SettledVerification } {
  if (verification === undefined) return {}
  const { result, at, restoreDuration } = verification
  return {
    verification: {
      result,
      ...(at === undefined ? {} : { at }),
      ...(restoreDuration === undefined ? {} : { restoreDuration: { totalMs: restoreDuration.totalMs } }),
    },
  }
}

function figuresOf({ claimName, sizeBytes, documents, indexes }: NonNullable<Status['artifact']>): SettledArtifact {
  return {
    claimName,
    sizeBytes,
    ...(documents === undefined ? {} : { documents }),
    ...(indexes === undefined ? {} : { indexes }),
  }
}

/** One entry of a map, where it is there. */
function only<Field extends string>(
  field: Field,
  map: Readonly<Record<string, string>> | undefined,
  name: string,
): { readonly [_ in Field]?: Readonly<Record<string, string>> } {
  const value = map?.[name]
  return (value === undefined ? {} : { [field]: { [name]: value } }) as {
    readonly [_ in Field]?: Readonly<Record<string, string>>
  }
}
