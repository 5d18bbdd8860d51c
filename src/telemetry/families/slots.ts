// The metrics of the slots in which movers and deletions take turns: their names and meanings. Pure.
import { familiesOf } from './family.ts'
import type { Family } from './family.ts'

export const slotFamilies: readonly Family[] = familiesOf('gauge', ['kind'], {
  meili_operator_slots: 'How many movers, streams among them, or deletions of stored files may run at once',
  meili_operator_slots_used: 'How many run, or are about to',
  meili_operator_slots_waiting: 'MeiliSnapshots that wait for a slot',
  meili_operator_slots_longest_wait_seconds:
    'How long the one of them that waits longest has waited; 0 where none waits',
})
