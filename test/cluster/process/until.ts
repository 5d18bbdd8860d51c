// Waits for conditions: polls with a deadline, and when that passes says what was waited for, what was seen last and where the log is.
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

export interface Wait {
  /** Ends the sentence "Waited 30 s for …". */
  readonly what: string
  readonly withinMs: number
  readonly everyMs?: number
  /** File whose last lines explain a failure. */
  readonly log?: string
  /** Gives back why waiting is of no use any more, for example that the process has ended. */
  readonly hopeless?: () => string | undefined
}

/** The last lines of a log, for an error message. */
export function tail(log: string | undefined, lines = 12): string {
  if (log === undefined) return ''
  try {
    const text = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
    return `\n--- last lines of ${log}\n${text}`
  } catch {
    return `\n(no log at ${log})`
  }
}

/** Polls until the probe gives back something other than undefined or false. A throwing probe counts as "not yet". */
export async function until<T>(
  wait: Wait,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + wait.withinMs
  for (;;) {
    let seen = 'nothing'
    try {
      const value = await probe()
      if (value !== undefined && value !== false) return value
    } catch (error) {
      seen = error instanceof Error ? error.message : String(error)
    }
    const hopeless = wait.hopeless?.()
    if (hopeless !== undefined) throw new Error(`While waiting for ${wait.what}: ${hopeless}${tail(wait.log)}`)
    if (Date.now() > deadline)
      throw new Error(`Waited ${wait.withinMs / 1000} s for ${wait.what}; seen last: ${seen}${tail(wait.log)}`)
    await pause(wait.everyMs ?? 50)
  }
}
