// Builds the shapes of a restore's status: in progress, planned, completed, rolled back, failed. Pure.
import { isDeepStrictEqual } from 'node:util'
import { withoutUndefined } from '../../../api/json.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { restoreConditions, restoreReasons, targetText } from '../../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus, RestorePhase, RestoreReason } from '../../../api/restore.ts'
import { conditionsOf, instant } from '../../../api/status/conditions.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'
import { spanText } from '../../../reconcile/format.ts'
import { condition, oldDataKept } from './conditions.ts'
import { startedMs } from './deadline.ts'

/** Members of status that a rung sets; an undefined one is taken away. */
export type Changes = Partial<Omit<MeiliRestoreStatus, 'conditions' | 'observedGeneration' | 'phase'>>

export interface Said {
  readonly reason: RestoreReason
  readonly message: string
  readonly changes?: Changes
}

export interface Step extends Said {
  readonly phase: Exclude<RestorePhase, 'Completed' | 'RolledBack' | 'Failed'>
  /** Its progress is what was seen before, and stays as old as it is. */
  readonly keepsProgress?: boolean
}

/** How often status is written where nothing but progress, or what it waits for, has changed. */
const progressEveryMs = 15_000

/** Lengths that the schema allows, with some to spare. */
const maxWaitingFor = 500
const longestTarget = 300

type Words = Pick<Said, 'reason' | 'message'>

/** A share as status shows it: whole, from 0 to 100. */
export function percentOf(percent: number): { percent: number; percentText: string } {
  const whole = Math.min(100, Math.max(0, Math.floor(percent)))
  return { percent: whole, percentText: `${whole} %` }
}

export function inProgress(restore: MeiliRestore, step: Step, nowMs: number): MeiliRestoreStatus {
  const { waitingFor, ...changes } = step.changes ?? {}
  const next = statusOf(restore, nowMs, {
    phase: step.phase,
    changes: {
      progress: undefined,
      ...changes,
      waitingFor: waitingFor === undefined ? undefined : redact(waitingFor, maxWaitingFor),
    },
    wanted: [
      condition(conditionTypes.Reconciling, 'True', step),
      condition(conditionTypes.Ready, 'False', step),
      ...outcome('False', 'False', step),
    ],
  })
  if (onlyProgressChanged(restore.status, next, nowMs)) return { ...restore.status }
  return step.keepsProgress === true ? next : stampProgress(next, nowMs)
}

/** The plan stands, and mode DryRun does no more: as it was asked for, so Ready, and not complete. */
export function plannedStatus(
  restore: MeiliRestore,
  { message, changes }: Omit<Said, 'reason'>,
  nowMs: number,
): MeiliRestoreStatus {
  const said = { reason: restoreReasons.Planned, message }
  return statusOf(restore, nowMs, {
    phase: 'Planned',
    changes: { waitingFor: undefined, progress: undefined, ...changes },
    wanted: [condition(conditionTypes.Ready, 'True', said), ...outcome('False', 'False', said)],
  })
}

export function completedStatus(restore: MeiliRestore, said: Said, nowMs: number): MeiliRestoreStatus {
  return endedStatus(restore, nowMs, {
    phase: 'Completed',
    changes: { progress: { step: 'done', percent: 100, percentText: '100 %' }, ...said.changes },
    wanted: [condition(conditionTypes.Ready, 'True', said), ...outcome('True', 'False', said)],
  })
}

/** Asked for, it is as it should be; by itself, the restore has failed, and the server serves what it had. */
export function rolledBackStatus(restore: MeiliRestore, said: Omit<Said, 'reason'>, nowMs: number): MeiliRestoreStatus {
  const words = { reason: restoreReasons.RolledBack, message: said.message }
  const { rollback } = { ...restore.status, ...said.changes }
  return endedStatus(restore, nowMs, {
    phase: 'RolledBack',
    changes: { progress: undefined, ...said.changes },
    wanted:
      rollback?.cause === 'Asked'
        ? [condition(conditionTypes.Ready, 'True', words), ...outcome('False', 'False', words)]
        : [...failure(words), ...outcome('False', 'True', words)],
  })
}

