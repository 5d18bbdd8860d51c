// npm run cluster -- up | down | status | kubectl …: a real cluster to try things on, by hand.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runningCluster, startCluster } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { lockPath, removeLeftovers } from './cluster-record.ts'
import { meilisearchArchive, meilisearchImage } from './images/images.ts'
import { operatorArchive, operatorImage } from './images/operator-image.ts'
import { lockHolder, tryLock } from './process/lock.ts'
import { ensurePrerequisites, systemPath } from './build/prerequisites.ts'

const usage = `usage: npm run cluster -- up [--nodes 1|2]   start a cluster and leave it running
                          down               end it and remove everything it made
                          status             what runs
                          kubectl ARGS…      kubectl, as administrator, inside the cluster's network`

const log = (line: string): void => console.log(line)

/** Runs a program in the cluster's network, with this terminal, and gives back its exit code. */
async function enter(cluster: Cluster, program: string, args: readonly string[]): Promise<number> {
  const environment = { ...process.env, KUBECONFIG: cluster.kubeconfig, PATH: systemPath }
  const child = spawn('nsenter', ['--target', `${cluster.namespacePid}`, '--net', '--', program, ...args], {
    stdio: 'inherit',
    env: environment,
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

function requireRunning(): Cluster {
  const cluster = runningCluster()
  if (cluster === undefined) throw new Error('No test cluster runs. Start one with "npm run cluster -- up".')
  return cluster
}

async function up(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { nodes: { type: 'string', default: '1' } } })
  if (values.nodes !== '1' && values.nodes !== '2')
    throw new Error(`--nodes ${values.nodes}: a cluster has 1 or 2 nodes.`)
  await ensurePrerequisites(log)
  const built = existsSync(join(import.meta.dirname, '../../dist/operator.js'))
  const images = [await meilisearchArchive(log), ...(built ? [await operatorArchive({ log })] : [])]
  const start = Date.now()
  const cluster = await startCluster({ nodes: values.nodes === '2' ? 2 : 1, log, images, keep: true })
  log(`
The cluster runs (started in ${((Date.now() - start) / 1000).toFixed(1)} s, nodes ${cluster.nodes.join(' and ')}). On its nodes: ${meilisearchImage}${built ? `, ${operatorImage}` : ''}
  npm run cluster -- kubectl get pods -A
  npm run cluster -- down
  kubeconfig  ${cluster.kubeconfig}
  network     nsenter --net -t ${cluster.namespacePid} COMMAND…   (pod and service addresses answer in there)
  logs        ${cluster.stateDirectory}/*.log, ${cluster.stateDirectory}/node-1/*.log, audit: ${cluster.auditLog}`)
  return 0
}

async function down(): Promise<number> {
  const cluster = runningCluster()
  await removeLeftovers()
  const lock = tryLock(lockPath)
  if ('release' in lock) lock.release()
  log(
    cluster === undefined
      ? 'No cluster was running; nothing is left behind.'
      : 'The cluster is down; nothing is left behind.',
  )
  return 0
}

async function status(): Promise<number> {
  const cluster = runningCluster()
  const holder = lockHolder(lockPath)
  if (cluster === undefined) {
    log(holder === undefined ? 'No test cluster runs.' : `Process ${holder.pid} is starting a test cluster.`)
    return holder === undefined ? 1 : 0
  }
  log(`A test cluster runs: processes ${holder?.pid} and ${cluster.namespacePid}, state in ${cluster.stateDirectory}`)
  return enter(cluster, cluster.kubectl, ['get', 'nodes,pods', '-A', '-o', 'wide'])
}

async function main([verb, ...args]: string[]): Promise<number> {
  if (verb === 'up') return up(args)
  if (verb === 'down') return down()
  if (verb === 'status') return status()
  if (verb === 'kubectl') {
    const cluster = requireRunning()
    return enter(cluster, cluster.kubectl, args)
  }
  console.error(usage)
  return verb === undefined || verb === 'help' ? 0 : 2
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
