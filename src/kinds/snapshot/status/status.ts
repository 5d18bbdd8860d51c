// Builds the three shapes of a snapshot's status: in progress, completed, failed. Pure.
import { isDeepStrictEqual } from 'node:util'
import { withoutUndefined } from '../../../api/json.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { snapshotConditions, snapshotReasons } from '../../../api/snapshot.ts'
import type { InstanceReason } from '../../../api/instance.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotPhase, SnapshotReason } from '../../../api/snapshot.ts'
import { conditionNamed, conditionsOf, instant } from '../../../api/status/conditions.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { spanText } from '../../../reconcile/format.ts'
import { bootVerified } from './booting.ts'
import { startedMs } from './deadline.ts'
import { redact } from '../../../api/status/text.ts'

/** Members of status that a rung sets; an undefined one is taken away. */
export type Changes = Partial<Omit<MeiliSnapshotStatus, 'conditions' | 'observedGeneration' | 'phase'>>

export interface Step {
  readonly phase: Exclude<SnapshotPhase, 'Completed' | 'Failed' | 'Expired'>
  readonly reason: SnapshotReason
  readonly message: string
  readonly changes?: Changes
  /** Its progress is what was seen before, and stays as old as it is. */
  readonly keepsProgress?: boolean
  /** Past a deadline that cannot be enforced. */
  readonly overdue?: string | undefined
}

/** How often status is written where nothing but progress, or what it waits for, has changed. */
const progressEveryMs = 15_000

/** Lengths that the schema allows, with some to spare. */
const maxMessage = 2000
const maxWaitingFor = 500

const condition = (
  type: string,
  status: 'True' | 'False',
  { reason, message }: { reason: string; message: string },
): Wanted => ({ type, status, reason, message: redact(message, maxMessage) })

/** A share as status shows it: whole, from 0 to 100. */
export function percentOf(percent: number): { percent: number; percentText: string } {
  const whole = Math.min(100, Math.max(0, Math.floor(percent)))
  return { percent: whole, percentText: `${whole} %` }
}

export function inProgress(snapshot: MeiliSnapshot, step: Step, nowMs: number): MeiliSnapshotStatus {
  const overdue =
    step.overdue === undefined
      ? []
      : [condition(snapshotConditions.Overdue, 'True', { reason: step.reason, message: step.overdue })]
  const { waitingFor, ...changes } = step.changes ?? {}
  const next: MeiliSnapshotStatus = {
    ...snapshot.status,
    progress: undefined,
    ...changes,
    waitingFor: waitingFor === undefined ? undefined : redact(waitingFor, maxWaitingFor),
    ...conditionFields(snapshot, nowMs, [
      condition(conditionTypes.Reconciling, 'True', step),
      condition(conditionTypes.Ready, 'False', step),
      condition(snapshotConditions.Complete, 'False', step),
      condition(snapshotConditions.Failed, 'False', step),
      ...overdue,
    ]),
    phase: step.phase,
  }
  if (onlyProgressChanged(snapshot.status, next, nowMs)) return { ...snapshot.status }
  return step.keepsProgress === true ? next : stampProgress(next, nowMs)
}

/** @param end `note`: a sentence about what else became of it */
export function completedStatus(
  snapshot: MeiliSnapshot,
  { changes, note }: { changes: Changes; note?: string },
  nowMs: number,
): MeiliSnapshotStatus {
  const { artifact, verification } = { ...snapshot.status, ...changes }
  const said = {
    reason: snapshotReasons.Completed,
    message: `${artifact?.size ?? ''}, sha256 ${artifact?.sha256 ?? ''}, on claim ${artifact?.claimName ?? ''} at ${artifact?.path ?? ''}.${note === undefined ? '' : ` ${note}`}`,
  }
  return endedStatus(snapshot, nowMs, {
    phase: 'Completed',
    changes: { ...changes, progress: { step: 'done', percent: 100, percentText: '100 %' } },
    wanted: [
      condition(conditionTypes.Ready, 'True', said),
      condition(snapshotConditions.Complete, 'True', said),
      condition(snapshotConditions.Failed, 'False', said),
      ...bootVerified(verification),
    ],
  })
}

