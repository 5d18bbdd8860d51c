// Resolves an instance to its server, managed or not: how its pod is found, how the server is reached, and which claim holds its database. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import type { ExistingServer, MeiliInstance, MeiliInstanceStatus } from '../api/instance.ts'
import type { ServerReference } from './decision.ts'
import {
  claimNameOf,
  databaseDirectory,
  keyUids,
  masterKeyReference,
  serverContainer,
  serverPort,
  instanceLabels,
} from './names/objects.ts'

/** A server that we run is found as any other one is. */
export function serverIn(instance: MeiliInstance): ExistingServer {
  return (
    instance.spec.existing ?? {
      podSelector: { matchLabels: instanceLabels(instance) },
      container: serverContainer,
      port: serverPort,
      scheme: 'HTTP',
      apiKeySecretRef: masterKeyReference(instance),
    }
  )
}

/** Undefined while the pod has no address. An IPv6 address is put in brackets. With managed servers we use our own key, never the master key. */
export function serverOf(instance: MeiliInstance, pod: V1Pod): ServerReference | undefined {
  const { scheme, port, apiKeySecretRef, tls } = serverIn(instance)
  const address = pod.status?.podIP
  if (address === undefined || address === '') return undefined
  return {
    namespace: instance.metadata.namespace,
    endpoint: `${scheme.toLowerCase()}://${address.includes(':') ? `[${address}]` : address}:${port}`,
    ...(apiKeySecretRef === undefined ? {} : { apiKey: apiKeySecretRef }),
    ...(instance.spec.managed === undefined ? {} : { keyUid: keyUids.operator }),
    ...(tls?.caSecretRef === undefined ? {} : { ca: tls.caSecretRef }),
    ...(tls?.serverName === undefined ? {} : { serverName: tls.serverName }),
  }
}

/** Changes with whatever may make a silent server answer again: another pod, a container that starts, a pod that becomes ready. */
export function newsOf(pod: V1Pod | undefined): string {
  const { conditions = [], containerStatuses = [] } = pod?.status ?? {}
  const ready = conditions.find(({ type }) => type === 'Ready')
  const restarts = containerStatuses.map(({ restartCount }) => restartCount)
  return [pod?.metadata?.uid, ready?.status, ready?.lastTransitionTime, ...restarts].join(' ')
}

export type DatabaseClaim = NonNullable<MeiliInstanceStatus['databaseClaims']>[number]

export interface Database extends DatabaseClaim {
  /** Name of its MeiliInstance; undefined where that one is gone, and has left its claim. */
  readonly instance: string | undefined
}

export interface OwnedDatabase extends Database {
  readonly instance: string
}

/** As far as they are known: of an instance that was not looked at yet they are not. */
export function databasesOf(instances: readonly MeiliInstance[]): readonly OwnedDatabase[] {
  return instances.flatMap((instance) =>
    (databaseClaimsOf(instance) ?? []).map((claim) => ({ ...claim, instance: instance.metadata.name })),
  )
}

/** Of a server that we run spec says it, before there is a pod, and status names what restores have added; of any other its pod was looked at. Undefined where that has not been done yet. */
export function databaseClaimsOf(instance: MeiliInstance): readonly DatabaseClaim[] | undefined {
  const { spec, status } = instance
  if (spec.managed === undefined) return status?.databaseClaims
  return managedDatabases(
    instance,
    spec.managed.storage.claimName === undefined
      ? (status?.databaseClaims ?? []).map(({ claimName }) => claimName)
      : [],
  )
}

/** @param names of its claims with data of any generation, and of those that are being filled */
export function managedDatabases(instance: MeiliInstance, names: readonly string[]): readonly DatabaseClaim[] {
  const first = instance.spec.managed?.storage.claimName ?? claimNameOf(instance, 'data')
  return [...new Set([first, ...names])].map((claimName) => ({ claimName, subPath: databaseDirectory }))
}