export function failedStatus(restore: MeiliRestore, said: Said, nowMs: number): MeiliRestoreStatus {
  return endedStatus(restore, nowMs, {
    phase: 'Failed',
    changes: { progress: undefined, ...said.changes },
    wanted: [...failure(said), ...outcome('False', 'True', said)],
  })
}

/** The same judgement, of this generation too: whoever waits for it (kstatus, kubectl wait) would wait for ever. */
export function seenAgain({ metadata: { generation }, status = {} }: MeiliRestore): MeiliRestoreStatus {
  if (status.observedGeneration === generation) return { ...status }
  return {
    ...status,
    observedGeneration: generation,
    conditions: status.conditions?.map((said) => ({ ...said, observedGeneration: generation })),
  }
}

const failure = (said: Words): readonly Wanted[] => [
  condition(conditionTypes.Stalled, 'True', said),
  condition(conditionTypes.Ready, 'False', said),
]

const outcome = (complete: 'True' | 'False', hasFailed: 'True' | 'False', said: Words): readonly Wanted[] => [
  condition(restoreConditions.Complete, complete, said),
  condition(restoreConditions.Failed, hasFailed, said),
]

interface Shape {
  readonly phase: RestorePhase
  readonly changes: Changes
  readonly wanted: readonly Wanted[]
}

function endedStatus(restore: MeiliRestore, nowMs: number, { changes, ...shape }: Shape): MeiliRestoreStatus {
  return statusOf(restore, nowMs, {
    ...shape,
    changes: {
      waitingFor: undefined,
      ...changes,
      completedAt: instant(nowMs),
      duration: spanText(nowMs - startedMs(restore, nowMs)),
    },
  })
}

/** Whatever it is, the claim from before is named as long as it is kept. */
function statusOf(restore: MeiliRestore, nowMs: number, { phase, changes, wanted }: Shape): MeiliRestoreStatus {
  const { metadata, status } = restore
  const next = { ...status, ...changes, targetText: targetText(restore).slice(0, longestTarget) }
  const { generation } = metadata
  return {
    ...next,
    observedGeneration: generation,
    conditions: conditionsOf(status?.conditions, [...wanted, ...oldDataKept({ ...next, phase })], {
      generation,
      nowMs,
    }),
    phase,
  }
}

/** Something goes on record, and the judgement stays: but for the claim that is kept, as long as it is. */
export function notedStatus(
  { metadata, status = {} }: MeiliRestore,
  changes: Changes,
  nowMs: number,
): MeiliRestoreStatus {
  const next = { ...status, ...changes }
  const { conditions, observedGeneration = metadata.generation } = status
  if (conditions === undefined) return next
  const others = conditions.filter(({ type }) => type !== restoreConditions.OldDataKept)
  const kept = conditionsOf(conditions, oldDataKept(next), { generation: observedGeneration, nowMs })
  return { ...next, conditions: [...others, ...kept] }
}

/** What is worth a write at once: everything but progress, what it waits for, and the sentences that repeat them. */
function substance(status: MeiliRestoreStatus | undefined): unknown {
  const { progress: _progress, waitingFor, conditions, ...rest } = status ?? {}
  return withoutUndefined({
    ...rest,
    waits: waitingFor !== undefined,
    conditions: conditions?.map(({ message: _, ...judgement }) => judgement),
  })
}

function onlyProgressChanged(before: MeiliRestoreStatus | undefined, next: MeiliRestoreStatus, nowMs: number): boolean {
  const writtenAt = before?.progress?.updatedAt
  if (writtenAt === undefined) return false
  return nowMs - Date.parse(writtenAt) < progressEveryMs && isDeepStrictEqual(substance(before), substance(next))
}

function stampProgress(status: MeiliRestoreStatus, nowMs: number): MeiliRestoreStatus {
  return status.progress === undefined
    ? status
    : { ...status, progress: { ...status.progress, updatedAt: instant(nowMs) } }
}
