// What is true of a MeiliInstance, from what was seen of its pod, its server and its claim. Pure; writes nothing but status.
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import { instanceConditions, instanceReasons } from '../api/instance.ts'
import type { MeiliInstance, MeiliInstanceStatus } from '../api/instance.ts'
import { conditionTypes } from '../api/meta.ts'
import { conditionNamed, conditionsOf, instant } from '../reconcile/conditions.ts'
import type { Wanted } from '../reconcile/conditions.ts'
import type { Decision, Story } from '../reconcile/decision.ts'
import { sizeText } from '../reconcile/format.ts'
import { authorized, podFound, reachable } from './checks.ts'
import type { Located } from './snapshot-volume.ts'
import { volumeReady } from './volume-checks.ts'

/** What the server said, or why it was not asked. */
export type ServerSeen =
  | { readonly state: 'NotAsked' }
  | { readonly state: 'SecretMissing'; readonly message: string }
  | { readonly state: 'Unreachable'; readonly message: string }
  | { readonly state: 'CertificateRejected'; readonly message: string }
  | { readonly state: 'KeyRefused'; readonly message: string }
  | { readonly state: 'KeyTooWeak'; readonly missing: readonly string[] }
  | { readonly state: 'KeyScoped' }
  | { readonly state: 'Answered'; readonly version: string; readonly database: Database }

type Database = Omit<NonNullable<MeiliInstanceStatus['database']>, 'size'>

export interface InstanceObservation {
  readonly instance: MeiliInstance
  /** Pods that match and are neither ending nor ended. */
  readonly pods: readonly V1Pod[]
  /** Why the API server lists no pods: the selector is none, or the right is missing. */
  readonly podsRefused: string | undefined
  /** An older MeiliInstance that stands for the same pod. */
  readonly rival: string | undefined
  readonly endpoint: string | undefined
  readonly server: ServerSeen
  /** Undefined where no container can be told to be Meilisearch. */
  readonly located: (Located & { readonly s3: boolean }) | undefined
  readonly claim: V1PersistentVolumeClaim | undefined
  readonly lastSnapshot: MeiliInstanceStatus['lastSnapshot']
  /** How often a healthy server is asked. */
  readonly pollMs: number
  /** Snapshots may be streamed where they cannot be mounted. */
  readonly streaming: boolean
}

/** Not ready for this long is no longer "soon": kstatus is told that it failed. It recovers all the same. */
const stalledAfterMs = 10 * 60_000

export function decideInstance(observation: InstanceObservation, nowMs: number): Decision<MeiliInstanceStatus> {
  const { instance } = observation
  const checks = [podFound(observation), reachable(observation), authorized(observation)]
  const ready = readiness(observation, checks)
  const waitedMs = notReadyForMs(instance, ready, nowMs)
  const wanted = [...progressOf(ready, waitedMs), ready, ...checks, volumeReady(observation)]
  return {
    status: {
      ...statusOf(observation, nowMs),
      observedGeneration: instance.metadata.generation,
      conditions: conditionsOf(instance.status?.conditions, wanted, { generation: instance.metadata.generation, nowMs }),
    },
    effects: [],
    requeueAfterMs: ready.status === 'True' ? withJitter(observation.pollMs, instance.metadata.uid) : Math.min(30_000, Math.max(2000, waitedMs / 5)),
  }
}

/** What has failed stands before what was not checked: a missing Secret is why the server was not asked. */
function readiness({ rival, server, endpoint }: InstanceObservation, checks: readonly Wanted[]): Wanted {
  const type = conditionTypes.Ready
  if (rival !== undefined) {
    return { type, status: 'False', reason: instanceReasons.PodAlreadyClaimed, message: `MeiliInstance ${rival} is older and stands for the same pod. Delete one of the two.` }
  }
  const failed = checks.find(({ status }) => status === 'False') ?? checks.find(({ status }) => status !== 'True')
  if (failed !== undefined) return { ...failed, type, status: 'False' }
  const version = server.state === 'Answered' ? server.version : ''
  return { type, status: 'True', reason: instanceReasons.Ready, message: `Meilisearch ${version} answers at ${endpoint ?? ''}.` }
}

function notReadyForMs(instance: MeiliInstance, ready: Wanted, nowMs: number): number {
  const before = conditionNamed(instance.status?.conditions, conditionTypes.Ready)
  if (ready.status === 'True' || before?.status !== 'False') return 0
  return nowMs - Date.parse(before.lastTransitionTime)
}

/** At most one of Reconciling and Stalled, only while not ready. */
function progressOf(ready: Wanted, waitedMs: number): Wanted[] {
  if (ready.status === 'True') return []
  const stalled = ready.reason === instanceReasons.PodAlreadyClaimed || waitedMs > stalledAfterMs
  return [{ ...ready, type: stalled ? conditionTypes.Stalled : conditionTypes.Reconciling, status: 'True' }]
}

/** What was seen now; what could not be seen now stays as it was seen last. */
function statusOf(observation: InstanceObservation, nowMs: number): Omit<MeiliInstanceStatus, 'conditions' | 'observedGeneration'> {
  const { instance, pods, server, endpoint, lastSnapshot } = observation
  const pod = pods.length === 1 ? pods[0] : undefined
  const answered = server.state === 'Answered' ? { version: server.version, database: { ...server.database, size: sizeText(server.database.sizeBytes) } } : {}
  const { version, database } = { ...instance.status, ...answered }
  return {
    version,
    database,
    pod: pod && { name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '', node: pod.spec?.nodeName },
    endpoint,
    snapshotVolume: snapshotVolumeOf(observation, nowMs),
    lastSnapshot: lastSnapshot ?? instance.status?.lastSnapshot,
  }
}

function snapshotVolumeOf({ instance, located, claim }: InstanceObservation, nowMs: number): MeiliInstanceStatus['snapshotVolume'] {
  if (located === undefined || 'unknown' in located) return undefined
  const seen = {
    ...located.volume,
    ...(claim === undefined ? {} : { volumeMode: claim.spec?.volumeMode ?? 'Filesystem', accessModes: claim.status?.accessModes ?? claim.spec?.accessModes ?? [] }),
  }
  const before = instance.status?.snapshotVolume
  const unchanged = before !== undefined && Object.entries(seen).every(([member, value]) => JSON.stringify(before[member as keyof typeof before]) === JSON.stringify(value))
  return { ...seen, observedAt: unchanged ? before.observedAt : instant(nowMs) }
}

/** Spreads the polls of many instances over time; the same for one instance each time. */
function withJitter(pollMs: number, uid: string): number {
  const spread = Number.parseInt(uid.replaceAll(/[^0-9a-f]/g, '').slice(0, 6), 16) / 0xffffff
  return Math.round(pollMs * (0.9 + 0.2 * (Number.isNaN(spread) ? 0.5 : spread)))
}

/** An Event when readiness turns or the reason changes, none else. */
export function instanceStory(before: MeiliInstanceStatus | undefined, after: MeiliInstanceStatus): readonly Story[] {
  return [conditionTypes.Ready, instanceConditions.SnapshotVolumeReady].flatMap((type) => {
    const was = conditionNamed(before?.conditions, type)
    const is = conditionNamed(after.conditions, type)
    if (is === undefined || (was?.status === is.status && was.reason === is.reason) || is.reason === instanceReasons.NotChecked) return []
    if (type !== conditionTypes.Ready && is.status === 'True') return []
    return [{ type: is.status === 'True' ? ('Normal' as const) : ('Warning' as const), reason: is.reason, message: is.message }]
  })
}
