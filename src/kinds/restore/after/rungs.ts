// The rungs of a restore that has ended: the way back that is asked for, and what is kept until it is cleaned up. Pure.
import type { Rung } from '../status/verdict.ts'

export const afterRungs: readonly Rung[] = []
