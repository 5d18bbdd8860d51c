// npm run bench:snapshot [-- --json]: the whole path, from apply to a stored and checked file, beside a script in a Job as people write it today,
// on the same server, turn by turn; and how many API requests a snapshot costs. The last line is one JSON object. Nothing is asserted.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { MeiliSnapshot } from '../src/api/snapshot.ts'
import { runningCluster } from '../test/cluster/cluster.ts'
import { meilisearchImage } from '../test/cluster/images/images.ts'
import { driveCluster } from '../test/demo/drive.ts'
import { install, load, namespace, serve, server } from '../test/demo/inside.ts'
import { eventually } from '../test/support/kubernetes/eventually.ts'
import { Kubectl } from '../test/support/kubernetes/kubectl.ts'
import { MeilisearchApi } from '../test/support/meilisearch/api.ts'
import { claimOf, snapshotOf } from '../test/support/meilisearch/objects.ts'
import { portForward } from '../test/support/kubernetes/port-forward.ts'
import { requestsBy } from './measure/api-requests.ts'
import type { Requests } from './measure/api-requests.ts'
import { scriptJob } from './snapshot-script.ts'
import { median, toHundredths, secondsOf } from './measure/figures.ts'

const rounds = 5
const operatorUser = 'system:serviceaccount:meili-operator-system:meili-operator'

interface Turn {
  readonly totalSeconds: number
  /** Meilisearch's own time for the task. */
  readonly taskSeconds: number
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)

async function lastTaskSeconds(api: MeilisearchApi): Promise<number> {
  const { results } = await api.call<{ results: { startedAt: string; finishedAt: string }[] }>(
    '/tasks?types=snapshotCreation&limit=1',
  )
  const [task] = results
  return task === undefined ? 0 : (Date.parse(task.finishedAt) - Date.parse(task.startedAt)) / 1000
}

async function ours(kubectl: Kubectl, name: string): Promise<{ seconds: number; snapshot: MeiliSnapshot }> {
  const seconds = await secondsOf(async () => {
    await kubectl.apply(snapshotOf({ namespace, name, instance: server }))
    await kubectl.run(
      ['-n', namespace, 'wait', `meilisnapshot/${name}`, '--for=condition=Complete', '--timeout=180s'],
      { timeoutMs: 190_000 },
    )
  })
  return { seconds, snapshot: await kubectl.json<MeiliSnapshot>(['-n', namespace, 'get', 'meilisnapshot', name]) }
}

async function theirs(kubectl: Kubectl, name: string): Promise<number> {
  const { status } = await kubectl.json<{ status: { podIP: string } }>(['-n', namespace, 'get', 'pod', `${server}-0`])
  return await secondsOf(async () => {
    await kubectl.apply(
      scriptJob({ namespace, name, image: meilisearchImage, address: `${status.podIP}:7700`, server }),
    )
    await kubectl.run(['-n', namespace, 'wait', `job/${name}`, '--for=condition=Complete', '--timeout=180s'], {
      timeoutMs: 190_000,
    })
  })
}

async function measure(): Promise<void> {
  const kubectl = new Kubectl({
    kubectl: process.env['E2E_KUBECTL'] ?? 'kubectl',
    kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
  })
  const root = join(import.meta.dirname, '..')
  const masterKey = randomBytes(24).toString('base64url')
  await install(kubectl, root)
  await serve({ kubectl, image: meilisearchImage }, masterKey)
  const forward = await portForward(kubectl, namespace, `${server}-0:7700`)
  const api = new MeilisearchApi(forward.url, masterKey)
  await load(api, () => undefined)
  await kubectl.apply(claimOf({ namespace, name: 'backups' }))
  await kubectl.run(['-n', namespace, 'apply', '--server-side', '-f', `${root}/examples/existing.yaml`])
  const turns: Record<'ours' | 'theirs', Turn[]> = { ours: [], theirs: [] }
  const requests: Requests[] = []
  // A first turn of each binds the claim and warms the images; it does not count.
  for (let round = 0; round <= rounds; round += 1) {
    const since = Date.now()
    const { seconds, snapshot } = await ours(kubectl, `ours-${round}`)
    const mine = { totalSeconds: seconds, taskSeconds: await lastTaskSeconds(api) }
    const cost = await waitForRequests(snapshot, since)
    const script = { totalSeconds: await theirs(kubectl, `theirs-${round}`), taskSeconds: await lastTaskSeconds(api) }
    if (round === 0) continue
    turns.ours.push(mine)
    turns.theirs.push(script)
    if (cost !== undefined) requests.push(cost)
  }
  forward.close()
  report(turns, requests)
}

/** The audit log is written a moment later; it is complete when two looks agree. */
async function waitForRequests(snapshot: MeiliSnapshot, sinceMs: number): Promise<Requests | undefined> {
  const cluster = runningCluster()
  if (cluster === undefined) return undefined
  let before = ''
  const look = (): Promise<Requests | undefined> => {
    const seen = requestsBy(cluster.auditLog, {
      user: operatorUser,
      sinceMs,
      untilMs: Date.parse(snapshot.status?.completedAt ?? '') + 1000,
    })
    const same = JSON.stringify(seen) === before
    before = JSON.stringify(seen)
    return Promise.resolve(same ? seen : undefined)
  }
  return await eventually('the audit log to settle', look, { everyMs: 500 })
}

function report(turns: Record<'ours' | 'theirs', Turn[]>, requests: readonly Requests[]): void {
  const figures = (list: readonly Turn[]): { totalSeconds: number; taskSeconds: number; restSeconds: number } => ({
    totalSeconds: toHundredths(median(list.map(({ totalSeconds }) => totalSeconds))),
    taskSeconds: toHundredths(median(list.map(({ taskSeconds }) => taskSeconds))),
    restSeconds: toHundredths(median(list.map(({ totalSeconds, taskSeconds }) => totalSeconds - taskSeconds))),
  })
  const [mine, script] = [figures(turns.ours), figures(turns.theirs)]
  const of = (pick: (cost: Requests) => number): number => toHundredths(median(requests.map(pick)))
  const result = {
    rounds,
    ours: mine,
    script,
    scriptToOurs: toHundredths(script.totalSeconds / mine.totalSeconds),
    requests: {
      writes: of(({ writes }) => writes),
      events: of(({ events }) => events),
      reads: of(({ reads }) => reads),
      byVerb: requests.at(-1)?.byVerb ?? {},
    },
  }
  say('                                   all    of it the task    the rest')
  say(
    ` MeiliSnapshot: apply → Complete   ${mine.totalSeconds} s   ${mine.taskSeconds} s   ${mine.restSeconds} s   copied with sha256, read back, fsynced, manifest`,
  )
  say(
    ` script in a Job: POST, poll, cp   ${script.totalSeconds} s   ${script.taskSeconds} s   ${script.restSeconds} s   copied, then sha256sum, then sync`,
  )
  say(` script / MeiliSnapshot            ${result.scriptToOurs}   median of ${rounds} turns each; goal: at least 1`)
  say(
    ` API requests for a snapshot       ${result.requests.writes} writes (goal: at most 10), ${result.requests.events} Events, ${result.requests.reads} reads; leases apart`,
  )
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

if (process.env['E2E_KUBECONFIG'] === undefined) {
  process.exitCode = await driveCluster({
    title: 'bench:snapshot · the whole path beside a script',
    program: import.meta.filename,
    json: values.json,
    keep: false,
  })
} else {
  await measure()
}
