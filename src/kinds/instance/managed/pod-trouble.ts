// Explains why a pod does not run, in the words of the cluster and of the server itself. Pure.
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'

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
      message: `Meilisearch in pod ${name} ended with exit code ${ended.exitCode}${ended.reason === 'OOMKilled' ? ' (out of memory: raise resources.limits.memory)' : ''}: ${terminationText(ended.message)}`,
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

/** The end of the log, without colours. */
function terminationText(log: string | undefined): string {
  const lines = (log ?? '')
    // oxlint-disable-next-line no-control-regex -- terminal colours begin with this character
    .replaceAll(/\u001b\[[\d;]*m/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.length === 0 ? 'it said nothing' : lines.slice(-3).join(' ').slice(-longest)
}
