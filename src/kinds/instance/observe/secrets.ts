// Reads of a managed instance's Secrets whose they are, and only what gives no key away. Writes and judges nothing.
import type { MeiliInstance } from '../../../api/instance.ts'
import type { Connections } from '../../../perform/meilisearch-connections.ts'
import { TerminalError } from '../../../errors.ts'
import { connectionSecretName, masterKeyReference } from '../../../reconcile/names/objects.ts'
import { serviceUrl } from '../children/children.ts'
import type { ManagedSeen } from '../observation.ts'

/** A Secret that may not be read is no reason to see nothing of the rest. Both are named, in this order: one change of the list then does. */
export async function lookAtSecrets(
  connections: Connections,
  instance: MeiliInstance,
): Promise<Pick<ManagedSeen, 'keySecret' | 'connection' | 'secretRefused'>> {
  const { namespace } = instance.metadata
  const { name, key } = masterKeyReference(instance)
  const [keySecret, connection] = await Promise.all([
    orRefusal(connections.look({ namespace, name }, key)),
    orRefusal(connections.look({ namespace, name: connectionSecretName(instance) }, '')),
  ])
  if (typeof keySecret === 'string' || typeof connection === 'string') {
    return {
      keySecret: undefined,
      connection: undefined,
      secretRefused: [keySecret, connection].filter((seen) => typeof seen === 'string').join(' '),
    }
  }
  return {
    keySecret,
    connection:
      connection === undefined
        ? undefined
        : { metadata: connection.metadata, isCurrent: await isCurrent(connections, instance) },
    secretRefused: undefined,
  }
}

async function orRefusal<T>(read: Promise<T>): Promise<T | string> {
  try {
    return await read
  } catch (error) {
    if (error instanceof TerminalError) return error.message
    throw error
  }
}

async function isCurrent(connections: Connections, instance: MeiliInstance): Promise<boolean> {
  const { managed } = instance.spec
  const { namespace } = instance.metadata
  const wanted =
    managed === undefined
      ? undefined
      : await connections.connectionData(namespace, masterKeyReference(instance), serviceUrl(instance, managed))
  return wanted !== undefined && (await connections.holds({ namespace, name: connectionSecretName(instance) }, wanted))
}
