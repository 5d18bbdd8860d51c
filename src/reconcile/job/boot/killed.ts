// Says whether it was the cluster that ended a boot, by memory, disk or eviction: then nothing is known of the data. Pure.
import type { V1ContainerState, V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { redact, sentence } from '../../../api/status/text.ts'
import { exitCodes } from '../../../mover/contract.ts'
import { moverContainer } from '../template.ts'
import { engineContainer } from './engine.ts'

export interface Killed {
  /** Another run has the same memory and the same disk; it may have another node. */
  readonly by: 'Memory' | 'Disk' | 'Node'
  /** A sentence, without the field that gives it more: that is the kind's own. */
  readonly why: string
}

type Terminated = NonNullable<V1ContainerState['terminated']>

/** Exit codes that speak of what is stored: it is not there, not what is on record, or no server serves it. All others speak of the run. */
const ofTheData: ReadonlySet<number> = new Set([
  exitCodes.sourceMissing,
  exitCodes.mismatch,
  exitCodes.archiveBad,
  exitCodes.inspectionFailed,
  // A server that goes away each time, and that nobody ended, fell over what it read.
  exitCodes.inputOutput,
])

/** True where an end like this says that what is stored does not serve; else nothing is known of it. */
export const speaksOfData = (exitCode: number, killed: Killed | undefined): boolean =>
  killed === undefined && ofTheData.has(exitCode)

const engineIn = (pod: V1Pod | undefined): V1ContainerStatus | undefined =>
  pod?.status?.initContainerStatuses?.find(({ name }) => name === engineContainer)

/** Undefined where nobody ended it. */
export function killedIn(pod: V1Pod | undefined): Killed | undefined {
  const { reason, message = '' } = pod?.status ?? {}
  if (reason === 'Evicted') return { by: 'Node', why: sentence(`Its pod was evicted: ${redact(message, 400)}`) }
  const ended = [engineIn(pod)?.state?.terminated, engineIn(pod)?.lastState?.terminated]
  if (ended.some((each) => each?.reason === 'OOMKilled'))
    return { by: 'Memory', why: `Meilisearch ran out of memory (OOMKilled): its limit was ${memoryOf(pod)}.` }
  if (ended.some((each) => noSpace.test(each?.message ?? '')))
    return { by: 'Disk', why: 'Meilisearch found no space left on its volume (os error 28).' }
  return ended.some((each) => isKilled(each, pod))
    ? { by: 'Node', why: 'Something outside of its pod killed Meilisearch (SIGKILL).' }
    : undefined
}

/** Twice in its memory: it is not waited for a third time. */
export function isKilledAgain(pod: V1Pod | undefined): boolean {
  const { state, restartCount = 0 } = engineIn(pod) ?? {}
  return restartCount > 0 && state?.running === undefined && killedIn(pod)?.by === 'Memory'
}

/** As Meilisearch says it, in whatever it says. */
const noSpace = /os error 28\b/

function memoryOf(pod: V1Pod | undefined): string {
  const engine = pod?.spec?.initContainers?.find(({ name }) => name === engineContainer)
  return engine?.resources?.limits?.['memory'] ?? 'that of its node'
}

/** Not by the kubelet, which kills it at the end of a pod where SIGTERM took too long. */
function isKilled(ended: Terminated | undefined, pod: V1Pod | undefined): boolean {
  if (ended?.exitCode !== 137) return false
  const mover = pod?.status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state?.terminated
  return mover === undefined || timeOf(ended) <= timeOf(mover)
}

/** Times come as text in JSON. */
const timeOf = ({ finishedAt }: Terminated): number => Date.parse(String(finishedAt))
