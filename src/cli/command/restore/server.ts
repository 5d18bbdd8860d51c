// kubectl meili restore SNAPSHOT --to NEW, and drill SNAPSHOT: a server beside those that there are, kept or thrown away.
import type { Sanitize } from '../../../api/fields/restore.ts'
import { meiliInstances } from '../../../api/instance.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { meiliRestores } from '../../../api/restore.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import type { Cluster } from '../../cluster.ts'
import { UserError } from '../../errors.ts'
import type { ExitCode } from '../../exit-codes.ts'
import { newRestore, sourceOf } from '../../new/restore.ts'
import type { RestoreSource } from '../../new/restore.ts'
import { newServer } from '../../new/server.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { createAndFollow, lookAtSource } from './make.ts'
import type { RunFlags } from './make.ts'

export interface ServerFlags extends RunFlags {
  readonly snapshot: string
  /** The new instance's name. */
  readonly to: string
  readonly dryRun: boolean
  readonly allowUpgrade?: true
  readonly size?: string
  readonly storageClass?: string
  readonly sanitize?: Partial<Sanitize>
}

/** Like the server that the snapshot is of. */
export async function runNewServer(cluster: Cluster, terminal: Terminal, flags: ServerFlags): Promise<ExitCode> {
  const source = sourceOf(flags.snapshot)
  const { instance, version } = await originOf(cluster, source)
  const { object, notes } = newServer(await cluster.instance(instance), {
    ...flags,
    name: flags.to,
    source,
    version,
    allowUpgrade: flags.allowUpgrade === true,
  })
  for (const note of notes) terminal.errorLine(note)
  return await createAndFollow(cluster, terminal, { object, flags, resource: meiliInstances })
}

/** Which instance the snapshot is of, and its version where it is known by now. */
async function originOf(
  cluster: Cluster,
  { snapshotRef, latestOf }: RestoreSource,
): Promise<{ instance: string; version: string | undefined }> {
  if (latestOf !== undefined) {
    const { spec } = await cluster.schedule(latestOf.schedule.name)
    return { instance: spec.template.spec.source.instanceRef.name, version: undefined }
  }
  const { spec, status } = await cluster.snapshot(snapshotRef?.name ?? '')
  const ready = conditionNamed(status?.conditions, conditionTypes.Ready)
  if (status?.phase === 'Failed')
    throw new UserError(
      `MeiliSnapshot ${snapshotRef?.name ?? ''} has failed, there is nothing to restore: ${ready?.reason ?? ''}: ${ready?.message ?? ''}`,
    )
  return { instance: spec.source.instanceRef.name, version: status?.artifact?.meilisearchVersion }
}

export interface DrillFlags extends RunFlags {
  readonly snapshot: string
  readonly query: readonly { readonly index: string; readonly q: string }[] | undefined
  readonly size?: string
  readonly storageClass?: string
}

/** A server is started on a copy, asked, and thrown away. */
export async function runDrill(cluster: Cluster, terminal: Terminal, flags: DrillFlags): Promise<ExitCode> {
  const source = sourceOf(flags.snapshot)
  const scratch = {
    ...(flags.size === undefined ? {} : { size: flags.size }),
    ...(flags.storageClass === undefined ? {} : { storageClassName: flags.storageClass }),
    ...(flags.query === undefined ? {} : { queries: flags.query }),
  }
  await lookAtSource(cluster, source)
  const calledAfter = `drill-${source.snapshotRef?.name ?? source.latestOf?.schedule.name ?? ''}`
  const parts = { namespace: cluster.namespace, name: flags.name, source, target: { scratch }, calledAfter }
  return await createAndFollow(cluster, terminal, {
    object: newRestore(parts, Date.now()),
    flags,
    resource: meiliRestores,
  })
}
