// How much later than its slot a schedule's snapshot is made: always the same for one object. Pure.
import { createHash } from 'node:crypto'
import { durationMs } from '../../../api/meta.ts'
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { scheduleReasons } from '../../../api/schedule.ts'
import { spanText } from '../../../reconcile/format.ts'
import type { SlotProblem } from './problems.ts'
import type { Slots } from './slots.ts'

type Parts = Pick<MeiliSnapshotSchedule, 'metadata' | 'spec'>

/** In ms, whole seconds: a part of spec.jitter by the hash of its UID, evenly spread. */
export function jitterOf({ metadata: { uid }, spec: { jitter } }: Parts): number {
  if (jitter === undefined) return 0
  const part = createHash('sha256').update(uid).digest().readUIntBE(0, 6) / 2 ** 48
  return Math.floor((part * durationMs(jitter)) / 1000) * 1000
}

/** Half the shortest interval, and a slot's snapshot could as well be the next one's. */
export function jitterProblem({ spec: { jitter, schedule } }: Parts, { shortestMs }: Slots): SlotProblem | undefined {
  if (jitter === undefined || durationMs(jitter) * 2 < shortestMs) return undefined
  return {
    reason: scheduleReasons.JitterTooLong,
    message: `spec.jitter ${jitter} is too long: with schedule ${schedule} two slots are ${spanText(shortestMs)} apart, and it must be less than half of that`,
  }
}
