// The rungs from the filled claim to a server that serves, or went back, in order. Pure.
import type { Rung } from '../status/verdict.ts'

export const exchangeRungs: readonly Rung[] = []
