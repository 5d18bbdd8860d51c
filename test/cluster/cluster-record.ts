// What is written down about the one whole cluster of this machine, so that later processes find it, join it, or remove what it left.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runDirectory } from './build/cache.ts'
import { removeCgroups } from './process/cgroups.ts'
import { privateDirectories } from './inside/settings.ts'
import { alive } from './process/process-identity.ts'
import type { ProcessIdentity } from './process/process-identity.ts'
import { until } from './process/until.ts'

export interface ClusterRecord {
  /** Holds the namespaces; dies with the first process inside and takes it along. */
  readonly holder: ProcessIdentity
  /** The first process inside, as seen from outside: what nsenter takes. */
  readonly namespace: ProcessIdentity
  readonly nodes: readonly string[]
  readonly kubectl: string
  readonly ready: boolean
  /** It outlives the process that started it. */
  readonly kept: boolean
  /** Directories that were made on the machine as mount points and must go with the cluster. */
  readonly mountPoints: readonly string[]
}

export const stateDirectory = join(runDirectory, 'cluster')
export const lockPath = join(runDirectory, 'cluster.lock')
const recordPath = join(stateDirectory, 'cluster.json')

export function writeRecord(record: ClusterRecord): void {
  writeFileSync(recordPath, JSON.stringify(record))
}

/** The cluster that was started last, running or not. */
export function readRecord(): ClusterRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordPath, 'utf8')) as ClusterRecord
  } catch {
    return undefined
  }
}

/** Makes the directories over which the cluster mounts its own, and gives back those that were not there. */
export function makeMountPoints(): readonly string[] {
  const missing = privateDirectories.filter((path) => !existsSync(path))
  for (const path of missing) mkdirSync(path)
  return missing
}

/** Of any process: under a cluster of another cache directory it must stay, for that one's mount would go with it. */
function isMountPoint(path: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(` ${path} `)
      } catch {
        // It has ended.
        return false
      }
    })
}

/** Ends the process inside which is the parent of all, and with it everything: processes, mounts, network. */
export async function endProcesses(record: ClusterRecord): Promise<void> {
  const end = { what: `processes ${record.namespace.pid} and ${record.holder.pid} to end`, withinMs: 20_000 }
  if (alive(record.namespace)) process.kill(record.namespace.pid, 'SIGKILL')
  await until(end, () => !alive(record.namespace) && !alive(record.holder))
}

/** Removes what outlives the processes of a cluster: cgroups and the state directory. */
export async function removeLeftovers(): Promise<void> {
  const record = readRecord()
  if (record !== undefined) await endProcesses(record)
  for (const path of record?.mountPoints ?? []) if (existsSync(path) && !isMountPoint(path)) rmdirSync(path)
  await removeCgroups()
  if (existsSync(stateDirectory)) rmSync(stateDirectory, { recursive: true, force: true })
}
