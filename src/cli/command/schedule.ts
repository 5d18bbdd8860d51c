// kubectl meili schedule list and describe.
import { meiliSnapshots } from '../../api/snapshot.ts'
import { events } from '../../kube/resource.ts'
import type { Cluster, Snapshot } from '../cluster.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formatList, formatObject } from '../terminal/print.ts'
import type { Format } from '../terminal/print.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { KubeEvent } from '../view/description.ts'
import { instanceOf, scheduleTable } from '../view/schedule.ts'
import { scheduleDescription } from '../view/schedule-description.ts'

export interface ScheduleListFlags {
  readonly instance: string | undefined
  readonly allNamespaces: boolean
  readonly format: Format | undefined
}

export async function runScheduleList(
  cluster: Cluster,
  terminal: Terminal,
  { instance, allNamespaces, format }: ScheduleListFlags,
): Promise<ExitCode> {
  const all = await cluster.schedules(allNamespaces ? undefined : cluster.namespace)
  const schedules = instance === undefined ? all : all.filter((schedule) => instanceOf(schedule) === instance)
  if (format !== undefined) terminal.document(formatList(schedules, format))
  else if (schedules.length === 0)
    terminal.line(
      `There is no MeiliSnapshotSchedule${instance === undefined ? '' : ` of ${instance}`} ${allNamespaces ? 'in any namespace' : `in namespace ${cluster.namespace}`}. To begin with: examples/nightly.yaml`,
    )
  else
    for (const line of scheduleTable(schedules, { withNamespace: allNamespaces, nowMs: Date.now() }))
      terminal.line(line)
  return exitCodes.done
}

export async function runScheduleDescribe(
  cluster: Cluster,
  terminal: Terminal,
  { name, format }: { name: string; format: Format | undefined },
): Promise<ExitCode> {
  const schedule = await cluster.schedule(name)
  if (format !== undefined) {
    terminal.document(formatObject(schedule, format))
    return exitCodes.done
  }
  const { namespace } = cluster
  const failedName = schedule.status?.lastFailure?.name
  const [found, failed] = await Promise.all([
    cluster.kube.listAll<KubeEvent>(events, {
      namespace,
      fieldSelector: `involvedObject.uid=${schedule.metadata.uid}`,
    }),
    failedName === undefined ? undefined : cluster.kube.find<Snapshot>(meiliSnapshots, { namespace, name: failedName }),
  ])
  for (const line of scheduleDescription(schedule, { events: found, failed }, Date.now())) terminal.line(line)
  return exitCodes.done
}
