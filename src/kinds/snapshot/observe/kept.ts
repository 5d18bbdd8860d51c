// What the caches keep of movers' Jobs and pods: what finds them, what counts those that run, and what tells whether they have ended.
// Of each there may be thousands, and their whole text is up to 64 KiB. A decision about one of them is made from the API server's own answer.
import type { KubeObject } from '../../../kube/resource.ts'
import { moverSelector } from '../../../reconcile/names/objects.ts'
import { moverContainer } from '../../../reconcile/job/template.ts'
import { snapshotUidLabel } from '../job/template.ts'
import type { JobLeft } from '../observation.ts'

type Conditions = readonly { readonly type: string; readonly status: string }[]

export interface KeptJob extends KubeObject {
  readonly spec?: { readonly ttlSecondsAfterFinished?: number | undefined }
  /** Complete and Failed. */
  readonly status?: { readonly conditions?: Conditions }
}

export interface KeptPod extends KubeObject {
  readonly spec?: { readonly nodeName?: string | undefined }
  readonly status?: {
    readonly phase?: string | undefined
    /** PodScheduled and DisruptionTarget. */
    readonly conditions?: Conditions
    /** The mover's alone, without its message. */
    readonly containerStatuses?: readonly { readonly name: string; readonly state?: State | undefined }[]
  }
}

interface State {
  readonly waiting?: { readonly reason?: string | undefined }
  readonly running?: object
  readonly terminated?: { readonly exitCode: number }
}

/** The caches of movers, by whose they are. */
export interface MoversKept {
  readonly jobsOf: (snapshotUid: string) => Iterable<KeptJob>
  readonly podsOf: (jobUid: string) => Iterable<KeptPod>
}

/** Of the cache of Jobs, and of that of pods. */
const jobIndexes = {
  snapshot: ({ metadata }: KeptJob): readonly string[] => [metadata.labels?.[snapshotUidLabel] ?? ''],
} as const
export const podIndexes = {
  job: ({ metadata }: KeptPod): readonly string[] => (metadata.ownerReferences ?? []).map(({ uid }) => uid),
} as const

/** What is left of a finished snapshot's Jobs: no read of the API server, as each of ten thousand comes by at a start. */
export function jobsLeft(
  { jobsOf, podsOf }: MoversKept,
  { namespace, uid: snapshotUid }: { readonly namespace: string; readonly uid: string },
): readonly JobLeft[] {
  return [...jobsOf(snapshotUid)]
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec, status }) => {
      const uid = metadata.uid ?? ''
      const phases = [...podsOf(uid)].map((pod) => pod.status?.phase)
      return {
        name: metadata.name,
        uid,
        isOver:
          status?.conditions?.some((condition) => condition.status === 'True') === true ||
          (phases.length > 0 && phases.every((phase) => phase === 'Succeeded' || phase === 'Failed')),
        removesItself: spec?.ttlSecondsAfterFinished !== undefined,
        createdAt: metadata.creationTimestamp ?? '',
      }
    })
}

export function keepJob(job: KeptJob): KeptJob {
  const { spec, status } = job
  const { ttlSecondsAfterFinished } = spec ?? {}
  return {
    ...keepMetadata(job),
    spec: ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished },
    status: { conditions: conditionsNamed(status?.conditions, ['Complete', 'Failed']) },
  }
}

export function keepPod(pod: KeptPod): KeptPod {
  const { spec, status } = pod
  const mover = status?.containerStatuses?.find(({ name }) => name === moverContainer)
  return {
    ...keepMetadata(pod),
    spec: spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName },
    status: {
      ...(status?.phase === undefined ? {} : { phase: status.phase }),
      conditions: conditionsNamed(status?.conditions, ['PodScheduled', 'DisruptionTarget']),
      containerStatuses: mover === undefined ? [] : [{ name: moverContainer, state: keepState(mover.state) }],
    },
  }
}

function conditionsNamed(conditions: Conditions | undefined, types: readonly string[]): Conditions {
  return (conditions ?? []).filter(({ type }) => types.includes(type)).map(({ type, status }) => ({ type, status }))
}

/** A termination message may have 4 KiB. */
function keepState(state: State | undefined): State {
  if (state?.terminated !== undefined) return { terminated: { exitCode: state.terminated.exitCode } }
  if (state?.running !== undefined) return { running: {} }
  return state?.waiting === undefined ? {} : { waiting: { reason: state.waiting.reason } }
}

/** Who it is, whose it is, and whether it is going away. All else goes as the object comes in: specs and statuses may be a hundred times as large. */
export function keepMetadata<T extends KubeObject>({ apiVersion, kind, metadata }: T): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels, ownerReferences } =
    metadata
  return withoutAbsent({
    apiVersion,
    kind,
    metadata: withoutAbsent({
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      deletionTimestamp,
      labels,
      ownerReferences,
    }),
  })
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function withoutAbsent<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>
}

export const jobCache = { labelSelector: moverSelector, keep: keepJob, indexes: jobIndexes }
export const podCache = { labelSelector: moverSelector, keep: keepPod, indexes: podIndexes }
