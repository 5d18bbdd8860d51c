// The rungs of a drill, from its plan to what the engine said, in order. Pure.
import type { Rung } from '../status/verdict.ts'

/** Before the plan of a drill is made: what it asks of its snapshot. Silent for every other target. */
export const beforeDrill: readonly Rung[] = []

/** From the plan to its first Job, in place of a claim to fill. Silent for every other target. */
export const toDrill: readonly Rung[] = []

export const drillRungs: readonly Rung[] = []
