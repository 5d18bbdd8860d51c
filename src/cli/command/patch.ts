// Commands that change one thing of one object, by a patch: confirm, suspend and resume a schedule, keep a snapshot.
import { confirmAnnotation, keepAnnotation, meiliSnapshotSchedules, scheduleLabel } from '../../api/schedule.ts'
import { meiliSnapshots } from '../../api/snapshot.ts'
import type { KubeObject, Resource } from '../../kube/resource.ts'
import type { Cluster, Schedule, Snapshot } from '../cluster.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formatObject, fullName } from '../terminal/print.ts'
import type { Format } from '../terminal/print.ts'
import { operand } from '../terminal/shell.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { heldLines } from '../view/schedule-description.ts'

export interface PatchFlags {
  readonly name: string
  readonly dryRun: boolean
  readonly format: Format | undefined
}

/** Stands for what it changed, in managedFields. */
const fieldManager = 'kubectl-meili'

export async function patch<T extends KubeObject>(
  cluster: Cluster,
  { kind, body }: { kind: Resource; body: object },
  { name, dryRun }: PatchFlags,
): Promise<T> {
  const { kube, namespace } = cluster
  return await kube.patch<T>(kind, { namespace, name }, { type: 'merge', body, fieldManager, dryRun })
}

/** @param said what else there is to say, to people alone */
export function report(
  terminal: Terminal,
  object: KubeObject,
  { did, said, flags }: { did: string; said?: string; flags: PatchFlags },
): ExitCode {
  if (flags.format !== undefined) terminal.document(formatObject(object, flags.format))
  else {
    terminal.line(`${fullName(object)} ${did}${flags.dryRun ? ' (dry run)' : ''}`)
    if (said !== undefined) terminal.line(said, 'dim')
  }
  return exitCodes.done
}

/** Shows first what is held and what is to come; the hash makes sure that exactly this is confirmed. */
export async function runConfirm(cluster: Cluster, terminal: Terminal, flags: PatchFlags): Promise<ExitCode> {
  const schedule = await cluster.schedule(flags.name)
  const { held } = schedule.status ?? {}
  if (held === undefined)
    throw new UserError(`Retention of MeiliSnapshotSchedule ${flags.name} is not held: there is nothing to confirm.`)
  if (flags.format === undefined) for (const line of heldLines(schedule, Date.now())) terminal.line(line)
  const body = { metadata: { annotations: { [confirmAnnotation]: held.hash } } }
  const confirmed = await patch<Schedule>(cluster, { kind: meiliSnapshotSchedules, body }, flags)
  return report(terminal, confirmed, { did: 'confirmed', flags })
}

export async function runSuspend(
  cluster: Cluster,
  terminal: Terminal,
  { suspend, ...flags }: PatchFlags & { readonly suspend: boolean },
): Promise<ExitCode> {
  const before = await cluster.schedule(flags.name)
  const body = { spec: { suspend } }
  const after = await patch<Schedule>(cluster, { kind: meiliSnapshotSchedules, body }, flags)
  const did = suspend ? 'suspended' : 'resumed'
  return report(terminal, after, {
    did: before.spec.suspend === suspend ? `was ${did} already` : did,
    said: `${suspend ? 'Slots that pass meanwhile never run.' : 'Slots that have passed meanwhile do not run.'} If it comes from Git, change spec.suspend there: the next sync puts it back.`,
    flags,
  })
}

/** Pins a snapshot, or with `undo` leaves it to retention again. */
export async function runKeep(
  cluster: Cluster,
  terminal: Terminal,
  { undo, ...flags }: PatchFlags & { readonly undo: boolean },
): Promise<ExitCode> {
  const { metadata } = await cluster.snapshot(flags.name)
  const body = { metadata: { annotations: { [keepAnnotation]: undo ? null : 'true' } } }
  const snapshot = await patch<Snapshot>(cluster, { kind: meiliSnapshots, body }, flags)
  const owner = metadata.labels?.[scheduleLabel]
  const free =
    owner === undefined
      ? 'It is of no schedule: no retention deletes it anyway.'
      : `The retention of schedule ${owner} judges it again.`
  const pinned = `No retention deletes it or counts it. To leave it to retention again: kubectl meili snapshot keep ${operand(flags.name)} --undo`
  return report(terminal, snapshot, {
    did: undo ? 'is kept no longer' : 'is kept',
    said: undo || owner === undefined ? free : pinned,
    flags,
  })
}
