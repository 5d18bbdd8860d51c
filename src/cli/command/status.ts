// kubectl meili status [INSTANCE]: shows all instances and their snapshots on one screen.
import { sizeText } from '../../reconcile/format.ts'
import type { Cluster, Instance, Snapshot } from '../cluster.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formatValue, formatList } from '../terminal/print.ts'
import type { Format } from '../terminal/print.ts'
import { operand } from '../terminal/shell.ts'
import { snapshotTable } from '../view/snapshot.ts'
import { newest } from '../view/last-snapshot.ts'
import { instanceOf } from '../view/schedule.ts'
import { statusReport } from '../view/status-report.ts'
import type { InstanceReport } from '../view/status-report.ts'
import { tableLines, withoutEmptyColumns } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { ageText, countText, untilText } from '../terminal/format.ts'

export interface StatusFlags {
  readonly name: string | undefined
  readonly allNamespaces: boolean
  readonly format: Format | undefined
}

/** With one instance named, its newest snapshots are shown, this many. */
const shownSnapshots = 10

export async function runStatus(cluster: Cluster, terminal: Terminal, flags: StatusFlags): Promise<ExitCode> {
  const { name, format } = flags
  if (name !== undefined && flags.allNamespaces)
    throw new UserError(`An instance is named by its namespace and its name: leave out -A, or ${name}.`)
  const namespace = flags.allNamespaces ? undefined : cluster.namespace
  const [instances, everySnapshot, everySchedule, everyRestore] = await Promise.all([
    name === undefined ? cluster.instances(namespace) : cluster.instance(name).then((one) => [one]),
    cluster.snapshots(namespace),
    cluster.knownSchedules(namespace),
    cluster.knownRestores(namespace),
  ])
  const snapshots =
    name === undefined ? everySnapshot : everySnapshot.filter(({ spec }) => spec.source.instanceRef.name === name)
  const schedules =
    name === undefined ? everySchedule : everySchedule?.filter((schedule) => instanceOf(schedule) === name)
  const report = statusReport({ instances, snapshots, schedules, restores: everyRestore }, Date.now())
  if (format === 'name') terminal.document(formatList(instances, format))
  else if (format !== undefined) terminal.document(formatValue({ instances: report }, format))
  else show(terminal, { instances, snapshots, report, flags, where: cluster.namespace })
  return exitCodes.done
}

interface Shown {
  readonly instances: readonly Instance[]
  readonly snapshots: readonly Snapshot[]
  readonly report: readonly InstanceReport[]
  readonly flags: StatusFlags
  readonly where: string
}

function show(terminal: Terminal, { snapshots, report, flags, where }: Shown): void {
  if (report.length === 0) {
    const scope = flags.allNamespaces ? 'in any namespace' : `in namespace ${where}`
    terminal.line(`There is no MeiliInstance ${scope}. One for a server that runs already: kubectl meili adopt`)
    return
  }
  const nowMs = Date.now()
  for (const line of instanceTable(report, flags.allNamespaces, nowMs)) terminal.line(line)
  showRunning(terminal, report, flags.allNamespaces)
  showSchedules(terminal, report, { withNamespace: flags.allNamespaces, nowMs })
  showProblems(terminal, report, flags.allNamespaces)
  if (flags.name === undefined || snapshots.length === 0) return
  terminal.line('')
  const youngest = snapshots
    .toSorted((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))
    .slice(0, shownSnapshots)
  for (const line of snapshotTable(youngest, { withNamespace: false, nowMs })) terminal.line(line)
  const { length } = snapshots
  const kept = newest(snapshots.filter(({ status }) => status?.phase === 'Completed'))?.status?.artifact
  if (length > shownSnapshots)
    terminal.line(
      `and ${countText(length - shownSnapshots)} older: kubectl meili snapshot list ${operand(flags.name)}`,
      'dim',
    )
  if (kept !== undefined)
    terminal.line(
      `newest: claim ${kept.claimName}, ${kept.path}/${kept.fileName}, Meilisearch ${kept.meilisearchVersion}`,
      'dim',
    )
}

const title = ({ namespace, name }: InstanceReport, withNamespace: boolean): string =>
  withNamespace ? `${namespace}/${name}` : name

function instanceTable(report: readonly InstanceReport[], withNamespace: boolean, nowMs: number): string[] {
  const rows = report.map(({ namespace, name, version, ready, documents, sizeBytes, lastSnapshot }) => [
    ...(withNamespace ? [namespace] : []),
    name,
    version ?? '-',
    ready ? 'yes' : 'no',
    documents === undefined ? '-' : countText(documents),
    sizeBytes === undefined ? '-' : sizeText(sizeBytes),
    lastSnapshot?.name ?? '-',
    lastSnapshot === undefined ? '-' : ageText(lastSnapshot.completedAt, nowMs),
    lastSnapshot?.sizeBytes === undefined ? '-' : sizeText(lastSnapshot.sizeBytes),
  ])
  const head = [
    ...(withNamespace ? ['NAMESPACE'] : []),
    'INSTANCE',
    'VERSION',
    'READY',
    'DOCUMENTS',
    'SIZE',
    'LAST SNAPSHOT',
    'AGE',
    'STORED',
  ]
  return tableLines(head, rows)
}

function showRunning(terminal: Terminal, report: readonly InstanceReport[], withNamespace: boolean): void {
  const rows = report.flatMap((one) =>
    one.running.map(({ name, phase, percent, about }) => [
      name,
      title(one, withNamespace),
      phase,
      percent === undefined ? '' : `${percent} %`,
      about,
    ]),
  )
  if (rows.length === 0) return
  const shown = withoutEmptyColumns(['RUNNING', 'OF', 'PHASE', 'PROGRESS', 'NOW'], rows)
  terminal.line('')
  for (const line of tableLines(shown.head, shown.rows)) terminal.line(line)
}

function showSchedules(
  terminal: Terminal,
  report: readonly InstanceReport[],
  { withNamespace, nowMs }: { withNamespace: boolean; nowMs: number },
): void {
  const rows = report.flatMap((one) =>
    one.schedules.map(({ name, when, suspended, nextSlot, lastSuccess, kept }) => [
      name,
      title(one, withNamespace),
      when,
      lastSuccess === undefined ? 'never' : `${ageText(lastSuccess, nowMs)} ago`,
      suspended ? 'suspended' : nextSlot === undefined ? '-' : untilText(nextSlot, nowMs),
      kept === undefined ? '-' : countText(kept),
    ]),
  )
  if (rows.length === 0) return
  terminal.line('')
  for (const line of tableLines(['SCHEDULE', 'OF', 'WHEN', 'LAST GOOD', 'NEXT', 'KEPT'], rows)) terminal.line(line)
}

function showProblems(terminal: Terminal, report: readonly InstanceReport[], withNamespace: boolean): void {
  const linesOf = (of: (one: InstanceReport) => readonly string[]): string[] =>
    report.flatMap((one) => of(one).map((text) => `instance ${title(one, withNamespace)}: ${text}`))
  const problems = linesOf((one) => one.problems)
  const warnings = linesOf((one) => one.warnings)
  if (problems.length + warnings.length > 0) terminal.line('')
  for (const line of problems) terminal.mark('red', '✗', line)
  for (const line of warnings) terminal.mark('yellow', '!', line)
}
