// Asks the cluster about an object's mover: its Jobs, its pod, how far it is, what holds it up. Reads only.
import type { CoreV1Event, V1Job, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import type { KubeClient } from '../../kube/client.ts'
import { findEvents, newestOf } from '../../kube/event-time.ts'
import { events, jobs, persistentVolumeClaims, pods } from '../../kube/resource.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { moverProgress } from '../../mover/contract.ts'
import type { MoverProgress } from '../../mover/contract.ts'
import { NotFound, TerminalError, TransientError } from '../../errors.ts'
import type { MoverSeen } from './seen.ts'
import { moverContainer } from './template.ts'

export const noMover: MoverSeen = {
  job: undefined,
  pod: undefined,
  progress: undefined,
  warning: undefined,
  claimTrouble: undefined,
  jobs: [],
}

export interface JobWorld {
  readonly kube: KubeClient
  /** Of a Job, as a cache has them; enough to know their names. */
  readonly podsOf: (jobUid: string) => Iterable<KubeObject>
}

export interface JobQuery {
  readonly namespace: string
  /** Of the Job that matters now. */
  readonly name: string
  /** Selects all Jobs of the object, and their pods. */
  readonly labelSelector: string
  /** All of its Jobs are looked at, not that one alone. */
  readonly all: boolean
  /** Does not count among them. */
  readonly except?: string | undefined
  /** The claim that is written to. */
  readonly claimName: string
}

/** Two reads by name where all goes well: a namespace may hold thousands of Jobs and pods, and each list goes through all of them. */
export async function lookAtJob(world: JobWorld, query: JobQuery): Promise<MoverSeen> {
  const { kube } = world
  const { namespace, name, labelSelector } = query
  const found = query.all ? undefined : await kube.find<V1Job & KubeObject>(jobs, { namespace, name })
  const all = found === undefined ? await kube.listAll<V1Job & KubeObject>(jobs, { namespace, labelSelector }) : [found]
  const job = found ?? all.find(({ metadata }) => metadata.name === name)
  const others = all.filter(({ metadata }) => metadata.name !== query.except)
  if (job === undefined) return { ...noMover, jobs: others }
  const pod = await podOf(world, query, job)
  return {
    job,
    pod,
    jobs: others,
    progress: await progressOf(kube, pod),
    warning: await warningFor(kube, pod ?? job, pod),
    claimTrouble: await troubleOf(kube, query, pod),
  }
}

/** Its newest. The cache knows the name; where it does not, the Job itself says whether there is one to be looked for. */
async function podOf(
  { kube, podsOf }: JobWorld,
  { namespace, labelSelector }: JobQuery,
  job: V1Job & KubeObject,
): Promise<Pod | undefined> {
  const uid = job.metadata.uid ?? ''
  const known = newestPod(podsOf(uid))
  if (known !== undefined) {
    const pod = await kube.find<Pod>(pods, { namespace: job.metadata.namespace ?? '', name: known.metadata.name })
    if (pod?.metadata.uid === known.metadata.uid) return pod
  } else if (!hasPods(job)) return undefined
  const listed = await kube.listAll<Pod>(pods, { namespace, labelSelector })
  return newestPod(listed.filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true))
}

type Pod = V1Pod & KubeObject

function hasPods({ status }: V1Job): boolean {
  const { active = 0, succeeded = 0, failed = 0, terminating = 0, conditions = [] } = status ?? {}
  return active + succeeded + failed + terminating + conditions.length > 0
}

function newestPod<T extends KubeObject>(found: Iterable<T>): T | undefined {
  const age = ({ metadata }: T): number => Date.parse(metadata.creationTimestamp ?? '')
  return [...found].toSorted((a, b) => age(b) - age(a))[0]
}

/** The kubelet answers, not the API server: from a node that is gone or hangs nothing comes, and the deadlines must be judged all the same. */
const logsWithinMs = 5000
/** A line of a mover has less than 1 KiB; one of another program that poses as a mover has no bound. */
const logBytes = 16 * 1024

/** The last progress line that the mover printed; its output may lag behind, be gone or out of reach, which is no error. */
async function progressOf(kube: KubeClient, pod: (V1Pod & KubeObject) | undefined): Promise<MoverProgress | undefined> {
  if (pod?.status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state?.running === undefined)
    return undefined
  try {
    const lines = await kube.logs(
      { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
      { container: moverContainer, tailLines: 3, limitBytes: logBytes, withinMs: logsWithinMs },
    )
    return lines
      .trim()
      .split('\n')
      .map(progressLine)
      .findLast((progress) => progress !== undefined)
  } catch (error) {
    if (error instanceof NotFound || error instanceof TerminalError || error instanceof TransientError) return undefined
    throw error
  }
}

function progressLine(line: string): MoverProgress | undefined {
  try {
    return moverProgress.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Only where it does not run: the newest Warning about the pod, or about the Job while it has no pod. */
async function warningFor(kube: KubeClient, object: KubeObject, pod: V1Pod | undefined): Promise<Words | undefined> {
  if (pod !== undefined && pod.status?.phase !== 'Pending') return undefined
  return newestWords(await eventsOf(kube, object, ',type=Warning'))
}

/** Only where the pod has no node and the claim no volume. Where nothing fits, the binder says so in an Event that is no Warning. */
async function troubleOf(
  kube: KubeClient,
  { namespace, claimName: name }: JobQuery,
  pod: V1Pod | undefined,
): Promise<string | undefined> {
  if (pod?.status?.phase !== 'Pending' || pod.spec?.nodeName !== undefined) return undefined
  const claim = await kube.find<V1PersistentVolumeClaim & KubeObject>(persistentVolumeClaims, { namespace, name })
  if (claim?.status?.phase !== 'Pending') return undefined
  const words = newestWords(
    (await eventsOf(kube, claim)).filter(({ type, reason }) => type === 'Warning' || reason === 'FailedBinding'),
  )
  return words === undefined ? undefined : `claim ${name} has no volume: ${words.reason}: ${words.message}`
}

async function eventsOf(
  kube: KubeClient,
  { metadata }: KubeObject,
  more = '',
): Promise<readonly (CoreV1Event & KubeObject)[]> {
  const read = kube.list<CoreV1Event & KubeObject>(events, {
    namespace: metadata.namespace ?? '',
    fieldSelector: `involvedObject.uid=${metadata.uid ?? ''}${more}`,
    limit: 50,
  })
  return await findEvents(read.then(({ items }) => items))
}

type Words = NonNullable<MoverSeen['warning']>

function newestWords(items: readonly (CoreV1Event & KubeObject)[]): Words | undefined {
  const newest = newestOf(items)
  return newest && { reason: newest.reason ?? '', message: newest.message ?? '' }
}
