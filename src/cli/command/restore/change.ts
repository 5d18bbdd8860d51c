// kubectl meili restore rollback and cleanup: back to the data from before, or that data is given up.
import { cleanUpAnnotation, cleanUpWord, meiliRestores } from '../../../api/restore.ts'
import type { Cluster, Restore } from '../../cluster.ts'
import { UserError } from '../../errors.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { ExitCode } from '../../exit-codes.ts'
import { meiliIn, operand } from '../../terminal/shell.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { canGoBack, instanceIn } from '../../view/restore/names.ts'
import { followedRestore, oldDataText } from '../../view/restore/progress.ts'
import { patch, report } from '../patch.ts'
import type { PatchFlags } from '../patch.ts'
import { followToEnd } from '../wait.ts'

export interface RollbackFlags extends PatchFlags {
  readonly wait: boolean
  readonly timeoutMs: number | undefined
}

export async function runRollback(cluster: Cluster, terminal: Terminal, flags: RollbackFlags): Promise<ExitCode> {
  const [restore] = await restoresMeant(cluster, flags.name, (each) => canGoBack(each) || isGoingBack(each))
  if (restore === undefined)
    throw new UserError(
      `No restore of instance ${flags.name} in namespace ${cluster.namespace} can be undone: none is at work, and none has its old data. Restore an older snapshot: ${meiliIn(cluster.namedNamespace)} restore SNAPSHOT --in-place ${operand(flags.name)} --dry-run`,
    )
  checkRollback(restore)
  const { name } = restore.metadata
  const wasAsked = restore.spec.rollback
  const isFollowed = flags.wait && !flags.dryRun
  const body = { spec: { rollback: true } }
  const change = { ...flags, name }
  const after = wasAsked ? restore : await patch<Restore>(cluster, { kind: meiliRestores, body }, change)
  if (flags.format === undefined || !isFollowed)
    report(terminal, after, {
      did: wasAsked ? 'goes back already' : 'goes back',
      said: rollbackText(restore),
      flags: change,
    })
  if (!isFollowed) return exitCodes.done
  return await followToEnd(cluster, terminal, { ...change, followed: followedRestore(cluster) })
}

const isGoingBack = ({ spec, status }: Restore): boolean =>
  spec.rollback && spec.target.inPlace !== undefined && status?.phase !== 'RolledBack' && status?.phase !== 'Failed'

function rollbackText({ status, ...restore }: Restore): string {
  const instance = instanceIn(restore) ?? ''
  const { oldData, switched } = status ?? {}
  if (oldData === undefined) return `${instance} keeps the data that it has.`
  const now = switched === undefined ? '' : ` What was written since stays on claim ${switched.to.claimName}.`
  return `${instance} gets back the data on ${oldDataText(oldData)}.${now}`
}

/** Nothing of one that failed. */
const safetyText = ({ safety }: NonNullable<Restore['status']>): string =>
  safety?.snapshot === undefined || safety.skipped !== undefined ? '' : `; a snapshot of it: ${safety.snapshot}`

/** Why there is nothing to go back to, where that is so. */
function checkRollback(restore: Restore): void {
  if (canGoBack(restore) || isGoingBack(restore)) return
  const { metadata, spec, status } = restore
  const because =
    spec.target.inPlace === undefined
      ? 'only a restore in place replaces the data of a server'
      : spec.mode === 'DryRun'
        ? 'it is a plan, and nothing was changed'
        : status?.phase === 'Completed'
          ? `its old data is not there any more${safetyText(status)}`
          : `it is ${status?.phase ?? 'new'} already, and the data from before serves`
  throw new UserError(`MeiliRestore ${metadata.name} cannot be undone: ${because}.`)
}

/** The annotation is the whole request: the operator deletes the claim, once a snapshot of the new data has completed. */
export async function runCleanUp(cluster: Cluster, terminal: Terminal, flags: PatchFlags): Promise<ExitCode> {
  const restores = await restoresMeant(cluster, flags.name, ({ status }) => status?.oldData !== undefined)
  const kept = restores.filter(({ status }) => status?.oldData !== undefined)
  if (kept.length === 0)
    throw new UserError(
      `${flags.name} in namespace ${cluster.namespace} has no old data: there is nothing to clean up.`,
    )
  for (const { metadata, status } of kept) {
    const body = { metadata: { annotations: { [cleanUpAnnotation]: cleanUpWord({ status }) } } }
    const change = { ...flags, name: metadata.name }
    const after = await patch<Restore>(cluster, { kind: meiliRestores, body }, change)
    report(terminal, after, { did: 'is cleaned up', said: cleanUpText(status?.oldData), flags: change })
  }
  return exitCodes.done
}

function cleanUpText(oldData: NonNullable<Restore['status']>['oldData']): string {
  const claim = oldData === undefined ? 'The claim' : oldDataText(oldData)
  return oldData?.removable === true
    ? `Deleted for good: ${claim}. There is no way back any more.`
    : `Deleted for good once a snapshot of the restored data has completed: ${claim}.`
}

/** The restore of this name; else those of the instance of this name, the newest first, for which `isMeant` holds. */
async function restoresMeant(
  cluster: Cluster,
  name: string,
  isMeant: (restore: Restore) => boolean,
): Promise<readonly Restore[]> {
  const all = await cluster.restores(cluster.namespace)
  const named = all.find(({ metadata }) => metadata.name === name)
  if (named !== undefined) return [named]
  const ofInstance = all.filter((restore) => instanceIn(restore) === name)
  // Names those that there are.
  if (ofInstance.length === 0) return [await cluster.restore(name)]
  return ofInstance
    .filter(isMeant)
    .toSorted((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))
}
