// npm run demo [-- --json] [--keep]: the main job, from nothing to a proved file, on a real cluster that this machine runs.
// The driver starts the cluster and enters its network with the tour; with E2E_KUBECONFIG set, the tour runs on that cluster.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { rolldown } from 'rolldown'
import programs from '../../rolldown.config.ts'
import { startCluster } from '../cluster/cluster.ts'
import { ensureBinaries, clusterPrograms } from '../cluster/binaries.ts'
import { meilisearchArchive, meilisearchImage } from '../cluster/images/images.ts'
import { operatorArchive } from '../cluster/images/operator-image.ts'
import { ensurePrerequisites } from '../cluster/prerequisites.ts'
import { tour } from './inside.ts'
import { Screen } from './screen.ts'
import type { StepRecord } from './screen.ts'
import { summaryLines } from './summary.ts'

const root = join(import.meta.dirname, '../..')
/** As install.yaml names it. */
const operatorImage = 'docker.io/meili-operator/operator:0.1.0'
const stepsVariable = 'DEMO_STEPS'

interface Options {
  readonly json: boolean
  readonly keep: boolean
}

function options(): Options {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } } })
  return values
}

async function bundle(): Promise<void> {
  for (const { output, ...input } of programs) {
    const build = await rolldown(input)
    await build.write(Array.isArray(output) ? output[0] : output)
    await build.close()
  }
}

/** Starts the cluster, runs the tour in its network, and ends it. */
async function drive({ json, keep }: Options): Promise<number> {
  const screen = new Screen(json ? process.stderr : process.stdout)
  screen.line('meili-operator demo · a real Kubernetes on this machine')
  const started = performance.now()
  await screen.step('cluster binaries', async (live) => {
    await ensurePrerequisites(live)
    await ensureBinaries(clusterPrograms, live)
    return { value: undefined, note: performance.now() - started < 2000 ? 'cached' : 'built' }
  })
  const images = await screen.step('images', async (live) => {
    await bundle()
    return { value: [await operatorArchive({ name: operatorImage, log: live }), await meilisearchArchive(live)], note: 'operator from the Dockerfile, Meilisearch 1.21.0' }
  })
  const cluster = await screen.step('cluster', async (live) => {
    const value = await startCluster({ nodes: 1, images, keep, log: live })
    return { value, note: `control plane and node ${value.nodes.join(', ')}` }
  })
  try {
    const environment = { ...process.env, E2E_KUBECONFIG: cluster.kubeconfig, E2E_KUBECTL: cluster.kubectl, [stepsVariable]: JSON.stringify(screen.steps) }
    const child = spawn('nsenter', ['--net', '-t', String(cluster.namespacePid), '--', process.execPath, import.meta.filename, ...process.argv.slice(2)], { stdio: 'inherit', env: environment })
    const [code] = (await once(child, 'close')) as [number | null]
    return code ?? 1
  } finally {
    if (keep) screen.line(`\nThe cluster stays: npm run cluster -- kubectl -n demo get meili, and npm run cluster -- down to end it.`)
    else await screen.step('cluster removed', async () => ({ value: await cluster.stop(), note: 'no process, mount or cgroup is left' }))
  }
}

async function guide({ json }: Options): Promise<number> {
  const screen = new Screen(json ? process.stderr : process.stdout)
  const before = JSON.parse(process.env[stepsVariable] ?? '[]') as StepRecord[]
  const proof = await tour({ kubectl: process.env['E2E_KUBECTL'] ?? 'kubectl', kubeconfig: process.env['E2E_KUBECONFIG'] ?? '', meilisearchImage: process.env['E2E_MEILISEARCH_IMAGE'] ?? meilisearchImage, root }, screen)
  const steps = [...before, ...screen.steps]
  if (json) process.stdout.write(`${JSON.stringify({ ok: true, steps, ...proof })}\n`)
  else for (const line of summaryLines(proof, steps)) screen.line(line)
  return 0
}

const chosen = options()
process.exitCode = await (process.env['E2E_KUBECONFIG'] === undefined ? drive(chosen) : guide(chosen))
