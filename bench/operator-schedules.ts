// What a thousand schedules with the same minute cost, beside a thousand CronJobs with the same minute in the same cluster: writes, reads and processor for one run, and memory.
import { runningCluster } from '../test/cluster/cluster.ts'
import { namespaces } from '../test/support/kubernetes/kube-api.ts'
import type { Kubectl } from '../test/support/kubernetes/kubectl.ts'
import type { KubeClient } from '../src/kube/client.ts'
import type { OperatorStarts } from './operator-starts.ts'
import { cronJobsCost, schedulesCost } from './objects/schedules.ts'
import type { RunCost } from './objects/schedules.ts'
import { toHundredths } from './measure/figures.ts'
import { programId } from './measure/process-memory.ts'

const count = 1000
const users = {
  operator: 'system:serviceaccount:meili-operator-system:meili-operator',
  cronJobs: 'system:serviceaccount:kube-system:cronjob-controller',
}

export interface Compared {
  readonly schedules: RunCost
  readonly cronJobs: RunCost
  /** Of schedules to CronJobs, for one run. */
  readonly writesToPeer: number
  readonly cpuToPeer: number
}

interface Parts {
  readonly kubectl: Kubectl
  readonly kube: KubeClient
  readonly operator: OperatorStarts
  readonly say: (line: string) => void
}

export async function compareSchedules({ kubectl, kube, operator, say }: Parts): Promise<Compared> {
  const cluster = runningCluster()
  if (cluster === undefined) throw new Error('It reads the audit log of the test cluster, and there is none.')
  const { auditLog, stateDirectory } = cluster
  const namespace = 'at-once'
  await kube.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  const peer = { pid: programId('kube-controller-manager', stateDirectory), user: users.cronJobs, auditLog }
  const cronJobs = await cronJobsCost(kube, peer, { namespace, count })
  await kubectl.run(['-n', namespace, 'delete', 'cronjobs,jobs', '--all', '--wait=false'], { timeoutMs: 300_000 })
  const ours = { pid: await operator.pid(), user: users.operator, auditLog }
  const schedules = await schedulesCost(kube, ours, { namespace, count })
  const compared = {
    schedules,
    cronJobs,
    writesToPeer: toHundredths(schedules.writesEach / cronJobs.writesEach),
    cpuToPeer: toHundredths(schedules.cpuMsEach / cronJobs.cpuMsEach),
  }
  report(compared, say)
  return compared
}

function report({ schedules, cronJobs, writesToPeer, cpuToPeer }: Compared, say: Parts['say']): void {
  const row = (label: string, cost: RunCost): void =>
    say(
      ` ${label.padEnd(22)} ${String(cost.writesEach).padStart(5)} writes   ${String(cost.readsEach).padStart(5)} reads   ${String(cost.eventsEach).padStart(5)} Events   ${String(cost.cpuMsEach).padStart(6)} ms CPU   memory ${cost.residentMiBBefore} → ${cost.residentMiBAfter} MiB   within ${cost.spreadSeconds} s`,
    )
  say(` ${count} with the same minute, for one run`)
  row('schedules, jitter 2m', schedules)
  row('CronJobs', cronJobs)
  say(` schedules / CronJobs    ${writesToPeer} writes (goal: at most 2), ${cpuToPeer} CPU`)
}
