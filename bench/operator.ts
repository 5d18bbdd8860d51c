// npm run bench:operator [-- --minutes 10 --only schedules --json]: memory of the operator and of a mover in a real cluster, CPU while idle, and the time
// from start to leader; with nothing to do, and with 1,000 and 10,000 finished snapshots and the Jobs and pods of those that failed. Beside a bare Node of the same binary.
// Then what 1,000 schedules with the same minute cost, beside as many CronJobs; `--only schedules` does no more than that. The last line is one JSON object.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { KubeClient } from '../src/kube/client.ts'
import { connect } from '../src/kube/connection.ts'
import { meilisearchImage } from '../test/cluster/images/images.ts'
import { driveCluster } from '../test/demo/drive.ts'
import { install, load, namespace, serve, server } from '../test/demo/inside.ts'
import { Kubectl } from '../test/support/kubernetes/kubectl.ts'
import { MeilisearchApi } from '../test/support/meilisearch/api.ts'
import { snapshotOf } from '../test/support/meilisearch/objects.ts'
import { portForward } from '../test/support/kubernetes/port-forward.ts'
import { median } from './measure/figures.ts'
import { makeFinished } from './objects/finished-snapshots.ts'
import { OperatorStarts } from './operator-starts.ts'
import { compareSchedules } from './operator-schedules.ts'
import type { Start } from './operator-starts.ts'
import { bareNode, cpuSeconds, peakOf, residentBytes } from './measure/process-memory.ts'

const starts = 5
const rollings = 3
const moves = 3
const crowds = [1000, 10_000]
/** By how many finished snapshots there are. */
const goalsMiB: Readonly<Record<number, number>> = { 0: 85.8, 1000: 110, 10_000: 130 }

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)
const mebibytes = (bytes: number): number => Number((bytes / 1024 / 1024).toFixed(1))

interface Idle {
  readonly finishedSnapshots: number
  readonly residentMiB: number
  readonly cpuSeconds: number
}

async function idle(operator: OperatorStarts, finishedSnapshots: number): Promise<Idle> {
  const pid = await operator.pid()
  const before = cpuSeconds(pid)
  await pause(minutes * 60_000)
  const seen = {
    finishedSnapshots,
    residentMiB: mebibytes(residentBytes(pid)),
    cpuSeconds: Number((cpuSeconds(pid) - before).toFixed(2)),
  }
  say(
    ` idle for ${minutes} min, ${String(finishedSnapshots).padStart(6)} finished snapshots   VmRSS ${seen.residentMiB} MiB   CPU ${seen.cpuSeconds} s   goal: at most ${goalsMiB[finishedSnapshots] ?? '?'} MiB`,
  )
  return seen
}

async function timeMove(kubectl: Kubectl, name: string): Promise<number> {
  await kubectl.apply(
    snapshotOf({
      namespace,
      name,
      instance: server,
      claim: { name: 'backups', template: { resources: { requests: { storage: '2Gi' } } } },
    }),
  )
  const complete = kubectl.run(
    ['-n', namespace, 'wait', `meilisnapshot/${name}`, '--for=condition=Complete', '--timeout=180s'],
    { timeoutMs: 200_000 },
  )
  return await peakOf('/app/mover.js', complete)
}

async function times<T>(count: number, run: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let round = 0; round < count; round += 1) results.push(await run())
  return results
}

async function freshStart(operator: OperatorStarts): Promise<Start> {
  await operator.stop()
  return await operator.fresh()
}

/** A server with documents, and some snapshots of it. Gives the peaks of their movers. */
async function snapshotsMade(kubectl: Kubectl, root: string): Promise<number[]> {
  const masterKey = randomBytes(24).toString('base64url')
  await serve({ kubectl, image: meilisearchImage }, masterKey)
  const forward = await portForward(kubectl, namespace, `${server}-0:7700`)
  await load(new MeilisearchApi(forward.url, masterKey), () => undefined)
  forward.close()
  await kubectl.run(['-n', namespace, 'apply', '--server-side', '-f', `${root}/examples/existing.yaml`])
  const peaks: number[] = []
  for (let round = 0; round < moves; round += 1) peaks.push(await timeMove(kubectl, `bench-${round}`))
  return peaks
}

