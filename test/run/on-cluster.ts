// The end-to-end level: on the cluster that E2E_KUBECONFIG names, else on the test cluster with two nodes, which is started here and ended after.
// A test cluster that "npm run cluster -- up --nodes 2" left running is used as it is, and stays.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { releaseBase } from '../../release/image/base.ts'
import { argoCdForCluster } from '../gitops/argocd/installation.ts'
import type { Log } from '../cluster/build/cache.ts'
import { chosenHelm, ensureBinaries } from '../cluster/build/binaries.ts'
import { runningCluster, startCluster } from '../cluster/cluster.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { command } from '../cluster/process/command.ts'
import { meilisearchArchive, meilisearchImage } from '../cluster/images/images.ts'
import { operatorArchive, operatorImage } from '../cluster/images/operator-image.ts'
import { clusterImpossible, ensurePrerequisites, which } from '../cluster/build/prerequisites.ts'
import { fluxForCluster } from '../gitops/flux/controllers.ts'
import { readRights } from './rights.ts'
import { LogKeeper, requestBodies } from './output.ts'
import { emptiness, secretFindings } from './secrets.ts'
import { none, runSuite, sum } from './suite.ts'
import type { Counts } from './suite.ts'

/** Levels that need the whole cluster, and their projects. */
const projectsOf = { e2e: ['e2e', 'e2e-alone', 'e2e-own-operators'], flux: ['flux'], argocd: ['argocd'] } as const
export type ClusterLevel = keyof typeof projectsOf
const tools = { flux: fluxForCluster, argocd: argoCdForCluster }

export interface ClusterRun {
  readonly level: ClusterLevel
  /** Arguments for vitest. */
  readonly args: readonly string[]
  readonly log: Log
}

