// A lock between processes: a file that names its holder. It frees itself when the holder is dead, however it died.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Log } from '../build/cache.ts'
import { alive, identify } from './process-identity.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { until } from './until.ts'

export interface Lock {
  release(): void
  /** Hands the lock to another process, which then holds it for as long as it lives. */
  handTo(pid: number): void
}

let serial = 0
const aside = (path: string): string => `${path}.${process.pid}.${++serial}`

function holder(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity
  } catch {
    return undefined
  }
}

/** Linking is atomic and fails when the name is taken: of two processes one wins. */
function take(path: string, content: string): boolean {
  const mine = aside(path)
  writeFileSync(mine, content)
  try {
    linkSync(mine, path)
    return true
  } catch {
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Removes a dead holder's lock; whoever renames a living one by mistake puts it back. */
function removeStale(path: string): void {
  const seen = aside(path)
  try {
    renameSync(path, seen)
  } catch {
    return
  }
  const who = holder(seen)
  if (who !== undefined && alive(who)) {
    try {
      linkSync(seen, path)
    } catch {
      // Someone took it in between, in good faith; the holder will notice nothing, as both do the same work on their own files.
    }
  }
  rmSync(seen, { force: true })
}

export function lockHolder(path: string): ProcessIdentity | undefined {
  const who = holder(path)
  return who !== undefined && alive(who) ? who : undefined
}

/** Takes the lock, or gives back who has it. */
export function tryLock(path: string): Lock | ProcessIdentity {
  mkdirSync(dirname(path), { recursive: true })
  const current = lockHolder(path)
  if (current !== undefined) return current
  removeStale(path)
  if (!take(path, JSON.stringify(identify(process.pid)))) return lockHolder(path) ?? tryLock(path)
  return {
    release: () => rmSync(path, { force: true }),
    handTo: (pid) => {
      const next = aside(path)
      writeFileSync(next, JSON.stringify(identify(pid)))
      renameSync(next, path)
    },
  }
}

export interface LockedWork {
  readonly path: string
  readonly what: string
  readonly log: Log
}

/** Runs the work alone; waits up to 30 minutes for another process that does the same. */
export async function withLock<T>({ path, what, log }: LockedWork, work: () => Promise<T>): Promise<T> {
  let isLogged = false
  const lock = await until(
    { what: `${what} by another process (lock ${path})`, withinMs: 30 * 60_000, everyMs: 200 },
    () => {
      const got = tryLock(path)
      if ('release' in got) return got
      if (!isLogged) log(`waiting for process ${got.pid}, which does the same: ${what}`)
      isLogged = true
      return undefined
    },
  )
  try {
    return await work()
  } finally {
    lock.release()
  }
}
