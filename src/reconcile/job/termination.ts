// Reads how a mover ended from its pod and its Job. Pure.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { exitCodes, moverResult } from '../../mover/contract.ts'
import type { MoverResult } from '../../mover/contract.ts'
import { moverContainer } from './template.ts'

export interface Termination {
  /** Undefined where no pod is left. */
  readonly exitCode: number | undefined
  /** Kubernetes' own word, for example `OOMKilled`. */
  readonly reason: string
  /** The termination message, or the Job's message where no pod is left. */
  readonly message: string
}

/** Undefined while it runs, or while the Job may still make another pod. */
export function terminationOf(job: V1Job, pod: V1Pod | undefined): Termination | undefined {
  const ended = pod?.status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state?.terminated
  const over = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Failed' || type === 'Complete') && status === 'True',
  )
  const comesAgain = isDisrupted(pod) && ended?.exitCode !== exitCodes.done && over === undefined
  if (ended !== undefined && !comesAgain)
    return { exitCode: ended.exitCode, reason: ended.reason ?? '', message: ended.message ?? '' }
  return over === undefined
    ? undefined
    : { exitCode: undefined, reason: over.reason ?? over.type, message: over.message ?? '' }
}

export function isRunning(pod: V1Pod | undefined): boolean {
  return pod?.status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state?.running !== undefined
}

/** Drained, evicted or preempted: the Job does not count it, and makes another pod. */
export function isDisrupted(pod: V1Pod | undefined): boolean {
  return pod?.status?.conditions?.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True') ?? false
}

/** The mover's own words, where it had the time to say them. */
export function resultOf({ exitCode, reason, message }: Termination): MoverResult {
  const said = moverResult.safeParse(parseResult(message))
  if (said.success) return said.data
  return { exitCode: exitCode ?? unknownExit, message: `${howEnded(exitCode, reason)} ${message}`.trim() }
}

/** No exit code of a process. */
const unknownExit = -1

function howEnded(exitCode: number | undefined, reason: string): string {
  if (exitCode === undefined) return `The mover's Job ended (${reason}), and no pod is left to say how.`
  return reason === 'OOMKilled'
    ? 'The mover ran out of memory (raise spec.mover.resources.limits.memory in the next one).'
    : `The mover ended with exit code ${exitCode} (${reason}) and left no result.`
}

function parseResult(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
