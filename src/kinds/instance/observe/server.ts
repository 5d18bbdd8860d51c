// Asks one server for its version, its contents and what our key may do. Writes and judges nothing.
import type { MeiliInstanceStatus } from '../../../api/instance.ts'
import type { MeilisearchClient } from '../../../meilisearch/client.ts'
import { rightsOf } from '../../../meilisearch/rights.ts'
import { certificateRejected, unfitReply } from '../../../meilisearch/transport.ts'
import type { Connections } from '../../../perform/meilisearch-connections.ts'
import type { ServerReference } from '../../../reconcile/decision.ts'
import { NotFound, TerminalError, TransientError } from '../../../errors.ts'
import type { ServerSeen, UpgradeTask } from '../observation.ts'

/** Whoever answers otherwise than Meilisearch would (a mesh, a proxy, another program) is as good as silent, and its words are kept. */
export async function askServer(
  connections: Connections,
  { server, news }: { readonly server: ServerReference; readonly news: string },
  upgrade: MeiliInstanceStatus['upgrade'],
): Promise<ServerSeen> {
  const connection = await connections.open(server)
  if (connection.state !== 'Open') return connection
  try {
    return await connection.client.ask({ news }, async (client) => await readServer(client, upgrade))
  } catch (error) {
    if (!(error instanceof TransientError || error instanceof TerminalError || error instanceof NotFound)) throw error
    if (error.code === 'mustRestart') return { state: 'MustRestart' }
    if (error.code === certificateRejected) return { state: 'CertificateRejected', message: error.message }
    return {
      state: 'Unreachable',
      message: error.message,
      isAnswer: error.status !== undefined || error.code === unfitReply,
    }
  }
}

async function readServer(client: MeilisearchClient, upgrade: MeiliInstanceStatus['upgrade']): Promise<ServerSeen> {
  await client.health()
  const rights = await rightsOf(client)
  if (rights.state === 'Refused') return { state: 'KeyRefused', message: rights.message }
  if (rights.state === 'TooWeak') return { state: 'KeyTooWeak', missing: rights.missing }
  if (rights.state === 'Scoped') return { state: 'KeyScoped' }
  const { pkgVersion } = await client.version()
  const stats = await client.stats()
  return {
    state: 'Answered',
    version: pkgVersion,
    ...(upgrade === undefined || upgrade.step === 'Done' || upgrade.to !== pkgVersion
      ? {}
      : { upgradeTask: await upgradeTask(client) }),
    database: {
      sizeBytes: stats.databaseSize,
      usedBytes: stats.usedDatabaseSize ?? undefined,
      indexes: stats.indexes.count,
      documents: stats.indexes.documents,
      lastUpdate: stats.lastUpdate ?? undefined,
    },
  }
}

async function upgradeTask(client: MeilisearchClient): Promise<UpgradeTask> {
  const task = await client.newestUpgrade()
  return task === undefined ? 'None' : { status: task.status, error: task.error?.message }
}
