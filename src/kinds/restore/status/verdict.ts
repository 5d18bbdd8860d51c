// The verdicts that a rung can return, one constructor each, and the one switch that turns them into a Decision. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { conditionNamed, instant } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'
import type { Decision, Effect } from '../../../reconcile/decision.ts'
import type { RestoreObservation } from '../observation.ts'
import { deadlineText, startDeadlineMs, startedMs } from './deadline.ts'
import { growing, pauses } from './pauses.ts'
import {
  completedStatus,
  failedStatus,
  inProgress,
  notedStatus,
  plannedStatus,
  rolledBackStatus,
  seenAgain,
} from './status.ts'
import type { Changes, Said, Step } from './status.ts'

/** What follows from it: what is done, and when it is looked at again. Without `againMs` nothing is left to do. */
export interface Act {
  readonly effects?: readonly Effect[]
  readonly againMs?: number
  /** It tries what may have been tried before: see `refusedBefore`. */
  readonly keepsRefusal?: boolean
}

type Waiting = Said & Act & { /** Others go first: deadlines.start does not run. */ readonly isQueued?: boolean }
type Words = Omit<Said, 'reason'> & Act

export type Verdict =
  | ({ readonly is: 'unchanged' } & Act)
  | ({ readonly is: 'noted'; readonly changes: Changes } & Act)
  | ({ readonly is: 'settled' } & Act)
  | ({ readonly is: 'waiting' } & Waiting)
  | ({ readonly is: 'step' } & Step & Act)
  | ({ readonly is: 'planned' } & Words)
  | ({ readonly is: 'completed' } & Said & Act)
  | ({ readonly is: 'rolledBack' } & Words)
  | ({ readonly is: 'failed' } & Said & Act)

/** Decides, or leaves it to the next rung. */
export type Rung = (observation: RestoreObservation, nowMs: number) => Verdict | undefined

/** Status stays as it is. */
export const unchanged = (act: Act = {}): Verdict => ({ ...act, is: 'unchanged' })
/** Something goes on record, and the judgement stays. */
export const noted = (changes: Changes, act: Act = {}): Verdict => ({ changes, ...act, is: 'noted' })
/** It has ended, and is not judged again. */
export const settled = (act: Act = {}): Verdict => ({ ...act, is: 'settled' })
/** Before anything is changed: what is missing comes by itself, or the user brings it. */
export const waiting = (wait: Waiting): Verdict => ({ ...wait, is: 'waiting' })
/** It goes on, or is held up on its way. */
export const step = (taken: Step & Act): Verdict => ({ ...taken, is: 'step' })
/** Of a DryRun that is all. */
export const planned = (plan: Words): Verdict => ({ ...plan, is: 'planned' })
export const completed = (end: Said & Act): Verdict => ({ ...end, is: 'completed' })
/** The server has the data from before again; status.rollback says why. */
export const rolledBack = (end: Words): Verdict => ({ ...end, is: 'rolledBack' })
/** What happened, where, and what to do; and what may still run, where something may. */
export const failed = (failure: Said & Act): Verdict => ({ ...failure, is: 'failed' })

/** The one place where a verdict becomes a status. */
export function decisionOf(verdict: Verdict, restore: MeiliRestore, nowMs: number): Decision<MeiliRestoreStatus> {
  switch (verdict.is) {
    case 'unchanged':
      return toDecision(verdict, restore.status)
    case 'noted':
      return toDecision(verdict, notedStatus(restore, verdict.changes, nowMs))
    case 'settled':
      return toDecision(verdict, seenAgain(restore))
    case 'waiting':
      return decisionOf(untilStart(verdict, restore, nowMs), restore, nowMs)
    case 'step':
      return refusedBefore(verdict, restore) ?? toDecision(verdict, inProgress(restore, verdict, nowMs))
    case 'planned':
      return toDecision(verdict, plannedStatus(restore, verdict, nowMs))
    case 'completed':
      return toDecision(verdict, completedStatus(restore, verdict, nowMs))
    case 'rolledBack':
      return toDecision(verdict, rolledBackStatus(restore, verdict, nowMs))
    case 'failed':
      return toDecision(verdict, failedStatus(restore, verdict, nowMs))
  }
}

function toDecision({ effects = [], againMs }: Act, status: MeiliRestoreStatus = {}): Decision<MeiliRestoreStatus> {
  return { status, effects, ...(againMs === undefined ? {} : { requeueAfterMs: againMs }) }
}

/** Nothing is lost by waiting: asked again soon at first, then more seldom. What was planned for people to look at keeps its phase. */
function untilStart(
  { message, changes, isQueued = false, ...wait }: Waiting,
  restore: MeiliRestore,
  nowMs: number,
): Verdict {
  const endMs = startDeadlineMs(restore, nowMs)
  const waitedMs = nowMs - startedMs(restore, nowMs)
  const until = isQueued ? '' : ` It goes on by itself, until ${deadlineText(endMs)}.`
  const startedAt = isQueued ? undefined : (restore.status?.startedAt ?? instant(nowMs))
  return step({
    againMs: isQueued
      ? growing.queue(nowMs - Date.parse(restore.metadata.creationTimestamp))
      : byDeadline(growing.prerequisites(waitedMs), endMs - nowMs),
    ...wait,
    phase: restore.status?.phase === 'Planned' ? 'Planned' : 'Pending',
    message: `${sentence(message)}${until}`,
    changes: { startedAt, ...changes, waitingFor: sentence(message) },
  })
}

/** Not later than right after the deadline, while that is to come. */
const byDeadline = (againMs: number, leftMs: number): number => (leftMs < 0 ? againMs : Math.min(againMs, leftMs + 1))

/** The reasons under which a refused effect is on record (apply-fact.ts), and when it is tried again. */
const refusals: Partial<Record<Effect['kind'], { reasons: readonly string[]; againMs: number }>> = {
  CreateClaim: { reasons: [restoreReasons.ClaimNotReady], againMs: pauses.claimRefusedMs },
  CreateJob: { reasons: [restoreReasons.MoverRefused], againMs: pauses.jobRefusedMs },
  CreateSnapshot: { reasons: [restoreReasons.SafetySnapshotRefused], againMs: pauses.snapshotRefusedMs },
}

/** What was refused stays on record while it is tried again, until there is another answer: else each try would write the same Event again. */
function refusedBefore(
  { keepsRefusal, effects = [] }: Step & Act,
  restore: MeiliRestore,
): Decision<MeiliRestoreStatus> | undefined {
  if (keepsRefusal !== true) return undefined
  const { reason } = conditionNamed(restore.status?.conditions, conditionTypes.Ready) ?? { reason: '' }
  const again = effects.map(({ kind }) => refusals[kind]).find((refusal) => refusal?.reasons.includes(reason) === true)
  return again === undefined ? undefined : toDecision({ effects, againMs: again.againMs }, restore.status)
}
