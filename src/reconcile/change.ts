// Describes what a pass changed, for one line of the log. Pure.
import { isDeepStrictEqual } from 'node:util'
import { conditionTypes } from '../api/meta.ts'
import type { Condition } from '../api/meta.ts'
import { conditionNamed } from '../api/status/conditions.ts'

/** The members that the statuses of all kinds may have. */
interface Status {
  readonly phase?: string
  readonly conditions?: readonly Condition[]
}

export interface Change {
  /** False where nothing but figures and sentences changed. */
  readonly isJudgement: boolean
  readonly phase?: string
  /** Of the condition Ready. */
  readonly reason?: string
  /** Kinds of effects that were performed. */
  readonly effects?: readonly string[]
  readonly message: string
}

function judgement({ phase, conditions = [] }: Status): unknown {
  return [phase, conditions.map(({ type, status, reason }) => [type, status, reason])]
}

/** Undefined where nothing changed. */
export function changeOf(before: Status = {}, after: Status = {}, effects: readonly string[] = []): Change | undefined {
  if (effects.length === 0 && isDeepStrictEqual(before, after)) return undefined
  const ready = conditionNamed(after.conditions, conditionTypes.Ready)
  return {
    isJudgement: effects.length > 0 || !isDeepStrictEqual(judgement(before), judgement(after)),
    ...(after.phase === undefined ? {} : { phase: after.phase }),
    ...(ready === undefined ? {} : { reason: ready.reason }),
    ...(effects.length === 0 ? {} : { effects }),
    message: ready?.message ?? 'changed',
  }
}