const root = join(import.meta.dirname, '..')

interface Opened {
  readonly kubectl: Kubectl
  readonly kube: KubeClient
  readonly operator: OperatorStarts
}

function open(): Opened {
  const kubeconfig = process.env['E2E_KUBECONFIG'] ?? ''
  const kubectl = new Kubectl({ kubectl: process.env['E2E_KUBECTL'] ?? 'kubectl', kubeconfig })
  const kube = new KubeClient(connect(kubeconfig))
  return { kubectl, kube, operator: new OperatorStarts(kubectl, kube) }
}

async function measureSchedules(): Promise<void> {
  const opened = open()
  await install(opened.kubectl, root)
  const schedules = await compareSchedules({ ...opened, say })
  await opened.kube.close()
  process.stdout.write(`${JSON.stringify({ schedules })}\n`)
}

async function measure(): Promise<void> {
  const { kubectl, kube, operator } = open()
  const bare = await bareNode()
  say(
    ` bare Node                                    VmRSS ${mebibytes(bare.residentBytes)} MiB   starts in ${bare.startMs} ms`,
  )
  await install(kubectl, root)
  const fresh = await times(starts, () => freshStart(operator))
  const rolling = await times(rollings, () => operator.rollOut())
  const killed = await times(1, () => operator.killLeader())
  const ms = (label: string, all: readonly number[], note = ''): void =>
    say(` ${label}   median ${median(all)} ms   (${all.join(', ')})   ${note}`)
  ms(
    'start to leader, no lease     ',
    fresh.map(({ leaderMs }) => leaderMs),
    'goal: under 1000 ms',
  )
  ms(
    'rolling restart, without leader',
    rolling.map(({ leaderlessMs }) => leaderlessMs),
  )
  ms(
    'leader killed, without leader ',
    killed.map(({ leaderlessMs }) => leaderlessMs),
    'its lease has to expire: 15 s',
  )
  const calm = [await idle(operator, 0)]
  const peaks = await snapshotsMade(kubectl, root)
  say(
    ` mover, peak of ${moves} moves, limit 256Mi          VmHWM ${mebibytes(Math.max(...peaks))} MiB   goal: at most 96 MB`,
  )
  const crowded: (Start & { finishedSnapshots: number })[] = []
  for (const count of crowds) {
    await operator.stop()
    await makeFinished(kube, { namespace, name: 'bench-0' }, count)
    const start = { finishedSnapshots: count, ...(await operator.fresh()) }
    say(
      ` start with ${count} finished snapshots              synced after ${start.syncedMs} ms, leader after ${start.leaderMs} ms`,
    )
    crowded.push(start)
    calm.push(await idle(operator, count))
  }
  const schedules = await compareSchedules({ kubectl, kube, operator, say })
  await kube.close()
  const result = {
    bareNodeMiB: mebibytes(bare.residentBytes),
    bareNodeStartMs: bare.startMs,
    idleMinutes: minutes,
    idle: calm,
    operatorIdleToBareNode: Number(((calm[0]?.residentMiB ?? 0) / mebibytes(bare.residentBytes)).toFixed(2)),
    moverPeakMiB: mebibytes(Math.max(...peaks)),
    start: { fresh, rolling, killed, crowded },
    schedules,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

if (process.env['E2E_KUBECONFIG'] === undefined) {
  process.exitCode = await driveCluster({
    title: 'bench:operator · memory, CPU and start of the operator',
    program: import.meta.filename,
    json: values.json,
    keep: false,
  })
} else {
  await (values.only === 'schedules' ? measureSchedules() : measure())
}
