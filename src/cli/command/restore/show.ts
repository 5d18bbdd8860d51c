// kubectl meili restore list and describe.
import { events } from '../../../kube/resource.ts'
import type { Cluster } from '../../cluster.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { ExitCode } from '../../exit-codes.ts'
import { formatList, formatObject } from '../../terminal/print.ts'
import type { Format } from '../../terminal/print.ts'
import { meiliIn } from '../../terminal/shell.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { KubeEvent } from '../../view/description.ts'
import { instanceIn } from '../../view/restore/names.ts'
import { restoreDescription, restoreTable } from '../../view/restore/table.ts'

export interface RestoreListFlags {
  readonly instance: string | undefined
  readonly allNamespaces: boolean
  readonly format: Format | undefined
}

export async function runRestoreList(
  cluster: Cluster,
  terminal: Terminal,
  { instance, allNamespaces, format }: RestoreListFlags,
): Promise<ExitCode> {
  const all = await cluster.restores(allNamespaces ? undefined : cluster.namespace)
  const restores = (instance === undefined ? all : all.filter((restore) => instanceIn(restore) === instance)).toSorted(
    (a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
  )
  if (format !== undefined) terminal.document(formatList(restores, format))
  else if (restores.length === 0)
    terminal.line(
      `There is no MeiliRestore${instance === undefined ? '' : ` of ${instance}`} ${allNamespaces ? 'in any namespace' : `in namespace ${cluster.namespace}`}. To see what one would do: kubectl meili restore SNAPSHOT --in-place INSTANCE --dry-run`,
    )
  else
    for (const line of restoreTable(restores, { withNamespace: allNamespaces, nowMs: Date.now() })) terminal.line(line)
  return exitCodes.done
}

export async function runRestoreDescribe(
  cluster: Cluster,
  terminal: Terminal,
  { name, format }: { name: string; format: Format | undefined },
): Promise<ExitCode> {
  const restore = await cluster.restore(name)
  if (format !== undefined) {
    terminal.document(formatObject(restore, format))
    return exitCodes.done
  }
  const found = await cluster.kube.listAll<KubeEvent>(events, {
    namespace: cluster.namespace,
    fieldSelector: `involvedObject.uid=${restore.metadata.uid}`,
  })
  const context = { events: found, meili: meiliIn(cluster.namedNamespace) }
  for (const line of restoreDescription(restore, context, Date.now())) terminal.line(line)
  return exitCodes.done
}
