// One cgroup for each node, in every hierarchy: without its own, one kubelet would remove the other's pods. cgroup version 1 and 2.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from '../build/cache.ts'
import { nodes } from '../topology.ts'
import { until } from './until.ts'

const top = '/sys/fs/cgroup'
const isUnified = (): boolean => existsSync(join(top, 'cgroup.controllers'))
const hierarchies = (): string[] =>
  isUnified()
    ? [top]
    : readdirSync(top, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(top, entry.name))

/** Clusters with other caches may run beside this one: cgroups are named in one place for the whole machine. */
const owner = createHash('sha256').update(cacheDirectory).digest('hex').slice(0, 8)

/** The node's cgroup, as the kubelet's cgroupRoot names it. */
export const cgroupRoot = (node: string): string => `/meili-operator-${owner}-${node}`

/** A new cpuset is empty and takes no process before it has its parent's processors and memory. */
function fillCpuset(parent: string, directory: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const path = join(directory, file)
    if (existsSync(path)) writeFileSync(path, readFileSync(join(parent, file)))
  }
}

function delegate(directory: string): void {
  const controllers = readFileSync(join(directory, 'cgroup.controllers'), 'utf8').trim().split(' ').filter(Boolean)
  writeFileSync(join(directory, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '))
}

export function makeCgroup(node: string): void {
  for (const parent of hierarchies()) {
    const directory = join(parent, cgroupRoot(node))
    if (isUnified()) delegate(parent)
    mkdirSync(directory, { recursive: true })
    if (isUnified()) delegate(directory)
    else fillCpuset(parent, directory)
  }
}

function removeTree(directory: string): void {
  if (!existsSync(directory)) return
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(directory, entry.name))
  }
  rmdirSync(directory)
}

/** Removes every node's cgroups. A process that is just dying keeps its cgroup for a moment: waits for it up to 10 s. */
export async function removeCgroups(): Promise<void> {
  if (!existsSync(top)) return
  for (const directory of hierarchies().flatMap((parent) => nodes.map(({ name }) => join(parent, cgroupRoot(name))))) {
    if (!existsSync(directory)) continue
    await until({ what: `cgroup ${directory} to become empty`, withinMs: 10_000 }, () => {
      removeTree(directory)
      return true
    })
  }
}
