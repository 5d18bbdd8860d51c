// Says in one line how far a snapshot is, for `status` and `wait`. Pure.
import { conditionTypes } from '../../api/meta.ts'
import { hasSucceeded, isFinished } from '../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../api/snapshot.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import { sizeText, spanText } from '../../reconcile/format.ts'

export interface Progress {
  /** Phase; `New` before the operator has looked at it. */
  readonly phase: string
  readonly percent: number | undefined
  readonly about: string
  /** Changes where a line in a pipe is worth it: not with each percent. */
  readonly step: string
}

interface Bytes {
  readonly bytesDone?: number | undefined
  readonly bytesTotal?: number | undefined
}

export function progressOf(snapshot: MeiliSnapshot): Progress {
  const { phase, progress, waitingFor, task } = snapshot.status ?? {}
  const ready = conditionNamed(snapshot.status?.conditions, conditionTypes.Ready)
  if (phase === undefined)
    return { phase: 'New', percent: undefined, about: 'the operator has not looked at it yet', step: 'New' }
  const blocked = waitingFor === undefined ? undefined : `waiting for ${waitingFor}`
  const parts = [taskText(task), blocked, bytesText(progress)].filter((part) => part !== undefined)
  const about = phase === 'Pending' || parts.length === 0 ? ready?.message : parts.join(', ')
  return {
    phase,
    percent: progress?.percent,
    about: isFinished(snapshot) ? '' : (about ?? blocked ?? ''),
    step: `${phase} ${ready?.reason ?? ''} ${task?.status ?? ''} ${waitingFor === undefined ? '' : 'waiting'}`,
  }
}

function taskText(task: NonNullable<MeiliSnapshot['status']>['task']): string | undefined {
  return task === undefined || task.status === 'succeeded' ? undefined : `task ${task.uid} ${task.status}`
}

/** Of how many bytes how many are done. */
export function bytesText({ bytesDone, bytesTotal }: Bytes = {}): string | undefined {
  return bytesDone === undefined || bytesTotal === undefined
    ? undefined
    : `${sizeText(bytesDone)} of ${sizeText(bytesTotal)}`
}

/** `Moving  62 %  61.0 MiB of 98.1 MiB  about 4s left`. */
export function progressText(snapshot: MeiliSnapshot, nowMs: number): string {
  const { phase, percent, about } = progressOf(snapshot)
  return [phase, percent === undefined ? '' : `${percent} %`, about, leftText(snapshot, nowMs)]
    .filter((part) => part !== '')
    .join('  ')
}

/** As the operator estimates it; nothing where it does not, or where that time has passed. */
function leftText({ status }: MeiliSnapshot, nowMs: number): string {
  const leftMs = Date.parse(status?.progress?.estimatedCompletion ?? '') - nowMs
  return leftMs > 0 ? `about ${spanText(leftMs)} left` : ''
}

/** What became of it, in one sentence. */
export function endText({ metadata, status }: MeiliSnapshot): string {
  const ready = conditionNamed(status?.conditions, conditionTypes.Ready)
  if (hasSucceeded({ status }))
    return `${metadata.name} completed in ${status?.duration ?? '?'}: ${ready?.message ?? ''}`
  return `${metadata.name} failed: ${ready?.reason ?? ''}: ${ready?.message ?? ''}`
}
