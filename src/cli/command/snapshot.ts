// kubectl meili snapshot create, list and describe.
import { scheduleLabel } from '../../api/schedule.ts'
import { meiliSnapshots } from '../../api/snapshot.ts'
import { events } from '../../kube/resource.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { Conflict } from '../../errors.ts'
import type { Cluster, Snapshot } from '../cluster.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { newSnapshot, snapshotOfSchedule } from '../new/snapshot.ts'
import type { SnapshotFlags } from '../new/snapshot.ts'
import { fullName, formatList, formatObject } from '../terminal/print.ts'
import type { Format } from '../terminal/print.ts'
import { followedSnapshot } from '../view/followed.ts'
import { followToEnd } from './wait.ts'
import { snapshotDescription, snapshotTable } from '../view/snapshot.ts'
import type { KubeEvent } from '../view/description.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface RunFlags {
  readonly name?: string
  readonly dryRun: boolean
  readonly wait: boolean
  readonly timeoutMs: number | undefined
  readonly format: Format | undefined
}

export interface CreateFlags extends RunFlags, Omit<SnapshotFlags, 'instance'> {
  /** Either this, or a schedule. */
  readonly instance: string | undefined
  /** The schedule's name. */
  readonly from?: string
}

export async function runCreate(cluster: Cluster, terminal: Terminal, flags: CreateFlags): Promise<ExitCode> {
  const { instance: name, from } = flags
  if (from !== undefined && name !== undefined)
    throw new UserError(`Schedule ${from} says of which instance: leave out ${name}.`, exitCodes.usage)
  if (from !== undefined) return await runOfSchedule(cluster, terminal, { ...flags, schedule: from })
  if (name === undefined)
    throw new UserError(
      'Of which instance? kubectl meili snapshot create INSTANCE, or --from schedule/NAME.',
      exitCodes.usage,
    )
  const instance = await cluster.instance(name)
  const snapshots = flags.claim === undefined ? await cluster.snapshots(cluster.namespace) : []
  const object = newSnapshot({ ...flags, instance: name }, { instance, snapshots }, Date.now())
  return await createAndFollow(cluster, terminal, { object, flags })
}

/** One more run of a schedule, at once: it belongs to its retention like any other. */
export async function runOfSchedule(
  cluster: Cluster,
  terminal: Terminal,
  flags: RunFlags & { readonly schedule: string },
): Promise<ExitCode> {
  const schedule = await cluster.schedule(flags.schedule)
  return await createAndFollow(cluster, terminal, {
    object: snapshotOfSchedule(schedule, flags.name, Date.now()),
    flags,
  })
}

async function createAndFollow(
  cluster: Cluster,
  terminal: Terminal,
  { object, flags }: { object: KubeObject; flags: RunFlags },
): Promise<ExitCode> {
  const { dryRun, format } = flags
  const created = await create(cluster, object as Snapshot, dryRun)
  const isFollowed = flags.wait && !dryRun
  if (format === undefined) terminal.line(`${fullName(created)} created${dryRun ? ' (dry run)' : ''}`)
  else if (!isFollowed) terminal.document(formatObject(created, format))
  return isFollowed
    ? await followToEnd(cluster, terminal, { ...flags, name: created.metadata.name, followed: followedSnapshot })
    : exitCodes.done
}

async function create(cluster: Cluster, object: Snapshot, dryRun: boolean): Promise<Snapshot> {
  try {
    return await cluster.kube.create<Snapshot>(meiliSnapshots, object, { dryRun })
  } catch (error) {
    if (error instanceof Conflict)
      throw new UserError(
        `There is a MeiliSnapshot ${object.metadata.name} already, and one is taken only once: give another --name, or none.`,
      )
    throw error
  }
}

export interface ListFlags {
  readonly instance: string | undefined
  readonly allNamespaces: boolean
  readonly format: Format | undefined
}

export async function runList(cluster: Cluster, terminal: Terminal, flags: ListFlags): Promise<ExitCode> {
  const all = await cluster.snapshots(flags.allNamespaces ? undefined : cluster.namespace)
  const snapshots =
    flags.instance === undefined ? all : all.filter(({ spec }) => spec.source.instanceRef.name === flags.instance)
  const newestFirst = snapshots.toSorted((a, b) =>
    b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
  )
  if (flags.format !== undefined) terminal.document(formatList(newestFirst, flags.format))
  else if (snapshots.length === 0)
    terminal.line(
      `There is no MeiliSnapshot${flags.instance === undefined ? '' : ` of ${flags.instance}`} ${flags.allNamespaces ? 'in any namespace' : `in namespace ${cluster.namespace}`}. To take one: kubectl meili snapshot create INSTANCE`,
    )
  else
    for (const line of snapshotTable(newestFirst, { withNamespace: flags.allNamespaces, nowMs: Date.now() }))
      terminal.line(line)
  return exitCodes.done
}

export async function runDescribe(
  cluster: Cluster,
  terminal: Terminal,
  { name, format }: { name: string; format: Format | undefined },
): Promise<ExitCode> {
  const snapshot = await cluster.snapshot(name)
  if (format !== undefined) {
    terminal.document(formatObject(snapshot, format))
    return exitCodes.done
  }
  const isOfSchedule = snapshot.metadata.labels?.[scheduleLabel] !== undefined
  const [found, schedules] = await Promise.all([
    cluster.kube.listAll<KubeEvent>(events, {
      namespace: cluster.namespace,
      fieldSelector: `involvedObject.uid=${snapshot.metadata.uid}`,
    }),
    isOfSchedule ? cluster.knownSchedules(cluster.namespace) : undefined,
  ])
  for (const line of snapshotDescription(snapshot, { events: found, schedules }, Date.now())) terminal.line(line)
  return exitCodes.done
}
