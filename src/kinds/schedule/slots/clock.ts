// Whether the operator's clock can be believed: it stands before a slot that ran. Pure.
import { confirmAnnotation } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import { runNowHash } from '../../../reconcile/names/schedule.ts'
import type { Run } from '../run.ts'

export interface ClockVerdict {
  /** Until it has passed the last slot again, nothing runs. Whoever confirms `hash` says that the clock is right, and was wrong then. */
  readonly clockWentBack?: { readonly message: string; readonly hash: string }
  /** The slot was never real: what has passed up to `afterMs` is covered. */
  readonly takeBack?: { readonly afterMs: number; readonly message: string }
}

export interface LastRun {
  readonly slotMs: number
  readonly name?: string
}

/** Clocks of two nodes differ by less. */
const toleranceMs = 60_000

/** No run is created before its slot; the API server's clock may stand behind the operator's by so much. */
const proofMs = 3_600_000

/** It cannot be of that slot: the clock stood wrong when it was made. */
export const isTooEarly = ({ createdMs }: Run, slotMs: number): boolean => createdMs < slotMs - proofMs

export function judgeClock(
  { metadata }: MeiliSnapshotSchedule,
  last: LastRun | undefined,
  { runs, nowMs }: { readonly runs: readonly Run[]; readonly nowMs: number },
): ClockVerdict {
  if (last === undefined || last.slotMs <= nowMs + toleranceMs) return {}
  const slot = instant(last.slotMs)
  const run = runs.find(({ name }) => name === last.name)
  if (run !== undefined && isTooEarly(run, last.slotMs)) {
    const message = `The snapshot of slot ${slot} was created at ${instant(run.createdMs)}: the operator's clock stood wrong then. The slot does not count`
    return { takeBack: { afterMs: Math.min(run.createdMs, nowMs), message } }
  }
  const hash = runNowHash(`clock ${slot}`)
  if (metadata.annotations?.[confirmAnnotation] === hash)
    return { takeBack: { afterMs: nowMs, message: `Confirmed: slot ${slot} does not count` } }
  return {
    clockWentBack: {
      hash,
      message: `The operator's clock stands before slot ${slot}, which ran: nothing runs until it has passed that slot. If the clock is right now, confirm that: kubectl meili schedule confirm, or the annotation ${confirmAnnotation}: ${hash}`,
    },
  }
}
