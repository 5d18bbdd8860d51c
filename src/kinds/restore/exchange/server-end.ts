// Says whether a server has ended, so that no pod has its data any more, and if not, what holds that up. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import { stoppedForAnnotation } from '../../../api/restore.ts'
import { stopMarkOf } from '../../../reconcile/names/data-claim.ts'
import type { RestoreObservation } from '../observation.ts'
import type { Exchange } from './exchange.ts'

/** A server has 60 s from SIGTERM to SIGKILL; past this its node does not answer. */
const endsWithinMs = 120_000

/** A pass over the instance that began before it could know that the server is to stop has ended by then. */
const passEndsWithinMs = 120_000

/** Undefined once it has ended, and no pass of before starts it again: no replica, no pod that mounts one of the two claims. */
export function whyNotEnded(observation: RestoreObservation, exchange: Exchange, nowMs: number): string | undefined {
  const { statefulSet, pods } = observation.target
  const names = [exchange.from?.claimName, exchange.to.claimName]
  const pod = pods.find((candidate) => names.some((name) => mounts(candidate, name)))
  if (pod !== undefined) return whyPodStays(pod, nowMs)
  if (statefulSet === undefined) return undefined
  const { metadata, spec, status } = statefulSet
  const isSeen = status?.observedGeneration === metadata?.generation
  return spec?.replicas === 0 && isSeen && (status?.replicas ?? 0) === 0 && isStoppedFor(observation, exchange, nowMs)
    ? undefined
    : `StatefulSet ${metadata?.name ?? ''} is being scaled to zero.`
}

/**
 * That there is no replica says nothing: a pass that knew nothing of this exchange may be about to start the server. What the instance has written for
 * this exchange comes after that, as its passes go one by one. Where it writes nothing, as its spec cannot be carried out, the time says so.
 */
function isStoppedFor({ restore, target }: RestoreObservation, { stoppingAt }: Exchange, nowMs: number): boolean {
  const { annotations } = target.statefulSet?.metadata ?? {}
  const sinceMs = stoppingAt === undefined ? Number.NaN : Date.parse(stoppingAt)
  return annotations?.[stoppedForAnnotation] === stopMarkOf(restore) || !(nowMs - sinceMs < passEndsWithinMs)
}

export const mounts = ({ spec }: V1Pod, claimName: string | undefined): boolean =>
  spec?.volumes?.some(
    ({ persistentVolumeClaim }) => claimName !== undefined && persistentVolumeClaim?.claimName === claimName,
  ) ?? false

function whyPodStays({ metadata, spec }: V1Pod, nowMs: number): string {
  const name = metadata?.name ?? ''
  if (metadata?.deletionTimestamp === undefined) return `Pod ${name} has the data mounted.`
  const lateMs = nowMs - Date.parse(String(metadata.deletionTimestamp))
  if (lateMs <= endsWithinMs) return `Pod ${name} is ending.`
  const command = ['kubectl delete pod', name, '-n', metadata.namespace ?? '', '--force'].join(' ')
  return `Pod ${name} on node ${spec?.nodeName ?? ''} was to end and has not: the node is gone, or hangs. It may still write, so it is waited for. Only once the node is known to be off for good, "${command}" ends the wait.`
}
