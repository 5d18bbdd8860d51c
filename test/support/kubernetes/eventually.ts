// Awaits a condition of the world: asks again until it holds, or says what it waited for and what it last saw.
import { setTimeout as pause } from 'node:timers/promises'

export interface Patience {
  readonly timeoutMs?: number
  readonly everyMs?: number
}

/**
 * Gives the first defined value of `look`.
 * @throws Error with `what`, the time, and the last error of `look`
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  patience: Patience = {},
): Promise<T> {
  const { timeoutMs = 60_000, everyMs = 250 } = patience
  const until = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < until) {
    try {
      const value = await look()
      if (value !== undefined) return value
      last = undefined
    } catch (error) {
      last = error
    }
    await pause(everyMs)
  }
  throw new Error(`waited ${timeoutMs / 1000} s for ${what}${last instanceof Error ? `; last: ${last.message}` : ''}`, {
    cause: last,
  })
}
