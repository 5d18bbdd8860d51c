// A process by pid and start time: a pid alone may name another process later. Never finds a process by its name.
import { readFileSync, readdirSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** Start time in clock ticks since boot where /proc tells it, else an empty string. */
  readonly started: string
}

interface Stat {
  readonly state: string
  readonly parent: number
  readonly started: string
}

function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold spaces and brackets itself.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', parent: Number(fields[1]), started: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export function identify(pid: number): ProcessIdentity {
  return { pid, started: stat(pid)?.started ?? '' }
}

export function alive(process: ProcessIdentity): boolean {
  if (!exists(process.pid)) return false
  const now = stat(process.pid)
  return now === undefined || (now.started === process.started && now.state !== 'Z')
}

/** The children of a process, as /proc tells them; none where there is no /proc. */
export function children(parent: number): readonly number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && stat(pid)?.parent === parent)
  } catch {
    return []
  }
}
