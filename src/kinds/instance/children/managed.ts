// Holds a managed instance with everything observed of it, and the small questions that several rungs ask. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import { databaseVersionAnnotation, instanceConditions } from '../../../api/instance.ts'
import type { ManagedServer, MeiliInstance } from '../../../api/instance.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
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

export function answeredVersion({ observation: { server } }: Managed): string | undefined {
  return server.state === 'Answered' ? server.version : undefined
}

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

/** Below zero where `a` is the lower version. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).slice(0, 3).map(Number))
  for (const part of [0, 1, 2]) {
    const difference = (left?.[part] ?? 0) - (right?.[part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export const podNameOf = (instance: MeiliInstance): string => `${baseName(instance)}-0`
