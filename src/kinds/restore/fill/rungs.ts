// The rungs until the data lies on its claim, in order. Pure.
import type { Rung } from '../status/verdict.ts'

export const fillRungs: readonly Rung[] = []
