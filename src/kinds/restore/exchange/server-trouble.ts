// What keeps a server from starting on its data, and whether it is worth waiting for, in the words of the cluster and of the engine. Pure.
import type { V1ContainerStateTerminated, V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { conditionNamed } from '../../../api/status/conditions.ts'
import { lastWords, sentence } from '../../../api/status/text.ts'
import { serverContainer } from '../../../reconcile/names/objects.ts'

/** So often it ends before another start is not expected to help. */
const mostEnds = 3

const containerOf = (pod: V1Pod): V1ContainerStatus | undefined =>
  pod.status?.containerStatuses?.find(({ name }) => name === serverContainer)

/** The engine ends again and again, each time by itself: the words of its last end. */
export function whyEngineFails(pod: V1Pod): string | undefined {
  const container = containerOf(pod)
  const ended = container?.state?.terminated ?? container?.lastState?.terminated
  if (container === undefined || container.ready || ended === undefined || ended.exitCode === 0) return undefined
  // A container that has ended counts as restarted only once it runs again.
  const ends = container.restartCount + (container.state?.terminated === undefined ? 0 : 1)
  return ends < mostEnds ? undefined : `Meilisearch ended ${ends} times. ${endText(ended)}`
}

/** Undefined while all goes its ordinary way. */
export function podTrouble(pod: V1Pod): string | undefined {
  const scheduled = conditionNamed(pod.status?.conditions, 'PodScheduled')
  if (scheduled?.status === 'False')
    return sentence(`no node takes pod ${pod.metadata?.name ?? ''}: ${scheduled.message ?? scheduled.reason ?? ''}`)
  const { state, lastState, ready = false } = containerOf(pod) ?? {}
  const ended = state?.terminated ?? (ready ? undefined : lastState?.terminated)
  if (ended !== undefined && ended.exitCode !== 0) return endText(ended)
  const { reason = '', message = '' } = state?.waiting ?? {}
  return reason === '' || ordinary.has(reason) ? undefined : sentence(`its container waits, ${reason}: ${message}`)
}

const ordinary: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing'])

function endText({ exitCode, reason, message }: V1ContainerStateTerminated): string {
  const memory = reason === 'OOMKilled' ? ' (out of memory: raise resources.limits.memory)' : ''
  return sentence(`its last words, exit code ${exitCode}${memory}: ${lastWords(message) ?? 'none'}`)
}

export const isPodReady = ({ status }: V1Pod): boolean => conditionNamed(status?.conditions, 'Ready')?.status === 'True'

/** By its node's clock. */
export function readySinceMs({ status }: V1Pod): number {
  return Date.parse(String(conditionNamed(status?.conditions, 'Ready')?.lastTransitionTime))
}

/** When the engine that runs was started, by its node's clock, as the times are that it says itself. */
export function startedMs(pod: V1Pod): number {
  return Date.parse(String(containerOf(pod)?.state?.running?.startedAt ?? pod.status?.startTime))
}
