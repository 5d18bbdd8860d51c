// npm run bench:operator [-- --json]: memory of the operator and of a mover in a real cluster, and the time from start to leader.
// Each beside its peer in the same run: a bare Node process of the same binary. The last line is one JSON object. Nothing is asserted.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { meilisearchImage } from '../test/cluster/images/images.ts'
import { driveCluster } from '../test/demo/drive.ts'
import { install, load, namespace, serve, server } from '../test/demo/inside.ts'
import { eventually } from '../test/support/eventually.ts'
import { Kubectl } from '../test/support/kubectl.ts'
import { MeilisearchApi } from '../test/support/meilisearch-api.ts'
import { snapshotOf } from '../test/support/meilisearch-objects.ts'
import { portForward } from '../test/support/port-forward.ts'
import { bareNodeBytes, peakOf, residentBytes } from './process-memory.ts'
import { median } from './figures.ts'

const operatorNamespace = 'meili-operator-system'
const restarts = 5
const moves = 3
/** The operator is idle for this long before it is measured. */
const idleSeconds = 60

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)
const mebibytes = (bytes: number): number => Number((bytes / 1024 / 1024).toFixed(1))

async function leadingAfterMs(kubectl: Kubectl): Promise<number> {
  return await eventually('the operator to lead', async () => {
    const lines = (await kubectl.run(['-n', operatorNamespace, 'logs', 'deployment/meili-operator'])).split('\n').filter((line) => line.includes('"leading"'))
    return lines[0] === undefined ? undefined : (JSON.parse(lines[0]) as { sinceStartMs: number }).sinceStartMs
  })
}

async function restarted(kubectl: Kubectl): Promise<number> {
  await kubectl.run(['-n', operatorNamespace, 'delete', 'pod', '-l', 'app.kubernetes.io/component=operator'])
  await kubectl.run(['-n', operatorNamespace, 'rollout', 'status', 'deployment/meili-operator', '--timeout=60s'])
  return await leadingAfterMs(kubectl)
}

async function moved(kubectl: Kubectl, name: string): Promise<number> {
  await kubectl.apply(snapshotOf({ namespace, name, instance: server, claim: { name: 'backups', template: { resources: { requests: { storage: '2Gi' } } } } }))
  const complete = kubectl.run(['-n', namespace, 'wait', `meilisnapshot/${name}`, '--for=condition=Complete', '--timeout=180s'], { timeoutMs: 200_000 })
  return await peakOf('/app/mover.js', complete)
}

async function measure(): Promise<void> {
  const kubectl = new Kubectl({ kubectl: process.env['E2E_KUBECTL'] ?? 'kubectl', kubeconfig: process.env['E2E_KUBECONFIG'] ?? '' })
  const root = join(import.meta.dirname, '..')
  const masterKey = randomBytes(24).toString('base64url')
  await install(kubectl, root)
  const toLeaderMs = [await leadingAfterMs(kubectl)]
  for (let round = 1; round < restarts; round += 1) toLeaderMs.push(await restarted(kubectl))
  await pause(idleSeconds * 1000)
  const idle = residentBytes('/app/operator.js')
  await serve({ kubectl, image: meilisearchImage }, masterKey)
  const door = await portForward(kubectl, namespace, `${server}-0:7700`)
  await load(new MeilisearchApi(door.url, masterKey), () => undefined)
  door.close()
  await kubectl.run(['-n', namespace, 'apply', '--server-side', '-f', `${root}/examples/existing.yaml`])
  const peaks: number[] = []
  for (let round = 0; round < moves; round += 1) peaks.push(await moved(kubectl, `bench-${round}`))
  const bare = await bareNodeBytes()
  const result = {
    operatorIdleMiB: mebibytes(idle),
    operatorIdleToBareNode: Number((idle / bare).toFixed(2)),
    operatorAfterSnapshotsMiB: mebibytes(residentBytes('/app/operator.js')),
    moverPeakMiB: mebibytes(Math.max(...peaks)),
    moverPeakToBareNode: Number((Math.max(...peaks) / bare).toFixed(2)),
    bareNodeMiB: mebibytes(bare),
    startToLeaderMs: { median: median(toLeaderMs), all: toLeaderMs },
  }
  say(` operator, idle for ${idleSeconds} s, watches open   VmRSS ${result.operatorIdleMiB} MiB   ${result.operatorIdleToBareNode} × bare Node (${result.bareNodeMiB} MiB)   goal: at most 110 MB`)
  say(` mover, peak of ${moves} moves, limit 256Mi        VmHWM ${result.moverPeakMiB} MiB   ${result.moverPeakToBareNode} × bare Node   goal: at most 96 MB`)
  say(` start to leader, ${restarts} starts               median ${result.startToLeaderMs.median} ms   (${toLeaderMs.join(', ')})`)
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

if (process.env['E2E_KUBECONFIG'] === undefined) {
  process.exitCode = await driveCluster({ title: 'bench:operator · memory and start of operator and mover', program: import.meta.filename, json: values.json, keep: false })
} else {
  await measure()
}
