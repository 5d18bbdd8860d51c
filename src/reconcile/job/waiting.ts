// Explains why a mover does not start, or does not end, in the words of the scheduler, the kubelet and the Job controller. Pure.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { instant } from '../../api/status/conditions.ts'
import { moverContainer } from './template.ts'
import type { MoverSeen } from './seen.ts'
import { sentence } from '../../api/status/text.ts'

/** A mover has 30 s from SIGTERM to SIGKILL; past this its node does not answer. */
const endsWithinMs = 60_000

/** A mover that goes away and does not end, which nobody can hurry from here. Undefined as long as that is no trouble. */
export function whyStillRunning({ jobs, pod }: MoverSeen, nowMs: number): string | undefined {
  const late = jobs.find(
    ({ metadata }) => metadata?.deletionTimestamp !== undefined && nowMs - goingSinceMs(metadata) > endsWithinMs,
  )
  if (late === undefined) return undefined
  const { name, namespace } = pod?.metadata ?? {}
  const where = pod?.spec?.nodeName === undefined ? 'its pod has' : `pod ${name ?? ''} on node ${pod.spec.nodeName} has`
  const which = [...(name === undefined ? [] : [name]), ...(namespace === undefined ? [] : ['-n', namespace])]
  const command = ['kubectl delete pod', ...which, '--force'].join(' ')
  return `Job ${late.metadata?.name ?? ''} was deleted at ${instant(goingSinceMs(late.metadata))}, and ${where} not ended: the node is gone, or hangs. It may still write, so it is waited for. Only once the node is known to be off for good, "${command}" ends the wait.`
}

/** Times come as text in JSON. */
function goingSinceMs(metadata: V1Job['metadata']): number {
  return Date.parse(String(metadata?.deletionTimestamp))
}

/** Waiting reasons of a container that are no trouble. */
export const usualWaits: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing'])

/** Undefined where nothing speaks against a start. Whole sentences, ending in a full stop. */
export function whyWaiting({ job, pod, warning, claimTrouble }: MoverSeen): string | undefined {
  if (job === undefined) return undefined
  const warned = warning === undefined ? undefined : `${warning.reason}: ${warning.message}`
  if (pod === undefined) return warned === undefined ? undefined : sentence(`the Job makes no pod: ${warned}`)
  if (pod.status?.phase !== 'Pending') return undefined
  const trouble =
    unschedulable(pod) ??
    containerTrouble(pod) ??
    (warned === undefined || isHistory(pod, warning) ? undefined : sentence(warned))
  return claimTrouble === undefined ? trouble : `${trouble ?? ''} ${sentence(claimTrouble)}`.trim()
}

function unschedulable(pod: V1Pod): string | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return scheduled?.status === 'False'
    ? sentence(`no node can take it: ${scheduled.message ?? scheduled.reason ?? ''}`)
    : undefined
}

/** Events stay for an hour: what the scheduler complained of is over once the pod has its node. */
function isHistory(pod: V1Pod, warning: MoverSeen['warning']): boolean {
  const scheduled =
    pod.status?.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'True') ?? false
  return scheduled && warning?.reason === 'FailedScheduling'
}

function containerTrouble(pod: V1Pod): string | undefined {
  const waiting = pod.status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state?.waiting
  if (waiting?.reason === undefined || usualWaits.has(waiting.reason)) return undefined
  return sentence(`${waiting.reason}: ${waiting.message ?? ''}`)
}
