// Directories that belong to a process and carry its identity in their name, so that what a killed one left behind is found and removed.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { alive, identify } from './process-identity.ts'

let serial = 0

/** Makes a new empty directory `<prefix>-<pid>-<start time>-<number>`, and removes those of dead processes with the same prefix. */
export function ownedDirectory(parent: string, prefix: string): string {
  if (existsSync(parent)) {
    for (const name of readdirSync(parent).filter((entry) => entry.startsWith(`${prefix}-`))) {
      const [pid = '', started = ''] = name.slice(prefix.length + 1).split('-')
      if (!alive({ pid: Number(pid), started })) rmSync(join(parent, name), { recursive: true, force: true })
    }
  }
  const { pid, started } = identify(process.pid)
  const directory = join(parent, `${prefix}-${pid}-${started}-${++serial}`)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  return directory
}
