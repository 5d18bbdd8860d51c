// What makes a MeiliRestore or a server: creates the object, says so, and follows it where that is asked for.
import { meiliRestores } from '../../../api/restore.ts'
import type { KubeObject, Resource } from '../../../kube/resource.ts'
import { Conflict } from '../../../errors.ts'
import type { Cluster, Instance } from '../../cluster.ts'
import { UserError } from '../../errors.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { ExitCode } from '../../exit-codes.ts'
import type { RestoreSource } from '../../new/restore.ts'
import { fullName, formatObject } from '../../terminal/print.ts'
import type { Format } from '../../terminal/print.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { followedServer } from '../../view/restore/server.ts'
import { followedRestore } from '../../view/restore/progress.ts'
import { followToEnd } from '../wait.ts'

export interface RunFlags {
  readonly name?: string | undefined
  readonly wait: boolean
  readonly timeoutMs: number | undefined
  readonly format: Format | undefined
}

/** A name that is mistyped is said at once, not after a deadline. */
export async function lookAtSource(cluster: Cluster, { snapshotRef, latestOf }: RestoreSource): Promise<void> {
  if (snapshotRef !== undefined) await cluster.snapshot(snapshotRef.name)
  if (latestOf !== undefined) await cluster.schedule(latestOf.schedule.name)
}

type MakeFlags = RunFlags & { readonly dryRun?: boolean }
interface Made {
  readonly object: KubeObject
  readonly flags: MakeFlags
  readonly resource: Resource
}

export async function createAndFollow(
  cluster: Cluster,
  terminal: Terminal,
  { object, flags, resource }: Made,
): Promise<ExitCode> {
  const { dryRun = false, format } = flags
  const created = await create(cluster, { resource, object, dryRun })
  if (format === undefined) terminal.line(`${fullName(created)} created${dryRun ? ' (dry run)' : ''}`)
  else if (!flags.wait || dryRun) terminal.document(formatObject(created, format))
  if (dryRun) return exitCodes.done
  const { name } = created.metadata
  if (resource === meiliRestores) return await followOrSay(cluster, terminal, { name, flags })
  return flags.wait
    ? await followToEnd<Instance>(cluster, terminal, { ...flags, name, followed: followedServer })
    : exitCodes.done
}

export async function followOrSay(
  cluster: Cluster,
  terminal: Terminal,
  { name, flags }: { name: string; flags: RunFlags },
): Promise<ExitCode> {
  const followed = followedRestore(cluster)
  if (flags.wait) return await followToEnd(cluster, terminal, { ...flags, name, followed })
  if (flags.format === undefined) terminal.line(`to follow it: ${followed.again(name)}`, 'dim')
  return exitCodes.done
}

export async function create(
  cluster: Cluster,
  { resource, object, dryRun }: { resource: Resource; object: KubeObject; dryRun: boolean },
): Promise<KubeObject> {
  try {
    return await cluster.kube.create<KubeObject>(resource, object, { dryRun })
  } catch (error) {
    if (error instanceof Conflict)
      throw new UserError(
        `There is a ${resource.kind} ${object.metadata.name} already in namespace ${cluster.namespace}: give another name.`,
      )
    throw error
  }
}
