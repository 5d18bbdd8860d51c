// Finds of which instance a restore or a drill is, and of each instance what its restores leave to be said. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { hasRestoreEnded } from '../../../api/restore.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import type { Restore, Schedule, Snapshot } from '../../cluster.ts'
import { withoutStop } from '../../terminal/format.ts'
import { instanceIn } from './names.ts'
import { oldDataText } from './progress.ts'

export interface RestoreWorld {
  readonly restores: readonly Restore[]
  readonly snapshots: readonly Snapshot[]
  readonly schedules: readonly Schedule[]
}

/** By the name of its instance, `namespace/name`; of what restores nothing of a known one, by no name. */
export function restoresByInstance({ restores, snapshots, schedules }: RestoreWorld): ReadonlyMap<string, Restore[]> {
  if (restores.length === 0) return new Map()
  const keyOf = ({ namespace = '' }: { readonly namespace?: string }, name: string): string => `${namespace}/${name}`
  const snapshotInstances = new Map(
    snapshots.map(({ metadata, spec }) => [keyOf(metadata, metadata.name), spec.source.instanceRef.name]),
  )
  const scheduleInstances = new Map(
    schedules.map(({ metadata, spec }) => [keyOf(metadata, metadata.name), spec.template.spec.source.instanceRef.name]),
  )
  return Map.groupBy(restores, (restore) => {
    const { metadata, spec, status } = restore
    const snapshot = status?.resolved?.snapshot?.name ?? spec.source.snapshotRef?.name ?? ''
    const schedule = spec.source.latestOf?.schedule.name ?? ''
    const name =
      instanceIn(restore) ??
      snapshotInstances.get(keyOf(metadata, snapshot)) ??
      scheduleInstances.get(keyOf(metadata, schedule))
    return name === undefined ? '' : keyOf(metadata, name)
  })
}

/** The last restore that has ended, and the last drill: what failed before them is over. */
export function lastEnded(restores: readonly Restore[]): readonly Restore[] {
  const ended = restores.filter((restore) => hasRestoreEnded(restore)).toSorted((a, b) => endedMs(b) - endedMs(a))
  return [ended.find((one) => !isDrill(one)), ended.find(isDrill)].filter((one) => one !== undefined)
}

const endedMs = ({ metadata, status }: Restore): number => Date.parse(status?.completedAt ?? metadata.creationTimestamp)

export const isDrill = ({ spec }: Restore): boolean => spec.target.scratch !== undefined

export const whatItIs = (restore: Restore): string => (isDrill(restore) ? 'drill' : 'restore')

/** `failed: ChecksumMismatch: …`; nothing of one that did what was asked for. */
export function failureText({ spec, status }: Restore): string | undefined {
  const { reason = '', message = '' } = conditionNamed(status?.conditions, conditionTypes.Ready) ?? {}
  if (status?.phase === 'Failed') return `failed: ${reason}: ${withoutStop(message)}`
  if (status?.phase === 'RolledBack' && !spec.rollback) return `went back by itself: ${withoutStop(message)}`
  return undefined
}

/** Made for an instance that starts from a snapshot: what fails of it stands in the instance's own conditions. */
export const isBootstrap = ({ metadata }: Restore): boolean =>
  metadata.ownerReferences?.some(({ kind }) => kind === 'MeiliInstance') === true

/** What of them stands in the way of the instance: only the last of each kind. */
export const restoreProblems = (restores: readonly Restore[]): string[] =>
  lastEnded(restores.filter((restore) => !isBootstrap(restore))).flatMap((restore) => {
    const text = failureText(restore)
    return text === undefined ? [] : [`${whatItIs(restore)} ${restore.metadata.name} ${text}.`]
  })

/** It takes space until somebody gives it up. */
export const oldDataWarning = ({ metadata, status }: Restore): string[] =>
  status?.oldData === undefined
    ? []
    : [`the data from before restore ${metadata.name} is kept: ${oldDataText(status.oldData)}`]