/** @param failure what happened, where, and what to do; and what may still run, where something may. What is stored stays, and is said to be there. */
export function failedStatus(
  snapshot: MeiliSnapshot,
  failure: { reason: SnapshotReason | InstanceReason; message: string; changes?: Changes },
  nowMs: number,
): MeiliSnapshotStatus {
  const { artifact, verification } = { ...snapshot.status, ...failure.changes }
  const stored = artifact === undefined ? [] : [condition(snapshotConditions.ArtifactAvailable, 'True', failure)]
  return endedStatus(snapshot, nowMs, {
    phase: 'Failed',
    changes: { progress: undefined, ...failure.changes },
    wanted: [
      condition(conditionTypes.Stalled, 'True', failure),
      condition(conditionTypes.Ready, 'False', failure),
      condition(snapshotConditions.Complete, 'False', failure),
      condition(snapshotConditions.Failed, 'True', failure),
      ...stored,
      ...bootVerified(verification),
    ],
  })
}

/** As it was, and longer than it should be so. */
export function overdueStatus(snapshot: MeiliSnapshot, message: string, nowMs: number): MeiliSnapshotStatus {
  const kept = (snapshot.status?.conditions ?? []).filter(({ type }) => type !== snapshotConditions.Overdue)
  const reason = conditionNamed(kept, conditionTypes.Ready)?.reason ?? snapshotReasons.MoverStarting
  return {
    ...snapshot.status,
    ...conditionFields(snapshot, nowMs, [...kept, condition(snapshotConditions.Overdue, 'True', { reason, message })]),
  }
}

/** The same judgement, of this generation too: whoever waits for it (kstatus, kubectl wait) would wait for ever. */
export function seenAgain({ metadata: { generation }, status = {} }: MeiliSnapshot): MeiliSnapshotStatus {
  if (status.observedGeneration === generation) return { ...status }
  return {
    ...status,
    observedGeneration: generation,
    conditions: status.conditions?.map((said) => ({ ...said, observedGeneration: generation })),
  }
}

function endedStatus(
  snapshot: MeiliSnapshot,
  nowMs: number,
  end: { phase: 'Completed' | 'Failed'; changes: Changes; wanted: readonly Wanted[] },
): MeiliSnapshotStatus {
  return {
    ...snapshot.status,
    waitingFor: undefined,
    ...end.changes,
    ...conditionFields(snapshot, nowMs, end.wanted),
    phase: end.phase,
    completedAt: instant(nowMs),
    duration: spanText(nowMs - startedMs(snapshot, nowMs)),
  }
}

function conditionFields(
  { metadata, status }: MeiliSnapshot,
  nowMs: number,
  wanted: readonly Wanted[],
): Pick<MeiliSnapshotStatus, 'observedGeneration' | 'conditions'> {
  return {
    observedGeneration: metadata.generation,
    conditions: conditionsOf(status?.conditions, wanted, { generation: metadata.generation, nowMs }),
  }
}

/** What is worth a write at once: everything but progress, what it waits for, and the sentences that repeat them. */
function substance(status: MeiliSnapshotStatus | undefined): unknown {
  const { progress: _progress, waitingFor, conditions, ...rest } = status ?? {}
  const kept = {
    ...rest,
    waits: waitingFor !== undefined,
    conditions: conditions?.map(({ message: _, ...judgement }) => judgement),
  }
  return withoutUndefined(kept)
}

function onlyProgressChanged(
  before: MeiliSnapshotStatus | undefined,
  next: MeiliSnapshotStatus,
  nowMs: number,
): boolean {
  const writtenAt = before?.progress?.updatedAt
  if (writtenAt === undefined) return false
  return nowMs - Date.parse(writtenAt) < progressEveryMs && isDeepStrictEqual(substance(before), substance(next))
}

function stampProgress(status: MeiliSnapshotStatus, nowMs: number): MeiliSnapshotStatus {
  return status.progress === undefined
    ? status
    : { ...status, progress: { ...status.progress, updatedAt: instant(nowMs) } }
}
