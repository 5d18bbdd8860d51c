// A real cluster on this machine: etcd, API server, controllers, one or two nodes, in namespaces of its own. One at a time for each cache directory.
// It ends with the process that started it, however that ends, unless it is to be kept. Needs root, on Linux.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { auditLogOf } from './control-plane/api-server.ts'
import { clusterPrograms, ensureBinaries } from './build/binaries.ts'
import { silent } from './build/cache.ts'
import type { Log } from './build/cache.ts'
import { ensureCertificates } from './control-plane/certificates.ts'
import { makeCgroup } from './process/cgroups.ts'
import {
  endProcesses,
  lockPath,
  makeMountPoints,
  readRecord,
  removeLeftovers,
  stateDirectory,
  writeRecord,
} from './cluster-record.ts'
import type { ClusterRecord } from './cluster-record.ts'
import { command } from './process/command.ts'
import { sandboxArchive } from './images/images.ts'
import { socketOf, keepLine } from './inside/settings.ts'
import type { Answer, Settings } from './inside/settings.ts'
import { tryLock } from './process/lock.ts'
import type { Lock } from './process/lock.ts'
import { clusterImpossible, ensurePrerequisites, systemPath } from './build/prerequisites.ts'
import { alive, children, identify } from './process/process-identity.ts'
import { apiServerAddress, apiServerPort, nodes as allNodes } from './topology.ts'
import { tail, until } from './process/until.ts'

export interface Cluster {
  /** Path of an administrator's kubeconfig, complete in itself. Its server is reached from inside the network namespace only. */
  readonly kubeconfig: string
  /** Enter the cluster's network with `nsenter --net -t <this>`. */
  readonly namespacePid: number
  readonly nodes: readonly string[]
  /** It outlives the process that started it. */
  readonly kept: boolean
  readonly kubectl: string
  readonly stateDirectory: string
  /** One JSON object a line: verb, user, objectRef, responseStatus. */
  readonly auditLog: string
  /** Puts the images of a docker archive on every node. */
  loadImage(archive: string): Promise<void>
  /** Runs a program in the cluster's network and mounts and gives back what it printed. Its processes stay outside. */
  run(program: string, args: readonly string[], input?: string): Promise<string>
  stop(): Promise<void>
}

export interface ClusterOptions {
  readonly nodes?: 1 | 2
  readonly log?: Log
  /** Docker archives for every node; loaded while the control plane starts, which costs no time of its own. */
  readonly images?: readonly string[]
  /** Called at the end of each part of the start. */
  readonly step?: (name: string, seconds: number) => void
  /** The cluster outlives this process: `npm run cluster -- down` ends it. */
  readonly keep?: boolean
}

function clusterOf(record: ClusterRecord): Cluster {
  const enter = ['--target', `${record.namespace.pid}`, '--net', '--mount', '--']
  const run = async (program: string, args: readonly string[], input = ''): Promise<string> =>
    command('nsenter', [...enter, program, ...args], { input, environment: { ...process.env, PATH: systemPath } })
  return {
    kubeconfig: join(stateDirectory, 'kubeconfig'),
    namespacePid: record.namespace.pid,
    nodes: record.nodes,
    kept: record.kept,
    kubectl: record.kubectl,
    stateDirectory,
    auditLog: auditLogOf(stateDirectory),
    run,
    loadImage: async (archive) => {
      const load = async (node: string): Promise<string> =>
        run('ctr', ['--address', socketOf(node), '--namespace', 'k8s.io', 'images', 'import', archive])
      await Promise.all(record.nodes.map(load))
    },
    stop: async () => {
      await endProcesses(record)
      await removeLeftovers()
    },
  }
}

/** The cluster that runs on this machine now, started by whomever, or undefined. */
export function runningCluster(): Cluster | undefined {
  const record = readRecord()
  return record !== undefined && record.ready && alive(record.namespace) ? clusterOf(record) : undefined
}

function takeLock(): Lock {
  const lock = tryLock(lockPath)
  if ('release' in lock) return lock
  throw new Error(
    `A test cluster runs already on this machine (process ${lock.pid}); there can be one. End it with "npm run cluster -- down", or use it with "npm run cluster -- kubectl get nodes".`,
  )
}

