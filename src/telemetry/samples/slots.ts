// Says of the slots in which movers and deletions take turns what /metrics shows. Pure.
import type { Sample } from '../families/family.ts'

interface SlotCount {
  readonly kind: string
  readonly limit: number
  readonly used: number
  readonly waiting: number
  readonly longestWaitSeconds: number
}

export function slotSamples(counts: readonly SlotCount[]): readonly Sample[] {
  return counts.flatMap(({ kind, limit, used, waiting, longestWaitSeconds }) =>
    Object.entries({
      meili_operator_slots: limit,
      meili_operator_slots_used: used,
      meili_operator_slots_waiting: waiting,
      meili_operator_slots_longest_wait_seconds: longestWaitSeconds,
    }).map(([name, value]) => ({ name, labels: { kind }, value })),
  )
}
