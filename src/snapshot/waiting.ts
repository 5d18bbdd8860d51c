// Why a mover does not start, in the words of the scheduler, the kubelet and the Job controller. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import type { MoverSeen } from './observation.ts'

/** Waiting reasons of a container that are no trouble. */
const usual = new Set(['ContainerCreating', 'PodInitializing'])

/** Undefined where nothing speaks against a start. Whole sentences, ending in a full stop. */
export function whyWaiting({ job, pod, warning }: MoverSeen): string | undefined {
  if (job === undefined) return undefined
  if (pod === undefined) return warning === undefined ? undefined : sentence(`the Job makes no pod: ${warning}`)
  if (pod.status?.phase !== 'Pending') return undefined
  return unschedulable(pod) ?? containerTrouble(pod) ?? (warning === undefined ? undefined : sentence(warning))
}

function unschedulable(pod: V1Pod): string | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return scheduled?.status === 'False' ? sentence(`no node can take it: ${scheduled.message ?? scheduled.reason ?? ''}`) : undefined
}

function containerTrouble(pod: V1Pod): string | undefined {
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting
  if (waiting?.reason === undefined || usual.has(waiting.reason)) return undefined
  return sentence(`${waiting.reason}: ${waiting.message ?? ''}`)
}

function sentence(text: string): string {
  const trimmed = text.trim().replace(/[.:]+$/, '')
  return `${trimmed}.`
}
