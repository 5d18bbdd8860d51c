// The rungs until it is on record what is restored, in order. Pure.
import type { Rung } from '../status/verdict.ts'

export const sourceRungs: readonly Rung[] = []
