// What a status says while the operator may not read what it needs: nothing is created or deleted meanwhile. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { scheduleReasons } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { conditionsOf } from '../../../api/status/conditions.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { whyUnseen } from '../../../reconcile/refused-read.ts'
import type { RefusedRead } from '../../../reconcile/refused-read.ts'

const { Ready, Stalled, Reconciling } = conditionTypes
const judged: readonly string[] = [Ready, Stalled, Reconciling]

/** Everything else stays as it was seen last. */
export function recordRefusedRead(
  { metadata: { namespace, generation }, status = {} }: MeiliSnapshotSchedule,
  refused: RefusedRead,
  nowMs: number,
): MeiliSnapshotScheduleStatus {
  const said = { reason: scheduleReasons.ReadRefused, message: whyUnseen(refused, namespace) }
  const before = status.conditions ?? []
  const wanted: readonly Wanted[] = [
    { type: Stalled, status: 'True', ...said },
    { type: Ready, status: 'Unknown', ...said },
    ...before.filter(({ type }) => !judged.includes(type)),
  ]
  return { ...status, observedGeneration: generation, conditions: conditionsOf(before, wanted, { generation, nowMs }) }
}
