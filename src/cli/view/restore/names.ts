// Says in a few words what a MeiliRestore restores, and to where, and the commands that a person may want next. Pure.
import { hasRestoreEnded } from '../../../api/restore.ts'
import type { Restore } from '../../cluster.ts'
import { operand, quote } from '../../terminal/shell.ts'

/** As it was resolved, else as it was asked for. */
export function sourceText({ spec: { source }, status }: Restore): string {
  if (status?.resolved !== undefined) return status.resolved.name
  if (source.latestOf !== undefined) return `newest of schedule ${source.latestOf.schedule.name}`
  const stored = source.artifact ?? source.file
  return source.snapshotRef?.name ?? (stored === undefined ? '-' : `${stored.claim.name}:${stored.path}`)
}

export const instanceIn = ({ spec }: Pick<Restore, 'spec'>): string | undefined => spec.target.inPlace?.instanceRef.name

/** What is written once more to replace data. */
export const confirmText = ({ spec: { target } }: Restore): string | undefined =>
  target.inPlace?.instanceRef.name ?? target.claim?.name

/** Data from before is there, and it can be gone back to. */
export function canGoBack(restore: Restore): boolean {
  const { spec, status } = restore
  if (spec.target.inPlace === undefined || spec.mode === 'DryRun' || spec.rollback) return false
  return !hasRestoreEnded(restore) || (status?.phase === 'Completed' && status.oldData !== undefined)
}

/** @param meili how a command begins, see shell.ts */
export const undoCommand = (restore: Restore, meili: string): string =>
  `${meili} restore rollback ${operand(instanceIn(restore) ?? restore.metadata.name)}`

export const cleanUpCommand = ({ metadata }: Restore, meili: string): string =>
  `${meili} restore cleanup ${operand(metadata.name)}`

/** Carries out what was planned. Undefined where nothing needs to be confirmed. */
export function applyCommand(restore: Restore, meili: string): string | undefined {
  const { spec, metadata } = restore
  const confirm = confirmText(restore)
  if (confirm === undefined) return undefined
  const source = sourceWord(restore)
  if (source === undefined)
    return `kubectl -n ${quote(metadata.namespace)} patch meilirestore/${quote(metadata.name)} --type=merge -p '{"spec":{"mode":"Apply","confirm":"'${quote(confirm)}'"}}'`
  return [
    meili,
    'restore',
    operand(source),
    ...targetFlags(restore),
    ...choiceFlags(spec),
    '--confirm',
    quote(confirm),
  ].join(' ')
}

/** As the command line takes it. */
function sourceWord({ spec: { source } }: Restore): string | undefined {
  const { snapshotRef, latestOf } = source
  if (latestOf?.asOf === undefined && latestOf !== undefined) return `schedule/${latestOf.schedule.name}`
  return snapshotRef?.name
}

function targetFlags({ spec: { target } }: Restore): string[] {
  if (target.claim === undefined) return ['--in-place', quote(target.inPlace?.instanceRef.name ?? '')]
  const { name, directory } = target.claim
  return ['--claim', quote(name), ...(directory === 'data.ms' ? [] : ['--directory', quote(directory)])]
}

const choiceFlags = ({ version, safety }: Restore['spec']): string[] => [
  ...(version === 'AllowUpgrade' ? ['--allow-upgrade'] : []),
  ...(safety.snapshot === 'Auto' ? [] : ['--safety', quote(safety.snapshot.toLowerCase())]),
]
