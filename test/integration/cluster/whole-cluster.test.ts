// The whole cluster leaves nothing behind, however the process that started it ends.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { cgroupRoot } from '../../cluster/process/cgroups.ts'
import { runningCluster } from '../../cluster/cluster.ts'
import { removeLeftovers, stateDirectory } from '../../cluster/cluster-record.ts'
import { command } from '../../cluster/process/command.ts'
import { clusterImpossible } from '../../cluster/build/prerequisites.ts'
import { alive, identify } from '../../cluster/process/process-identity.ts'
import type { ProcessIdentity } from '../../cluster/process/process-identity.ts'
import { until } from '../../cluster/process/until.ts'

interface Started {
  readonly driver: ChildProcess
  readonly processes: readonly ProcessIdentity[]
  readonly nodes: string
}

const kept = runningCluster()
const impossible =
  clusterImpossible() ??
  (kept === undefined
    ? undefined
    : 'a cluster runs already on this machine, and there can be one: "npm run cluster -- down" ends it')
const minute = 60_000

let started: Started | undefined

/** All processes in a network namespace. */
function processesIn(namespacePid: number): ProcessIdentity[] {
  const namespace = readlinkSync(`/proc/${namespacePid}/ns/net`)
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .flatMap((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/ns/net`) === namespace ? [identify(pid)] : []
      } catch {
        return []
      }
    })
}

const cgroupsLeft = (): string[] =>
  readdirSync('/sys/fs/cgroup', { withFileTypes: true }).flatMap((hierarchy) => {
    const names = hierarchy.isDirectory() ? readdirSync(join('/sys/fs/cgroup', hierarchy.name)) : []
    return [hierarchy.name, ...names].filter((name) => name.startsWith(cgroupRoot('').slice(1)))
  })

const mountsLeft = (): string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes('meili-operator') || line.startsWith('test-cluster'))

async function start(): Promise<Started> {
  const driver = spawn(process.execPath, [join(import.meta.dirname, '../../support/kubernetes/drivers/cluster.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: driver.stdout })) {
    const { namespacePid, kubeconfig, kubectl } = JSON.parse(line) as {
      namespacePid: number
      kubeconfig: string
      kubectl: string
    }
    const nodes = await command('nsenter', [
      '--net',
      '--target',
      `${namespacePid}`,
      '--',
      kubectl,
      '--kubeconfig',
      kubeconfig,
      'get',
      'nodes',
      '--no-headers',
    ])
    started = { driver, nodes, processes: processesIn(namespacePid) }
    return started
  }
  throw new Error('The driver ended before its cluster was ready: see above.')
}

async function end(
  { driver }: Started,
  signal: NodeJS.Signals,
): Promise<readonly [number | null, NodeJS.Signals | null]> {
  const closed = once(driver, 'exit')
  driver.kill(signal)
  return (await closed) as [number | null, NodeJS.Signals | null]
}

describe.skipIf(impossible !== undefined)(
  `the whole cluster${impossible === undefined ? '' : ` (left out: ${impossible})`}`,
  { timeout: 5 * minute },
  () => {
    afterEach(async () => {
      if (started?.driver.exitCode === null && started.driver.signalCode === null) await end(started, 'SIGKILL')
      started = undefined
      await removeLeftovers()
    })

    test('ends with all its processes and mounts when its driver is killed; what then lies on disk goes with the next start', async () => {
      const killed = await start()
      expect(killed.nodes).toMatch(/^node-1 +Ready/)
      expect(killed.processes.length).toBeGreaterThan(8)
      await end(killed, 'SIGKILL')
      await until({ what: 'every process of the cluster to end', withinMs: 20_000 }, () =>
        killed.processes.every((process) => !alive(process)),
      )
      expect(mountsLeft()).toEqual([])
      expect(existsSync(stateDirectory)).toBe(true)

      const next = await start()
      expect(next.nodes).toMatch(/^node-1 +Ready/)
      expect(await end(next, 'SIGINT')).toEqual([130, null])
      expect(next.processes.filter(alive)).toEqual([])
      expect(mountsLeft()).toEqual([])
      expect(cgroupsLeft()).toEqual([])
      expect(existsSync(stateDirectory)).toBe(false)
    })
  },
)
