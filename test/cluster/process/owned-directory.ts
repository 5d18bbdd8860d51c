// Directories that belong to a process and carry its identity in their name, so that what a killed one left behind is found and removed.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { alive, identify } from './process-identity.ts'

let serial = 0

/** With whatever is still mounted in it. */
function removeStale(directory: string): void {
  const mounts = existsSync('/proc/self/mounts')
    ? readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[1] ?? '')
    : []
  for (const mount of mounts.filter((path) => path.startsWith(`${directory}/`)).toReversed())
    execFileSync('umount', ['--lazy', mount])
  rmSync(directory, { recursive: true, force: true })
}

/** Makes a new empty directory `<prefix>-<pid>-<start time>-<number>`, and removes those of dead processes with the same prefix. */
export function ownedDirectory(parent: string, prefix: string): string {
  if (existsSync(parent)) {
    for (const name of readdirSync(parent).filter((entry) => entry.startsWith(`${prefix}-`))) {
      const [pid = '', started = ''] = name.slice(prefix.length + 1).split('-')
      if (!alive({ pid: Number(pid), started })) removeStale(join(parent, name))
    }
  }
  const { pid, started } = identify(process.pid)
  const directory = join(parent, `${prefix}-${pid}-${started}-${++serial}`)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  return directory
}
