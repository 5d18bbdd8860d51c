// Says in one line how far a MeiliRestore is, how it ended, and what can be done then. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { hasRestoreEnded, meiliRestores } from '../../../api/restore.ts'
import { conditionNamed, isTrue } from '../../../api/status/conditions.ts'
import { sizeText } from '../../../reconcile/format.ts'
import type { Cluster, Restore } from '../../cluster.ts'
import { meiliIn, operand } from '../../terminal/shell.ts'
import type { Followed } from '../followed.ts'
import { bytesText } from '../progress.ts'
import type { Progress } from '../progress.ts'
import { cleanUpCommand, instanceIn, undoCommand } from './names.ts'
import { planLines } from './plan.ts'

/** The server answers until it is stopped, whatever is unpacked beside it. */
const serving: ReadonlySet<string> = new Set(['Filling', 'Verifying'])
const down: ReadonlySet<string> = new Set(['Stopping', 'Switching', 'Starting'])

export function restoreProgress(restore: Restore): Progress {
  const { phase, progress, waitingFor, conditions } = restore.status ?? {}
  const ready = conditionNamed(conditions, conditionTypes.Ready)
  if (phase === undefined)
    return { phase: 'New', percent: undefined, about: 'the operator has not looked at it yet', step: 'New' }
  const isOver = !isAtWork(restore)
  const now = bytesText(progress) ?? ready?.message ?? (waitingFor === undefined ? '' : `waiting for ${waitingFor}`)
  const parts = [now, serviceText(restore)].filter((part) => part !== '')
  return {
    phase,
    percent: isOver ? undefined : progress?.percent,
    about: isOver ? '' : parts.join(' · '),
    step: `${phase} ${ready?.reason ?? ''} ${waitingFor === undefined ? '' : 'waiting'}`,
  }
}

/** Only where there is data that serves, or did. */
function serviceText(restore: Restore): string {
  const { phase = '', plan } = restore.status ?? {}
  const instance = instanceIn(restore)
  if (instance === undefined || plan?.to.claimName === undefined) return ''
  if (serving.has(phase)) return `${instance} still serves`
  return down.has(phase) ? `${instance} does not serve` : ''
}

/** Something is still to be done: not a plan that stands, not what has ended, but one that has ended and was asked to go back since. */
export function isAtWork(restore: Restore): boolean {
  const { metadata, spec, status } = restore
  const isSeen = status?.observedGeneration === metadata.generation
  if (status?.phase === 'Planned') return !(isSeen && spec.mode === 'DryRun')
  if (!hasRestoreEnded(restore)) return true
  if (status?.phase !== 'Completed' || !spec.rollback) return false
  return !isSeen || isTrue(status.conditions, conditionTypes.Reconciling)
}

/** To go back counts as done only where it was asked for. */
function isRestoreDone({ spec, status }: Restore): boolean {
  if (status?.phase === 'RolledBack') return spec.rollback
  return status?.phase === 'Planned' || (status?.phase === 'Completed' && !spec.rollback)
}

/** @param cluster names the namespace in the commands that are printed */
export function followedRestore({ namedNamespace }: Pick<Cluster, 'namedNamespace'>): Followed<Restore> {
  const meili = meiliIn(namedNamespace)
  return {
    resource: meiliRestores,
    hasEnded: (restore) => !isAtWork(restore),
    isDone: isRestoreDone,
    text: restoreText,
    step: (restore) => restoreProgress(restore).step,
    endText: restoreEndText,
    after: (restore, nowMs) => linesAfter(restore, meili, nowMs),
    again: (name) => `${meili} wait ${operand(`restore/${name}`)}`,
  }
}

/** `Filling  62 %  8.8 GiB of 14.2 GiB · movies still serves`. */
export function restoreText(restore: Restore): string {
  const { phase, percent, about } = restoreProgress(restore)
  return [phase, percent === undefined ? '' : `${percent} %`, about].filter((part) => part !== '').join('  ')
}

/** What became of it, in one sentence; nothing of a plan, which is shown whole. */
function restoreEndText({ metadata: { name }, spec, status }: Restore): string | undefined {
  const { phase, duration } = status ?? {}
  const { reason = '', message = '' } = conditionNamed(status?.conditions, conditionTypes.Ready) ?? {}
  if (phase === 'Planned') return undefined
  if (phase === 'Completed' && spec.rollback) return `${name} did not go back: ${reason}: ${message}`
  if (phase === 'Completed') return `${name} completed${duration === undefined ? '' : ` in ${duration}`}: ${message}`
  if (phase === 'RolledBack') return `${name} went back${spec.rollback ? '' : ' by itself'}: ${message}`
  return `${name} failed: ${reason}: ${message}`
}

function linesAfter(restore: Restore, meili: string, nowMs: number): readonly string[] {
  const { status, metadata } = restore
  if (status?.phase === 'Planned') return planLines(restore, meili, nowMs)
  if (!isRestoreDone(restore)) return [`all about it: ${meili} restore describe ${operand(metadata.name)}`]
  return status?.phase === 'Completed' ? completedLines(restore, meili) : []
}

function completedLines(restore: Restore, meili: string): readonly string[] {
  const { oldData, switched } = restore.status ?? {}
  const was = switched?.downtime
  return [
    ...(was === undefined ? [] : [`${instanceIn(restore) ?? 'The server'} did not serve for ${was}.`]),
    ...(oldData === undefined
      ? []
      : [
          `The data from before is kept: ${oldDataText(oldData)}.`,
          `undo:      ${undoCommand(restore, meili)}`,
          `clean up:  ${cleanUpCommand(restore, meili)}`,
        ]),
  ]
}

/** What the claim has that is kept. */
export const keptText = ({ status }: Restore): string =>
  status?.phase === 'RolledBack' ? 'the data that was restored' : 'the data from before'

/** `claim movies-data, 20.0 GiB`. */
export function oldDataText({
  claimName,
  capacityBytes,
}: NonNullable<NonNullable<Restore['status']>['oldData']>): string {
  return `claim ${claimName}${capacityBytes === undefined ? '' : `, ${sizeText(capacityBytes)}`}`
}