function spawnInside(settings: Settings): ChildProcess {
  const isolation = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child']
  // tini is the first process inside: it adopts and buries what containerd's shims leave behind.
  const program = [
    'tini',
    '--',
    process.execPath,
    join(import.meta.dirname, 'inside/main.ts'),
    JSON.stringify(settings),
  ]
  const errors = openSync(join(stateDirectory, 'inside.log'), 'a')
  // A session of its own: Ctrl-C reaches the driver only, which then ends the cluster in order.
  const child = spawn('unshare', [...isolation, ...program], {
    stdio: ['pipe', 'pipe', errors],
    detached: true,
    env: { ...process.env, PATH: systemPath },
  })
  closeSync(errors)
  child.stdin?.on('error', () => {})
  return child
}

async function awaitReady(child: ChildProcess, { log = silent, step }: ClusterOptions): Promise<void> {
  const lines = child.stdout
  if (lines === null) throw new Error('unshare was started without a pipe')
  for await (const line of createInterface({ input: lines })) {
    const answer = JSON.parse(line) as Answer
    if (answer.type === 'ready') return
    if (answer.type === 'failed') throw new Error(answer.message)
    log(`${answer.name} ready after ${answer.seconds.toFixed(1)} s`)
    step?.(answer.name, answer.seconds)
  }
  throw new Error(`The cluster ended while it started.${tail(join(stateDirectory, 'inside.log'))}`)
}

/** Ctrl-C and its like stop the cluster, then this process. Gives back how to undo that. */
function onSignals(stop: () => Promise<void>): () => void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
  const listen = (signal: NodeJS.Signals): void =>
    void stop().finally(() => process.exit(codes[signal as keyof typeof codes]))
  const signals = Object.keys(codes) as (keyof typeof codes)[]
  for (const signal of signals) process.once(signal, listen)
  return () => signals.forEach((signal) => process.off(signal, listen))
}

async function launch(options: ClusterOptions, settings: Settings, lock: Lock): Promise<ClusterRecord> {
  const mountPoints = makeMountPoints()
  const child = spawnInside(settings)
  const holder = identify(child.pid ?? 0)
  lock.handTo(holder.pid)
  const first = {
    what: 'the first process inside the namespaces',
    withinMs: 10_000,
    everyMs: 5,
    log: join(stateDirectory, 'inside.log'),
  }
  const namespacePid = await until(first, () => children(holder.pid)[0])
  const record = {
    holder,
    namespace: identify(namespacePid),
    nodes: settings.nodes,
    kubectl: settings.binaries.kubectl,
    ready: false,
    kept: options.keep === true,
    mountPoints,
  }
  writeRecord(record)
  try {
    await awaitReady(child, options)
  } catch (error) {
    await endProcesses(record)
    throw error
  }
  if (options.keep === true) child.stdin?.write(`${keepLine}\n`)
  child.stdout?.destroy()
  child.unref()
  const ready = { ...record, ready: true }
  writeRecord(ready)
  return ready
}

/**
 * Starts the cluster and resolves when its nodes are Ready. A failure names the log and leaves the state directory for a look; the next
 * start removes it. Ctrl-C and SIGTERM stop the cluster and then end this process.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { log = silent, nodes: count = 1, images = [] } = options
  const impossible = clusterImpossible()
  if (impossible !== undefined) throw new Error(`The test cluster cannot run here: ${impossible}.`)
  const lock = takeLock()
  const stop = async (): Promise<void> => {
    letGo()
    await removeLeftovers()
    lock.release()
  }
  const letGo = onSignals(stop)
  try {
    await removeLeftovers()
    await ensurePrerequisites(log)
    const binaries = await ensureBinaries(clusterPrograms, log)
    const certificates = await ensureCertificates(log)
    const nodes = allNodes.slice(0, count).map(({ name }) => name)
    mkdirSync(stateDirectory, { recursive: true })
    nodes.forEach(makeCgroup)
    const server = `https://${apiServerAddress}:${apiServerPort}`
    writeFileSync(join(stateDirectory, 'kubeconfig'), certificates.kubeconfig('admin', server), { mode: 0o600 })
    const settings = { stateDirectory, nodes, images: [await sandboxArchive(log), ...images], binaries }
    const cluster = clusterOf(await launch(options, settings, lock))
    if (options.keep === true) letGo()
    return { ...cluster, stop }
  } catch (error) {
    letGo()
    lock.release()
    throw error
  }
}
