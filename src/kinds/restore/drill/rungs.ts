// The rungs of a drill, from its plan to what the engine said, in order. Pure.
import type { Rung } from '../status/verdict.ts'

export const drillRungs: readonly Rung[] = []
