// npm run demo [-- --existing] [--json] [--keep]: the main job, from nothing to a proved file, on a real cluster that this machine runs.
// The driver starts the cluster and enters its network with the tour; with E2E_KUBECONFIG set, the tour runs on that cluster.
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { meilisearchImage } from '../cluster/images/images.ts'
import { driveCluster, stepsVariable } from './drive.ts'
import { tour } from './inside.ts'
import { Screen } from './screen.ts'
import type { StepRecord } from './screen.ts'
import { summaryLines } from './summary.ts'

const root = join(import.meta.dirname, '../..')
interface Options {
  /** The server is a StatefulSet that somebody else runs. */
  readonly existing: boolean
  readonly json: boolean
  readonly keep: boolean
}

function options(): Options {
  const { values } = parseArgs({
    options: {
      existing: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  return values
}

async function guide({ json, existing }: Options): Promise<number> {
  const screen = new Screen(json ? process.stderr : process.stdout)
  const before = JSON.parse(process.env[stepsVariable] ?? '[]') as StepRecord[]
  const proof = await tour(
    {
      kubectl: process.env['E2E_KUBECTL'] ?? 'kubectl',
      kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
      meilisearchImage: process.env['E2E_MEILISEARCH_IMAGE'] ?? meilisearchImage,
      root,
      existing,
    },
    screen,
  )
  const steps = [...before, ...screen.steps]
  if (json) process.stdout.write(`${JSON.stringify({ ok: true, steps, ...proof })}\n`)
  else for (const line of summaryLines(proof, steps)) screen.line(line)
  return 0
}

const chosen = options()
process.exitCode = await (process.env['E2E_KUBECONFIG'] === undefined
  ? driveCluster({
      title: 'meili-operator demo · a real Kubernetes on this machine',
      program: import.meta.filename,
      ...chosen,
    })
  : guide(chosen))
