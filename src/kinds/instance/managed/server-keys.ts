// Makes sure that a managed server has its two keys: the operator's, and the one for applications with its Secret. Pure.
import { instanceReasons } from '../../../api/instance.ts'
import { connectionSecretName, masterKeyReference } from '../../../reconcile/names/objects.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { connectionSecret, serviceUrl } from '../children/children.ts'
import { alivePod } from '../children/managed.ts'
import type { Managed } from '../children/managed.ts'
import { hasLostOwner } from '../children/ownership.ts'
import { pauses } from '../status/pauses.ts'
import { keyAnnotation } from '../children/server-pod.ts'
import { step, waiting } from '../status/verdict.ts'
import type { Step } from '../status/verdict.ts'

/** Without sight of them nothing is made: what looks absent may be somebody else's. */
export function secretRefused({ seen }: Managed): Step | undefined {
  return seen.secretRefused === undefined
    ? undefined
    : waiting({ reason: instanceReasons.ObjectRefused, message: seen.secretRefused })
}

/** A server that refuses our key, and runs with the master key that we know, has no such key yet. */
export function ownKeys({ instance, observation, seen, spec }: Managed): Step | undefined {
  const { server, endpoint } = observation
  const pod = alivePod({ instance, observation, seen, spec })
  if (
    server.state !== 'KeyRefused' ||
    endpoint === undefined ||
    pod?.metadata?.annotations?.[keyAnnotation] !== seen.keySecret?.key?.fingerprint
  )
    return undefined
  return step({
    reason: instanceReasons.KeysPending,
    message: "The operator's key and the key for applications are being made.",
    effects: [
      {
        kind: 'CreateKeys',
        server: { namespace: instance.metadata.namespace, endpoint, apiKey: masterKeyReference(instance) },
      },
    ],
    againMs: pauses.keysMs,
  })
}

/** Written anew whenever the address or the master key is another one. */
export function applicationKeys(managed: Managed): Step | undefined {
  const { instance, observation, seen } = managed
  if (observation.server.state !== 'Answered' || seen.connection?.isCurrent === true) return undefined
  return step({
    reason: instanceReasons.KeysPending,
    message: `Secret ${connectionSecretName(instance)} for applications is being written.`,
    effects: [applyConnection(managed)],
    againMs: pauses.keysMs,
  })
}

function applyConnection({ instance, seen, spec }: Managed): Effect {
  return {
    kind: 'ApplyConnection',
    secret: connectionSecret(instance),
    masterKey: masterKeyReference(instance),
    url: serviceUrl(instance, spec),
    uid: seen.connection?.metadata.uid,
  }
}

/** With what is in it: its owner alone cannot be applied without taking the rest away. */
export function adoptConnection(managed: Managed): readonly Effect[] {
  const { instance, seen } = managed
  return seen.keySecret?.key !== undefined && hasLostOwner(instance, seen.connection) ? [applyConnection(managed)] : []
}
