// Why it does not go on: a server that is silent, a mover that does not start. In the words of the scheduler, the kubelet and the Job controller. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import { moverContainer } from './job-template.ts'
import type { MoverSeen, SnapshotObservation } from './observation.ts'
import { sentence } from './sentence.ts'

/** Why the server has no word in this pass, after the request. */
export function whySilent({ snapshot, instance, target, engine }: SnapshotObservation): string {
  if (engine.state === 'Unreachable' || engine.state === 'Unauthorized') return sentence(engine.message)
  const { name } = snapshot.spec.source.instanceRef
  if (instance === undefined) return `MeiliInstance ${name} does not exist in namespace ${snapshot.metadata.namespace}.`
  return target === undefined ? `The pod of MeiliInstance ${name} is not there.` : `Pod ${target.metadata?.name ?? ''} has no address.`
}

/** Waiting reasons of a container that are no trouble. */
const usual = new Set(['ContainerCreating', 'PodInitializing'])

/** Undefined where nothing speaks against a start. Whole sentences, ending in a full stop. */
export function whyWaiting({ job, pod, warning }: MoverSeen): string | undefined {
  if (job === undefined) return undefined
  if (pod === undefined) return warning === undefined ? undefined : sentence(`the Job makes no pod: ${warning}`)
  if (pod.status?.phase !== 'Pending') return undefined
  return unschedulable(pod) ?? containerTrouble(pod) ?? (warning === undefined || isHistory(pod, warning) ? undefined : sentence(warning))
}

function unschedulable(pod: V1Pod): string | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return scheduled?.status === 'False' ? sentence(`no node can take it: ${scheduled.message ?? scheduled.reason ?? ''}`) : undefined
}

/** Events stay for an hour: what the scheduler complained of is over once the pod has its node. */
function isHistory(pod: V1Pod, warning: string): boolean {
  const scheduled = pod.status?.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'True') ?? false
  return scheduled && warning.startsWith('FailedScheduling')
}

function containerTrouble(pod: V1Pod): string | undefined {
  const waiting = pod.status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state?.waiting
  if (waiting?.reason === undefined || usual.has(waiting.reason)) return undefined
  return sentence(`${waiting.reason}: ${waiting.message ?? ''}`)
}
