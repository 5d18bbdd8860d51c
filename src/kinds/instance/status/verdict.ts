// The verdicts that a rung about a managed server can return, one constructor each, and the one switch that turns them into a Decision. Pure.
import { instanceReasons } from '../../../api/instance.ts'
import type { InstanceReason, MeiliInstance, MeiliInstanceStatus } from '../../../api/instance.ts'
import { conditionsOf } from '../../../api/status/conditions.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import type { Decision, Effect } from '../../../reconcile/decision.ts'
import { appliedOf, deletionConditions, readyFor, gatherConditions } from './conditions.ts'
import { appliedBefore } from '../children/managed.ts'
import type { Managed } from '../children/managed.ts'
import type { InstanceObservation } from '../observation.ts'
import { notReadyAgainMs, pauses, withJitter } from './pauses.ts'
import { statusOf } from './status.ts'

interface Said {
  readonly reason: InstanceReason
  readonly message: string
}

interface Act {
  readonly effects?: readonly Effect[]
  readonly againMs?: number
}

/** What keeps it from being as spec asks: the condition Applied is False for this reason. */
export type Step =
  | ({ readonly is: 'waiting' } & Said & Act)
  | ({ readonly is: 'step' } & Said & Act)
  | ({ readonly is: 'stalled' } & Said & Act)

export type Verdict = Step | ({ readonly is: 'deleting' } & Said & Act) | { readonly is: 'unchanged' }

/** It comes by itself, or its user brings it. */
export const waiting = (said: Said & Pick<Act, 'againMs'>): Step => ({ ...said, is: 'waiting' })
/** Something is done about it. */
export const step = (taken: Said & Act): Step => ({ ...taken, is: 'step' })
/** It does not go on by itself. */
export const stalled = (said: Said): Step => ({ ...said, is: 'stalled' })
/** It is being deleted. */
export const deleting = (said: Said & Act): Verdict => ({ ...said, is: 'deleting' })
/** Status stays as it is, and nothing is left to do. */
export const unchanged = (): Verdict => ({ is: 'unchanged' })

export interface Seen {
  readonly observation: InstanceObservation
  /** Undefined where somebody else runs the server. */
  readonly managed?: Managed
  /** What else goes on, whatever is said of the rest. */
  readonly beside?: { readonly upgrade: MeiliInstanceStatus['upgrade']; readonly effects: readonly Effect[] }
}

/** The one place where a verdict becomes a status. Undefined: there is nothing to be said but how the server is. */
export function decisionOf(verdict: Verdict | undefined, seen: Seen, nowMs: number): Decision<MeiliInstanceStatus> {
  const { instance } = seen.observation
  switch (verdict?.is) {
    case 'unchanged':
      return toDecision({}, instance.status)
    case 'deleting':
      return toDecision(verdict, {
        ...instance.status,
        ...conditionFields(instance, deletionConditions(verdict), nowMs),
      })
    case 'waiting':
    case 'step':
    case 'stalled':
    case undefined:
      return decideStatus(refusedBefore(verdict, instance), seen, nowMs)
  }
}

function toDecision({ effects = [], againMs }: Act, status: MeiliInstanceStatus = {}): Decision<MeiliInstanceStatus> {
  return { status, effects, ...(againMs === undefined ? {} : { requeueAfterMs: againMs }) }
}

/** What was refused stays on record while it is tried again: else each try would write an Event again. */
function refusedBefore(taken: Step | undefined, instance: MeiliInstance): Step | undefined {
  const before = appliedBefore(instance)
  const isAgain = before?.reason === instanceReasons.ObjectRefused && (taken?.effects ?? []).length > 0
  return taken === undefined || !isAgain
    ? taken
    : { ...taken, reason: instanceReasons.ObjectRefused, message: before.message, againMs: pauses.refusedMs }
}

function decideStatus(
  taken: Step | undefined,
  { observation, managed, beside }: Seen,
  nowMs: number,
): Decision<MeiliInstanceStatus> {
  const { instance, pollMs } = observation
  const ready = readyFor(observation, taken)
  const applied = managed === undefined ? [] : appliedOf(managed, taken)
  const { waitedMs, wanted } = gatherConditions(observation, { ready, taken, applied }, nowMs)
  const again = ready.status === 'True' ? withJitter(pollMs, instance.metadata.uid) : notReadyAgainMs(waitedMs)
  return toDecision(
    {
      effects: [...(taken?.effects ?? []), ...(beside?.effects ?? [])],
      againMs: taken === undefined ? again : Math.min(again, taken.againMs ?? pauses.waitMs),
    },
    {
      ...statusOf(observation, nowMs),
      ...conditionFields(instance, wanted, nowMs),
      ...(beside === undefined ? {} : { upgrade: beside.upgrade }),
    },
  )
}

function conditionFields(
  { metadata: { generation }, status }: MeiliInstance,
  wanted: readonly Wanted[],
  nowMs: number,
): Pick<MeiliInstanceStatus, 'observedGeneration' | 'conditions'> {
  return {
    observedGeneration: generation,
    conditions: conditionsOf(status?.conditions, wanted, { generation, nowMs }),
  }
}
