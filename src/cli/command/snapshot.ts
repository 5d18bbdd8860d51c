// kubectl meili snapshot create, list and describe.
import { meiliSnapshots } from '../../api/snapshot.ts'
import { events } from '../../kube/resource.ts'
import { Conflict } from '../../errors.ts'
import type { Cluster, Snapshot } from '../cluster.ts'
import { Complaint } from '../complaint.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { newSnapshot } from '../new-snapshot.ts'
import type { SnapshotWish } from '../new-snapshot.ts'
import { fullName, printedList, printedObject } from '../terminal/print.ts'
import type { Format } from '../terminal/print.ts'
import { followToEnd } from './wait.ts'
import { snapshotStory, snapshotTable } from '../view/snapshot.ts'
import type { KubeEvent } from '../view/snapshot.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface CreateWish extends SnapshotWish {
  readonly dryRun: boolean
  readonly wait: boolean
  readonly timeoutMs: number | undefined
  readonly format: Format | undefined
}

export async function runCreate(cluster: Cluster, terminal: Terminal, wish: CreateWish): Promise<ExitCode> {
  const { dryRun, format } = wish
  const instance = await cluster.instance(wish.instance)
  const snapshots = wish.claim === undefined ? await cluster.snapshots(cluster.namespace) : []
  const object = newSnapshot(wish, { instance, snapshots }, Date.now())
  const created = await create(cluster, object as Snapshot, dryRun)
  const isFollowed = wish.wait && !dryRun
  if (format === undefined) terminal.line(`${fullName(created)} created${dryRun ? ' (dry run)' : ''}`)
  else if (!isFollowed) terminal.document(printedObject(created, format))
  return isFollowed ? await followToEnd(cluster, terminal, { ...wish, name: created.metadata.name }) : exitCodes.done
}

async function create(cluster: Cluster, object: Snapshot, dryRun: boolean): Promise<Snapshot> {
  try {
    return await cluster.kube.create<Snapshot>(meiliSnapshots, object, { dryRun })
  } catch (error) {
    if (error instanceof Conflict)
      throw new Complaint(
        `There is a MeiliSnapshot ${object.metadata.name} already, and one is taken only once: give another --name, or none.`,
      )
    throw error
  }
}

export interface ListWish {
  readonly instance: string | undefined
  readonly allNamespaces: boolean
  readonly format: Format | undefined
}

export async function runList(cluster: Cluster, terminal: Terminal, wish: ListWish): Promise<ExitCode> {
  const all = await cluster.snapshots(wish.allNamespaces ? undefined : cluster.namespace)
  const snapshots =
    wish.instance === undefined ? all : all.filter(({ spec }) => spec.source.instanceRef.name === wish.instance)
  const newestFirst = snapshots.toSorted((a, b) =>
    b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
  )
  if (wish.format !== undefined) terminal.document(printedList(newestFirst, wish.format))
  else if (snapshots.length === 0)
    terminal.line(
      `There is no MeiliSnapshot${wish.instance === undefined ? '' : ` of ${wish.instance}`} ${wish.allNamespaces ? 'in any namespace' : `in namespace ${cluster.namespace}`}. To take one: kubectl meili snapshot create INSTANCE`,
    )
  else
    for (const line of snapshotTable(newestFirst, { withNamespace: wish.allNamespaces, nowMs: Date.now() }))
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
    terminal.document(printedObject(snapshot, format))
    return exitCodes.done
  }
  const told = await cluster.kube.listAll<KubeEvent>(events, {
    namespace: cluster.namespace,
    fieldSelector: `involvedObject.uid=${snapshot.metadata.uid}`,
  })
  for (const line of snapshotStory(snapshot, told, Date.now())) terminal.line(line)
  return exitCodes.done
}
