// The verdicts that a rung can return, one constructor each, and the one switch that turns them into a Decision. Pure.
import type { InstanceReason } from '../../../api/instance.ts'
import { conditionTypes, durationMs } from '../../../api/meta.ts'
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotReason } from '../../../api/snapshot.ts'
import { conditionNamed, instant } from '../../../api/status/conditions.ts'
import type { Decision, Effect } from '../../../reconcile/decision.ts'
import { nextAttempt } from './attempt.ts'
import { attemptStartedMs, deadlineText } from './deadline.ts'
import type { SnapshotObservation } from '../observation.ts'
import { growing, pauses } from './pauses.ts'
import { sentence } from '../../../api/status/text.ts'
import { expiredStatus, expiringStatus } from './expiry.ts'
import type { ExpiredEnd } from './expiry.ts'
import { completedStatus, failedStatus, inProgress, overdueStatus, seenAgain } from './status.ts'
import type { Changes, Step } from './status.ts'

/** What follows from it: what is done, and when it is looked at again. Without `againMs` nothing is left to do. */
export interface Act {
  readonly effects?: readonly Effect[]
  readonly againMs?: number
  /** It tries what may have been tried before: see `refusedBefore`. */
  readonly keepsRefusal?: boolean
}

interface Said {
  readonly reason: SnapshotReason
  readonly message: string
  readonly changes?: Changes
}

type Waiting = Said & Act
type StepTaken = Step & Act
type Completed = { readonly changes: Changes; readonly note?: string }
type Expired = ExpiredEnd & Pick<Act, 'effects'>
type Failed = Omit<Said, 'reason'> & Pick<Act, 'effects'> & { readonly reason: SnapshotReason | InstanceReason }

export type Verdict =
  | ({ readonly is: 'unchanged' } & Act)
  | ({ readonly is: 'noted'; readonly changes: Changes } & Act)
  | ({ readonly is: 'late'; readonly message: string } & Act)
  | ({ readonly is: 'settled' } & Act)
  | ({ readonly is: 'expiring'; readonly changes: Changes } & Act)
  | ({ readonly is: 'expired' } & Expired)
  | ({ readonly is: 'waiting' } & Waiting)
  | ({ readonly is: 'step' } & StepTaken)
  | ({ readonly is: 'completed' } & Completed & Act)
  | ({ readonly is: 'failed' } & Failed & Act)
  | ({ readonly is: 'anew' } & Said & Act)

/** Decides, or leaves it to the next rung. */
export type Rung = (observation: SnapshotObservation, nowMs: number) => Verdict | undefined

/** Status stays as it is. */
export const unchanged = (act: Act = {}): Verdict => ({ ...act, is: 'unchanged' })
/** Something goes on record, and the judgement stays. */
export const noted = (changes: Changes, act: Act = {}): Verdict => ({ changes, ...act, is: 'noted' })
/** As it was, and longer than it should be so. */
export const late = (message: string, act: Act): Verdict => ({ message, ...act, is: 'late' })
/** It has ended, and is not judged again. @param againMs until its files may expire */
export const settled = (effects: readonly Effect[], againMs?: number): Verdict => ({
  effects,
  ...(againMs === undefined ? {} : { againMs }),
  is: 'settled',
})
/** It has ended, and its files are to go. */
export const expiring = (changes: Changes, { effects = [], againMs = pauses.nextMs }: Act): Verdict => ({
  changes,
  effects,
  againMs,
  is: 'expiring',
})
export const expired = (end: Expired): Verdict => ({ ...end, is: 'expired' })
/** Before the request: what is missing comes by itself, or the user brings it. */
export const waiting = (wait: Waiting): Verdict => ({ ...wait, is: 'waiting' })
/** It goes on, or is held up on its way. */
export const step = (taken: StepTaken): StepTaken & { readonly is: 'step' } => ({ ...taken, is: 'step' })
export const completed = (end: Completed): Verdict => ({ ...end, is: 'completed' })
/** What happened, where, and what to do; and what may still run, where something may. */
export const failed = (failure: Failed): Verdict => ({ ...failure, is: 'failed' })
/** No file came of this attempt, and another snapshot may bring one. */
export const anew = (why: Pick<Said, 'reason' | 'message'> & Pick<Act, 'effects'>): Verdict => ({ ...why, is: 'anew' })

/** The same, with more on record; what the verdict itself changes stands above that. */
export function also(verdict: Verdict | undefined, changes: Changes): Verdict | undefined {
  return verdict?.is === 'step' || verdict?.is === 'failed'
    ? { ...verdict, changes: { ...changes, ...verdict.changes } }
    : verdict
}

