// What a status says while the operator may not read what it needs: how the server is, is unknown. Pure.
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../api/instance.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { conditionsOf } from '../../../api/status/conditions.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { whyUnseen } from '../../../reconcile/refused-read.ts'
import type { RefusedRead } from '../../../reconcile/refused-read.ts'

const { Ready, Reconciling, Stalled } = conditionTypes
const { Applied } = instanceConditions
const judged: readonly string[] = [Ready, Reconciling, Stalled, Applied]

/** Everything else stays as it was seen last. */
export function recordRefusedRead(
  { metadata: { namespace, generation }, spec, status = {} }: MeiliInstance,
  refused: RefusedRead,
  nowMs: number,
): MeiliInstanceStatus {
  const said = { reason: instanceReasons.ReadRefused, message: whyUnseen(refused, namespace) }
  const before = status.conditions ?? []
  const wanted: readonly Wanted[] = [
    { type: Stalled, status: 'True', ...said },
    { type: Ready, status: 'Unknown', ...said },
    ...(spec.managed === undefined ? [] : [{ type: Applied, status: 'Unknown', ...said } as const]),
    ...before.filter(({ type }) => !judged.includes(type)),
  ]
  return {
    ...status,
    observedGeneration: generation,
    conditions: conditionsOf(before, wanted, { generation, nowMs }),
  }
}
