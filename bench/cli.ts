// npm run bench:cli [-- --json]: how long `kubectl meili status` takes with 1,000 finished MeiliSnapshots in a real API server,
// beside `kubectl get` of the same objects and a Node that starts and ends. The last line is one JSON object. Nothing is asserted.
import { parseArgs } from 'node:util'
import { spawnSync } from 'node:child_process'
import { meiliInstances } from '../src/api/instance.ts'
import { meiliSnapshots } from '../src/api/snapshot.ts'
import type { KubeObject, Resource } from '../src/kube/resource.ts'
import { complete, objectOf } from '../test/integration/crd/objects/complete-objects.ts'
import { KubeApi } from '../test/support/kubernetes/kube-api.ts'
import { Plugin } from '../test/support/kubernetes/plugin.ts'
import { median } from './measure/figures.ts'

const rounds = 9
const count = 1000
const abreast = 16

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)

async function make(api: KubeApi, resource: Resource, name: string): Promise<void> {
  const created = await api.kube.create(resource, objectOf(resource.kind, name) as KubeObject)
  await api.kube.updateStatus(resource, { ...created, status: complete[resource.kind]?.status } as KubeObject)
}

async function times(run: () => Promise<{ code: number | null; tookMs: number }>): Promise<number> {
  const taken: number[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const { code, tookMs } = await run()
    if (code !== 0) throw new Error(`it ended with ${code ?? 'a signal'}`)
    // The first one warms the caches of the disk.
    if (round > 0) taken.push(tookMs)
  }
  return Math.round(median(taken))
}

await using api = await KubeApi.withCrds()
using plugin = await Plugin.beside(api.plane)
await make(api, meiliInstances, 'movies')
const names = Array.from({ length: count }, (_, index) => `snapshot-${String(index).padStart(4, '0')}`)
for (let next = 0; next < count; next += abreast)
  await Promise.all(names.slice(next, next + abreast).map((name) => make(api, meiliSnapshots, name)))
const bytes = JSON.stringify(await api.kube.listAll(meiliSnapshots)).length

const runEmptyProgram = (): Promise<{ code: number | null; tookMs: number }> => {
  const begun = performance.now()
  const { status } = spawnSync(process.execPath, ['-e', ''])
  return Promise.resolve({ code: status, tookMs: performance.now() - begun })
}
const result = {
  snapshots: count,
  listMiB: Number((bytes / 1024 / 1024).toFixed(1)),
  statusMs: await times(() => plugin.run(['status', '-A'])),
  ofOneMs: await times(() => plugin.run(['status', 'movies', '-n', 'default'])),
  helpMs: await times(() => plugin.run(['--help'])),
  kubectlGetMs: await times(() => plugin.kubectl(['get', 'msnap', '-A'])),
  bareNodeMs: await times(runEmptyProgram),
}
say(
  ` kubectl meili status, ${count} snapshots     ${result.statusMs} ms   goal: under 1000 ms   (the list is ${result.listMiB} MiB of JSON; median of ${rounds})`,
)
say(` kubectl meili status INSTANCE           ${result.ofOneMs} ms`)
say(
  ` kubectl meili --help                    ${result.helpMs} ms   no cluster asked; a Node that does nothing: ${result.bareNodeMs} ms`,
)
say(` kubectl get msnap -A, for comparison    ${result.kubectlGetMs} ms   the server makes its table`)
process.stdout.write(`${JSON.stringify(result)}\n`)
