// Asks the server that is restored in place for its version, its contents and its API keys. Reads only; of a key it keeps name and time.
import type { V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../api/instance.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { sentence } from '../../../api/status/text.ts'
import { NotFound, TerminalError, TransientError } from '../../../errors.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { pods } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import type { Connections } from '../../../perform/meilisearch-connections.ts'
import type { ServerReference } from '../../../reconcile/decision.ts'
import { newsOf, serverOf } from '../../../reconcile/server-reference.ts'
import type { KeySeen, ServerSeen } from '../observation.ts'

interface World {
  readonly kube: KubeClient
  readonly connections: Connections
}

interface Asked {
  readonly restore: MeiliRestore
  readonly instance: MeiliInstance | undefined
}

/** In between nothing rests on what it says. */
const asking: ReadonlySet<string | undefined> = new Set([undefined, 'Pending', 'Planned', 'Starting'])

export async function askServer(world: World, { restore, instance }: Asked): Promise<ServerSeen> {
  const { phase } = restore.status ?? {}
  const seen = instance?.status?.pod
  if (instance?.spec.managed === undefined || seen === undefined || !asking.has(phase)) return { is: 'notAsked' }
  const { namespace } = instance.metadata
  const pod = await world.kube.find<V1Pod & KubeObject>(pods, { namespace, name: seen.name })
  const server = pod?.metadata.uid === seen.uid ? serverOf(instance, pod) : undefined
  if (server === undefined) return { is: 'silent', message: `Pod ${seen.name} is gone, or has no address.` }
  const look = { server, news: newsOf(pod) }
  const answer = await readContents(world.connections, look)
  if (answer.is !== 'answered' || phase === 'Starting') return answer
  return { ...answer, keys: await readKeys(world.connections, look) }
}

interface Look {
  readonly server: ServerReference
  readonly news: string
}

async function readContents(connections: Connections, { server, news }: Look): Promise<ServerSeen> {
  const connection = await connections.open(server)
  if (connection.state !== 'Open') return { is: 'silent', message: sentence(connection.message) }
  try {
    return await connection.client.ask({ news }, async (client) => {
      const { pkgVersion } = await client.version()
      const { indexes, lastUpdate } = await client.stats()
      const { count, documents, listed } = indexes
      const contents = { indexes: count, documents, listed, lastUpdate: lastUpdate ?? undefined }
      return { is: 'answered', version: pkgVersion, ...contents, keys: undefined }
    })
  } catch (error) {
    if (!isAnswer(error)) throw error
    return { is: 'silent', message: sentence(error.message) }
  }
}

/** With the master key, which alone may list keys. Whatever keeps it from that keeps nothing up. */
async function readKeys(
  connections: Connections,
  { server: { keyUid: _, ...asMaster }, news }: Look,
): Promise<readonly KeySeen[] | undefined> {
  const connection = await connections.open(asMaster)
  if (connection.state !== 'Open') return undefined
  try {
    return await connection.client.ask({ news }, async (client) => await client.keys())
  } catch (error) {
    if (!isAnswer(error)) throw error
    return undefined
  }
}

const isAnswer = (error: unknown): error is Error =>
  error instanceof TransientError || error instanceof TerminalError || error instanceof NotFound
