// Explains why a pod does not run, in the words of the cluster and of the server itself. Pure.
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { lastWords } from '../../../api/status/text.ts'

export interface Trouble {
  readonly message: string
  /** The server itself ended with an error, or there is no image of it: another try seldom helps. */
  readonly isServers: boolean
}

const waitsForNothing: readonly (string | undefined)[] = ['ContainerCreating', 'PodInitializing', undefined]
const longest = 600

/** Undefined while all goes its ordinary way. */
export function podTrouble(pod: V1Pod): Trouble | undefined {
  const name = pod.metadata?.name ?? ''
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (unscheduled !== undefined)
    return {
      message: `Pod ${name} has no node: ${unscheduled.message ?? unscheduled.reason ?? 'no reason given'}`,
      isServers: false,
    }
  const [container] = pod.status?.containerStatuses ?? []
  return container === undefined ? undefined : containerTrouble(name, container)
}

function containerTrouble(name: string, { state, lastState, ready, image }: V1ContainerStatus): Trouble | undefined {
  const ended = state?.terminated ?? (ready ? undefined : lastState?.terminated)
  if (ended !== undefined && ended.exitCode !== 0) {
    return {
      message: `Meilisearch in pod ${name} ended with exit code ${ended.exitCode}${ended.reason === 'OOMKilled' ? ' (out of memory: raise resources.limits.memory)' : ''}: ${lastWords(ended.message) ?? 'it said nothing'}`,
      isServers: ended.exitCode < 128,
    }
  }
  const waiting = state?.waiting
  if (waitsForNothing.includes(waiting?.reason)) return undefined
  return {
    message: `Pod ${name} waits, ${waiting?.reason ?? ''} (${image}): ${(waiting?.message ?? 'no message').slice(0, longest)}`,
    isServers: /Image/.test(waiting?.reason ?? ''),
  }
}