/** What a level needs beside the operator and Meilisearch. */
interface Extra {
  readonly images: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const runsAll = ({ level, args }: ClusterRun): boolean => level === 'e2e' && args.length === 0

const setting = (name: string): string | undefined => {
  const value = process.env[name]
  return value === '' ? undefined : value
}

async function onForeignCluster(kubeconfig: string, { level, args, log }: ClusterRun): Promise<Counts> {
  if (level !== 'e2e')
    throw new Error(
      'Flux and Argo CD are tried on the test cluster only, where they find a Git server of the test: leave E2E_KUBECONFIG away.',
    )
  const image = setting('E2E_OPERATOR_IMAGE')
  if (image === undefined)
    throw new Error(
      'E2E_KUBECONFIG is set, E2E_OPERATOR_IMAGE is not: push an image where that cluster finds it, and name it there.',
    )
  const kubectl = setting('E2E_KUBECTL') ?? which('kubectl') ?? (await ensureBinaries(['kubectl'], log)).kubectl
  await ensureBinaries(['helm'], log)
  log(`e2e: on the cluster of ${kubeconfig}`)
  return runSuite({
    projects: projectsOf[level],
    args,
    environment: { E2E_KUBECTL: kubectl, E2E_MEILISEARCH_IMAGE: setting('E2E_MEILISEARCH_IMAGE') ?? meilisearchImage },
  })
}

async function onTestCluster(cluster: Cluster, run: ClusterRun, extra: Extra): Promise<Counts> {
  const environment = {
    ...extra.environment,
    E2E_KUBECONFIG: cluster.kubeconfig,
    E2E_KUBECTL: cluster.kubectl,
    E2E_OPERATOR_IMAGE: operatorImage,
    E2E_MEILISEARCH_IMAGE: meilisearchImage,
    E2E_OUTSIDE: `${process.pid}`,
    E2E_KEYS: join(cluster.stateDirectory, 'keys-of-the-tests'),
  }
  rmSync(environment.E2E_KEYS, { force: true })
  const keeper = new LogKeeper(
    cluster.nodes.map((node) => join(cluster.stateDirectory, node, 'pod-logs')),
    join(cluster.stateDirectory, 'kept-logs'),
  )
  const counts = await runSuite({
    projects: projectsOf[run.level],
    args: run.args,
    environment,
    through: ['nsenter', '--net', '--target', `${cluster.namespacePid}`, '--'],
  })
  const audited = sum(counts, auditSecrets({ cluster, keeper, isWhole: runsAll(run), keysPath: environment.E2E_KEYS }))
  // Some files alone do not need every right.
  return runsAll(run) ? sum(audited, auditRights(cluster)) : audited
}

interface Heard {
  readonly cluster: Cluster
  readonly keeper: LogKeeper
  readonly keysPath: string
  /** Some files alone use no key, or start no mover. */
  readonly isWhole: boolean
}

/** Counts as one test: none of the keys that the tests used stands in a log, an Event, a status or an object. */
function auditSecrets({ cluster, keeper, keysPath, isWhole }: Heard): Counts {
  const keys = existsSync(keysPath) ? readFileSync(keysPath, 'utf8').split('\n') : []
  const all = [...keeper.collect(), ...requestBodies(readFileSync(cluster.auditLog, 'utf8'))]
  const findings = [...secretFindings(keys, all), ...(isWhole ? emptiness(keys, all) : [])]
  for (const finding of findings) console.error(`secrets: ${finding}`)
  const isGood = findings.length === 0
  console.log(
    `secrets: ${isGood ? `${new Set(keys.filter((key) => key !== '')).size} keys, none of them in ${all.length} logs, Events, statuses and objects` : `${findings.length} findings`}`,
  )
  return { ...none, passed: isGood ? 1 : 0, failed: isGood ? 0 : 1 }
}

/** Counts as one test: install.yaml has each right that was needed, and no other. */
function auditRights({ auditLog }: Cluster): Counts {
  const { denied, unused } = readRights(auditLog)
  for (const right of denied)
    console.error(`rights: the operator was denied "${right}": add it to charts/meili-operator, or do not ask`)
  for (const right of unused)
    console.error(
      `rights: "${right}" was not used once in the whole suite: take it out of charts/meili-operator, or test what needs it`,
    )
  const isGood = denied.length + unused.length === 0
  console.log(
    `rights: ${isGood ? 'each one was used, and none was missing' : `${denied.length} denied, ${unused.length} never used`}`,
  )
  return { ...none, passed: isGood ? 1 : 0, failed: isGood ? 0 : 1 }
}

/** Inside of the cluster's network there is no registry: what its tests build or run must be here before. */
async function prefetch({ level, args, log }: ClusterRun): Promise<Extra> {
  if (level !== 'e2e') {
    const { images, manifest } = await tools[level](log)
    return { images, environment: { E2E_TOOL_MANIFEST: manifest } }
  }
  await ensurePrerequisites(log, ['prometheus'])
  await ensureBinaries(['helm', chosenHelm, 'verdicts'], log)
  const isReleased = args.length === 0 || args.some((word) => word.includes('release'))
  const root = join(import.meta.dirname, '../..')
  for (const architecture of isReleased ? (['amd64', 'arm64'] as const) : [])
    await releaseBase(root, { architecture, cached: true, log })
  return { images: [], environment: {} }
}

/** Runs the level, or says why it cannot run here and runs nothing. */
export async function runOnCluster(run: ClusterRun): Promise<Counts> {
  const { level, log } = run
  const kubeconfig = setting('E2E_KUBECONFIG')
  if (kubeconfig !== undefined) return onForeignCluster(kubeconfig, run)
  const impossible = clusterImpossible()
  if (impossible !== undefined) {
    log(
      `${level}: left out, as ${impossible}.${level === 'e2e' ? ' Name a cluster in E2E_KUBECONFIG to run it there.' : ''}`,
    )
    return none
  }
  await ensurePrerequisites(log)
  const extra = await prefetch(run)
  await command('npm', ['run', '--silent', 'build'])
  const images = [await meilisearchArchive(log), await operatorArchive({ log }), ...extra.images]
  const running = runningCluster()
  if (running?.kept === true && running.nodes.length === 2) {
    log(`${level}: on the cluster that runs already`)
    for (const image of images) await running.loadImage(image)
    return onTestCluster(running, run, extra)
  }
  const start = Date.now()
  const cluster = await startCluster({ nodes: 2, log, images })
  log(`${level}: on a cluster with two nodes, started in ${((Date.now() - start) / 1000).toFixed(1)} s`)
  try {
    return await onTestCluster(cluster, run, extra)
  } finally {
    await cluster.stop()
  }
}