/** The one place where a verdict becomes a status. */
export function decisionOf(verdict: Verdict, snapshot: MeiliSnapshot, nowMs: number): Decision<MeiliSnapshotStatus> {
  switch (verdict.is) {
    case 'unchanged':
      return toDecision(verdict, snapshot.status)
    case 'noted':
      return toDecision(verdict, { ...snapshot.status, ...verdict.changes })
    case 'late':
      return toDecision(verdict, overdueStatus(snapshot, verdict.message, nowMs))
    case 'settled':
      return toDecision(verdict, seenAgain(snapshot))
    case 'expiring':
      return toDecision(verdict, expiringStatus(snapshot, verdict.changes, nowMs))
    case 'expired':
      return toDecision(verdict, expiredStatus(snapshot, verdict, nowMs))
    case 'waiting':
      return decisionOf(untilStart(verdict, snapshot, nowMs), snapshot, nowMs)
    case 'step':
      return refusedBefore(verdict, snapshot) ?? toDecision(verdict, inProgress(snapshot, verdict, nowMs))
    case 'completed':
      return toDecision(verdict, completedStatus(snapshot, verdict, nowMs))
    case 'failed':
      return toDecision(verdict, failedStatus(snapshot, verdict, nowMs))
    case 'anew':
      return decisionOf(beginAnew(snapshot, verdict, nowMs), snapshot, nowMs)
  }
}

function toDecision({ effects = [], againMs }: Act, status: MeiliSnapshotStatus = {}): Decision<MeiliSnapshotStatus> {
  return { status, effects, ...(againMs === undefined ? {} : { requeueAfterMs: againMs }) }
}

/** Others go first. */
const queues: readonly string[] = [
  snapshotReasons.Queued,
  snapshotReasons.QueuedBehindOverdue,
  snapshotReasons.InstanceRestoring,
]

/** Nothing is lost by waiting: asked again soon at first, then more seldom. The end of the one in front wakes the queue; deadlines.start runs from then. */
function untilStart({ message, changes, ...wait }: Waiting, snapshot: MeiliSnapshot, nowMs: number): Verdict {
  const isQueued = queues.includes(wait.reason)
  const sinceMs = attemptStartedMs(snapshot, nowMs)
  const endMs = sinceMs + durationMs(snapshot.spec.deadlines.start)
  const until = isQueued ? '' : ` It goes on by itself, until ${deadlineText(endMs)}.`
  const startedAt = isQueued ? undefined : (snapshot.status?.startedAt ?? instant(nowMs))
  return step({
    againMs: isQueued
      ? growing.queue(nowMs - Date.parse(snapshot.metadata.creationTimestamp))
      : byDeadline(growing.prerequisites(nowMs - sinceMs), endMs - nowMs),
    ...wait,
    phase: 'Pending',
    message: `${sentence(message)}${until}`,
    changes: { ...changes, startedAt, waitingFor: sentence(message) },
  })
}

/** Not later than right after the deadline, while that is to come. */
const byDeadline = (againMs: number, leftMs: number): number => (leftMs < 0 ? againMs : Math.min(againMs, leftMs + 1))

function beginAnew(snapshot: MeiliSnapshot, { effects = [], ...why }: Said & Act, nowMs: number): Verdict {
  const next = nextAttempt(snapshot, why, nowMs)
  return 'phase' in next ? step({ ...next, effects, againMs: pauses.answerMs }) : failed(next)
}

/** The reasons under which a refused effect is on record (apply-fact.ts), and when it is tried again. */
const refusals: Partial<Record<Effect['kind'], { reasons: readonly string[]; againMs: number }>> = {
  CreateClaim: { reasons: [snapshotReasons.ClaimNotReady], againMs: pauses.claimRefusedMs },
  CreateJob: { reasons: [snapshotReasons.MoverRefused], againMs: pauses.jobRefusedMs },
  RequestSnapshot: {
    reasons: [snapshotReasons.RequestRefused, snapshotReasons.Unauthorized],
    againMs: pauses.nextMs,
  },
}

/** What was refused stays on record while it is tried again, until there is another answer: else each try would write the same Event again. Only the count that fences a request is written. */
function refusedBefore(
  { keepsRefusal, effects = [], changes: { request } = {} }: StepTaken,
  snapshot: MeiliSnapshot,
): Decision<MeiliSnapshotStatus> | undefined {
  if (keepsRefusal !== true) return undefined
  const { reason } = conditionNamed(snapshot.status?.conditions, conditionTypes.Ready) ?? { reason: '' }
  const again = effects.map(({ kind }) => refusals[kind]).find((refusal) => refusal?.reasons.includes(reason) === true)
  if (again === undefined) return undefined
  const counted = request === undefined ? snapshot.status : { ...seenAgain(snapshot), request }
  return toDecision({ effects, againMs: again.againMs }, counted)
}
