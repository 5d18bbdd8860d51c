// The rungs until the plan is on record, and carried out, in order. Pure.
import type { Rung } from '../status/verdict.ts'

export const planRungs: readonly Rung[] = []
