// Conditions as kstatus, kubectl wait, Flux and Argo CD read them. Pure.
import type { Condition } from '../meta.ts'

export interface Wanted {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

/** When a judgement is made: of which generation, and at what time (our clock). */
export interface Moment {
  readonly generation: number
  readonly nowMs: number
}

/** An instant in whole seconds, as Kubernetes writes them. */
export function instant(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Conditions are cut where the schema would refuse them. */
const maxMessageLength = 2000

/**
 * The complete list of conditions, in the given order: what is not wanted is gone (abnormal conditions are absent unless true).
 * `lastTransitionTime` moves only where `status` does.
 */
export function conditionsOf(
  previous: readonly Condition[] | undefined,
  wanted: readonly Wanted[],
  moment: Moment,
): Condition[] {
  return wanted.map((next) => {
    const before = previous?.find(({ type }) => type === next.type)
    return {
      type: next.type,
      status: next.status,
      reason: next.reason,
      message: cut(next.message),
      lastTransitionTime: before?.status === next.status ? before.lastTransitionTime : instant(moment.nowMs),
      observedGeneration: moment.generation,
    }
  })
}

/** Half a character comes back from the API server as another one: each pass would see a change, and write. */
function cut(message: string): string {
  return message.slice(0, maxMessageLength).toWellFormed()
}

export function conditionNamed<C extends Pick<Condition, 'type'>>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type)
}

export function isTrue(conditions: readonly Pick<Condition, 'type' | 'status'>[] | undefined, type: string): boolean {
  return conditionNamed(conditions, type)?.status === 'True'
}
