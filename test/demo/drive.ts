// Brings up the test cluster with the operator's image, runs a program in its network, and ends it: for the demo and the benches.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { clusterPrograms, ensureBinaries } from '../cluster/build/binaries.ts'
import { startCluster } from '../cluster/cluster.ts'
import { command } from '../cluster/process/command.ts'
import { meilisearchArchive } from '../cluster/images/images.ts'
import { operatorArchive } from '../cluster/images/operator-image.ts'
import { ensurePrerequisites } from '../cluster/build/prerequisites.ts'
import { Screen } from './screen.ts'

/** As install.yaml names it. */
const operatorImage = 'docker.io/meili-operator/operator:0.1.0'
/** The steps so far, as JSON, for the program inside. */
export const stepsVariable = 'DEMO_STEPS'

export interface Drive {
  readonly title: string
  /** Gets this process's arguments, and E2E_KUBECONFIG and E2E_KUBECTL. */
  readonly program: string
  /** Keeps stdout for what the program prints. */
  readonly json: boolean
  readonly keep: boolean
}

/** Gives the program's exit code; 1, with a sentence, where there is no cluster to run it in. */
export async function driveCluster(drive: Drive): Promise<number> {
  try {
    return await driven(drive)
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

async function driven({ title, program, json, keep }: Drive): Promise<number> {
  const screen = new Screen(json ? process.stderr : process.stdout)
  screen.line(title)
  const started = performance.now()
  await screen.step('cluster binaries', async (live) => {
    await ensurePrerequisites(live)
    await ensureBinaries(clusterPrograms, live)
    return { value: undefined, note: performance.now() - started < 2000 ? 'cached' : 'built' }
  })
  const images = await screen.step('images', async (live) => {
    await command('npm', ['run', '--silent', 'build'], { cwd: join(import.meta.dirname, '../..') })
    return {
      value: [await operatorArchive({ name: operatorImage, log: live }), await meilisearchArchive(live)],
      note: 'operator from the Dockerfile, Meilisearch 1.21.0',
    }
  })
  const cluster = await screen.step('cluster', async (live) => {
    const value = await startCluster({ nodes: 1, images, keep, log: live })
    return { value, note: `control plane and node ${value.nodes.join(', ')}` }
  })
  try {
    const environment = {
      ...process.env,
      E2E_KUBECONFIG: cluster.kubeconfig,
      E2E_KUBECTL: cluster.kubectl,
      [stepsVariable]: JSON.stringify(screen.steps),
    }
    const child = spawn(
      'nsenter',
      ['--net', '-t', String(cluster.namespacePid), '--', process.execPath, program, ...process.argv.slice(2)],
      { stdio: 'inherit', env: environment },
    )
    const [code] = (await once(child, 'close')) as [number | null]
    return code ?? 1
  } finally {
    if (keep)
      screen.line(
        '\nThe cluster stays. Look: npm run cluster -- kubectl -n demo get meili    End it: npm run cluster -- down',
      )
    else
      await screen.step('cluster removed', async () => ({
        value: await cluster.stop(),
        note: 'no process, mount or cgroup is left',
      }))
  }
}
