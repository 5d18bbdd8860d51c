// From an instance and its pod to the server that runs in it. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance } from '../api/instance.ts'
import type { ServerReference } from './decision.ts'

/** Undefined while the pod has no address. An IPv6 address is put in brackets. */
export function serverOf(instance: MeiliInstance, pod: V1Pod): ServerReference | undefined {
  const { scheme, port, apiKeySecretRef, tls } = instance.spec.existing
  const address = pod.status?.podIP
  if (address === undefined || address === '') return undefined
  return {
    namespace: instance.metadata.namespace,
    endpoint: `${scheme.toLowerCase()}://${address.includes(':') ? `[${address}]` : address}:${port}`,
    ...(apiKeySecretRef === undefined ? {} : { apiKey: apiKeySecretRef }),
    ...(tls?.caSecretRef === undefined ? {} : { ca: tls.caSecretRef }),
    ...(tls?.serverName === undefined ? {} : { serverName: tls.serverName }),
  }
}
