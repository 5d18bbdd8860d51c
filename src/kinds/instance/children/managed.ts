// Holds a managed instance with everything observed of it, and the small questions that several rungs ask. Pure.
import type { V1Pod, V1PodSpec } from '@kubernetes/client-node'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import { databaseVersionAnnotation, instanceConditions } from '../../../api/instance.ts'
import type { ManagedServer, MeiliInstance } from '../../../api/instance.ts'
import { dataGenerationAnnotation, restoreUidLabel } from '../../../api/restore.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import { generationOf } from '../../../reconcile/names/data-claim.ts'
import { baseName } from '../../../reconcile/names/objects.ts'
import type { InstanceObservation, ManagedSeen } from '../observation.ts'

/** One managed instance, with everything observed of it. */
export interface Managed {
  readonly observation: InstanceObservation
  readonly instance: MeiliInstance
  readonly spec: ManagedServer
  readonly seen: ManagedSeen
}

export function managedOf(observation: InstanceObservation): Managed | undefined {
  const { instance, managed } = observation
  return instance.spec.managed === undefined || managed === undefined
    ? undefined
    : { observation, instance, spec: instance.spec.managed, seen: managed }
}

/** Under what its data is, where there is any. */
export function dataName({ seen }: Managed): string | undefined {
  return seen.claims.data?.metadata?.name
}

/** What the claim with the data asks for, where a restore made it larger than spec says, as the data needed that: no volume gets smaller. */
function largerSize({ seen, spec }: Managed): string | undefined {
  const { metadata, spec: claim } = seen.claims.data ?? {}
  const size = claim?.resources?.requests?.['storage']
  const isRestored = metadata?.labels?.[restoreUidLabel] !== undefined
  return isRestored && size !== undefined && sizeBytes(size) > sizeBytes(spec.storage.size ?? 0) ? size : undefined
}

/** Which claim has the data, and how large that one is to be. */
export const dataOf = (managed: Managed): { claimName: string | undefined; largerSize: string | undefined } => ({
  claimName: dataName(managed),
  largerSize: largerSize(managed),
})

/** The number that the claim with the data says it has; it has none where no restore has exchanged it yet. */
export function markedGeneration({ instance, seen, spec }: Managed): number | undefined {
  const { data } = seen.claims
  const isMarked = data?.metadata?.annotations?.[dataGenerationAnnotation] !== undefined
  return isMarked && spec.storage.claimName === undefined ? generationOf(instance, data) : undefined
}

/** The version of the database: of the server that answers, else as it is on record on its claim, else in status. */
export function databaseVersion(managed: Managed): string | undefined {
  const { instance, seen, spec } = managed
  const answered = answeredVersion(managed)
  if (answered !== undefined) return answered
  const onClaim =
    spec.storage.claimName === undefined
      ? seen.claims.data?.metadata?.annotations?.[databaseVersionAnnotation]
      : undefined
  return (
    onClaim ??
    (spec.storage.claimName === undefined && seen.claims.data === undefined ? undefined : instance.status?.version)
  )
}

export function answeredVersion(managed: Managed): string | undefined {
  const { server } = managed.observation
  return server.state === 'Answered' && !isOnOtherData(managed) ? server.version : undefined
}

/** Another claim has become the data since the pod started: what it says is of the data from before. */
export function isOnOtherData(managed: Managed): boolean {
  const mounted = dataMountedBy(alivePod(managed)?.spec)
  const name = dataName(managed)
  return mounted !== undefined && name !== undefined && mounted !== name
}

/** The claim under the data of a pod of ours. */
export const dataMountedBy = (spec: Pick<V1PodSpec, 'volumes'> | undefined): string | undefined =>
  spec?.volumes?.find(({ name }) => name === 'data')?.persistentVolumeClaim?.claimName

export function alivePod({ observation: { pods } }: Managed): V1Pod | undefined {
  return pods.length === 1 ? pods[0] : undefined
}

/** In the kubelet's eyes. */
export function isPodReady(pod: V1Pod | undefined): boolean {
  return pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** True where a pod runs what the StatefulSet asked for before. */
export function isOutdated({ seen: { statefulSet } }: Managed, pod: V1Pod | undefined): boolean {
  const { metadata, status } = statefulSet ?? {}
  if (pod === undefined || status?.updateRevision === undefined || status.observedGeneration !== metadata?.generation)
    return false
  return pod.metadata?.labels?.['controller-revision-hash'] !== status.updateRevision
}

/** Snapshots that a restart would break. A server that is not ready serves none. */
export function snapshotsInTheWay(managed: Managed): readonly string[] {
  const { observation, seen } = managed
  return isPodReady(alivePod(managed)) && observation.server.state !== 'KeyRefused' ? seen.runningSnapshots : []
}

/** Why not all of spec was in place at the last look. */
export function appliedBefore({ status }: MeiliInstance): { reason: string; message: string } | undefined {
  const applied = conditionNamed(status?.conditions, instanceConditions.Applied)
  return applied?.status === 'False' ? applied : undefined
}

export const podNameOf = (instance: MeiliInstance): string => `${baseName(instance)}-0`
