// All metrics that are derived anew at each scrape, in the order of docs/metrics.md. Pure.
import type { Family } from './family.ts'
import { restoreFamilies } from './restores.ts'
import { scheduleFamilies } from './schedules.ts'
import { slotFamilies } from './slots.ts'
import { stateFamilies } from './state.ts'

export const derivedFamilies: readonly Family[] = [
  ...stateFamilies,
  ...scheduleFamilies,
  ...restoreFamilies,
  ...slotFamilies,
]
