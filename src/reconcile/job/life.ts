// The life of a mover's Job, whatever its command, so that each stage handles only its end. Pure.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import type { MoverResult } from '../../mover/contract.ts'
import { resultOf, terminationOf } from './termination.ts'
import type { MoverSeen } from './seen.ts'
import { whyWaiting } from './waiting.ts'

/** `isGoing`: somebody deletes it, us among others. Then that it failed says nothing. */
export type JobLife =
  /** The one before has failed, and this one is not to be made yet. */
  | { readonly is: 'paused'; readonly restMs: number }
  | { readonly is: 'absent' }
  /** `why` it does not start, as far as there is trouble. */
  | { readonly is: 'running'; readonly why: string | undefined; readonly isGoing: boolean }
  | { readonly is: 'ended'; readonly result: MoverResult; readonly isGoing: boolean }

/** @param retryAt when it may be made, as it is on record */
export function lifeOf(mover: MoverSeen, retryAt: string | undefined, nowMs: number): JobLife {
  const { job, pod } = mover
  const restMs = restOf(retryAt, nowMs)
  if (job === undefined) return restMs > 0 ? { is: 'paused', restMs } : { is: 'absent' }
  const termination = terminationOf(job, pod)
  return termination === undefined
    ? { is: 'running', why: whyWaiting(mover), isGoing: isGoing(job) }
    : { is: 'ended', result: resultOf(termination), isGoing: isGoing(job) }
}

/** What is left of a pause; not above 0 where it is over, or there is none. */
export function restOf(retryAt: string | undefined, nowMs: number): number {
  return retryAt === undefined ? 0 : Date.parse(retryAt) - nowMs
}

export const isGoing = ({ metadata }: V1Job | V1Pod): boolean => metadata?.deletionTimestamp !== undefined
