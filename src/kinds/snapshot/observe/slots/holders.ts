// Who holds a slot: pods that run or are about to, and claims, which bridge the time until a pod is seen.
import { snapshotUidLabel } from '../../job/template.ts'
import { commandOf, jobOf, podState } from './mover-pod.ts'
import type { Limited, PodState } from './mover-pod.ts'
import type { KeptPod } from '../kept.ts'

export interface Change<T> {
  readonly previous: T | undefined
  /** Undefined once it is gone. */
  readonly current: T | undefined
}

interface Work {
  readonly namespace: string
  /** Name of the Job. */
  readonly job: string
  readonly command: Limited
}

interface PodSeen extends Work {
  /** Of the snapshot, as its label says. */
  readonly uid: string
  readonly state: PodState
  readonly isGoing: boolean
  /** Since when, by our clock, it has been like this. */
  readonly sinceMs: number
}

interface Claim extends Work {
  readonly sinceMs: number
  /** False: it goes with the pass that made it. */
  readonly isUsed: boolean
}

/** A Job whose pod has not come by then makes none, or not soon. */
const claimMs = 60_000
/** A pod that was told to end has 30 s; past this its node does not answer. */
const endsWithinMs = 60_000
/** A pod that has its node and has not begun by then waits for a volume that does not come. */
const startsWithinMs = 600_000

export const keyOf = ({ metadata }: { metadata: { namespace?: string; name: string } }): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`

/** Whether there is such a snapshot, with which something is left to do. */
export type IsKnown = (namespace: string, uid: string) => boolean

export class Holders {
  readonly #nowMs: () => number
  readonly #isKnown: IsKnown
  readonly #pods = new Map<string, PodSeen>()
  /** By the key of the snapshot. */
  readonly #claims = new Map<string, Claim>()

  constructor({ nowMs, isKnown }: { readonly nowMs: () => number; readonly isKnown: IsKnown }) {
    this.#nowMs = nowMs
    this.#isKnown = isKnown
  }

  /** Gives the command whose slot may have become free. */
  podChanged({ previous, current }: Change<KeptPod>): Limited | undefined {
    const pod = current ?? previous
    const command = pod === undefined ? undefined : commandOf(pod)
    if (pod === undefined || command === undefined) return undefined
    const key = keyOf(pod)
    const before = this.#pods.get(key)
    const state = current === undefined ? 'ended' : podState(current)
    const isGoing = pod.metadata.deletionTimestamp !== undefined
    const isSame = before?.state === state && before.isGoing === isGoing
    const seen: PodSeen = {
      namespace: pod.metadata.namespace ?? '',
      job: jobOf(pod),
      uid: pod.metadata.labels?.[snapshotUidLabel] ?? '',
      command,
      state,
      isGoing,
      sinceMs: isSame ? before.sinceMs : this.#nowMs(),
    }
    if (current === undefined) this.#pods.delete(key)
    else this.#pods.set(key, seen)
    this.#settle(seen)
    return state === 'ended' || state === 'stuck' ? command : undefined
  }

  /** For a Job whose pod, if there is one, does not tell yet what becomes of it. */
  claimUnseen(key: string, work: Work): void {
    const isSeen = [...this.#pods.values()].some(
      ({ namespace, job, state }) => namespace === work.namespace && job === work.job && state !== 'new',
    )
    if (!isSeen) this.#claim(key, work, true)
  }

  claim(key: string, work: Work): void {
    this.#claim(key, work, false)
  }

  hasClaim(key: string): boolean {
    return this.#claims.has(key)
  }

  isUnused(key: string): boolean {
    return this.#claims.get(key)?.isUsed === false
  }

  use(key: string): void {
    const claim = this.#claims.get(key)
    if (claim !== undefined) this.#claims.set(key, { ...claim, isUsed: true })
  }

  /** Gives the command whose slot has become free. */
  release(key: string): Limited | undefined {
    const { command } = this.#claims.get(key) ?? {}
    this.#claims.delete(key)
    return command
  }

  /** Each holder once. */
  now(): readonly Work[] {
    const nowMs = this.#nowMs()
    for (const [key, { sinceMs }] of this.#claims) if (ageMs(sinceMs, nowMs) > claimMs) this.#claims.delete(key)
    return [...this.#podsThatHold(nowMs), ...this.#claims.values()]
  }

  /** Whoever may make pods can label them as he likes: one for each snapshot counts, where that is in its namespace. */
  #podsThatHold(nowMs: number): Iterable<Work> {
    const all = [...this.#pods.values()].filter((pod) => holds(pod, nowMs) && this.#isKnown(pod.namespace, pod.uid))
    return new Map(all.map((pod) => [`${pod.command} ${pod.uid}`, pod])).values()
  }

  /** Keys of the snapshots with a claim. */
  listClaims(): Iterable<readonly [key: string, work: Work]> {
    return this.#claims
  }

  #claim(key: string, work: Work, isUsed: boolean): void {
    this.#claims.set(key, { ...work, isUsed, sinceMs: this.#nowMs() })
  }

  /** From then on the pod itself counts, or does not. */
  #settle({ namespace, job, state }: PodSeen): void {
    if (state === 'new') return
    for (const [key, claim] of this.#claims)
      if (claim.namespace === namespace && claim.job === job) this.#claims.delete(key)
  }
}

function holds({ state, isGoing, sinceMs }: PodSeen, nowMs: number): boolean {
  if (state === 'starting') return ageMs(sinceMs, nowMs) <= startsWithinMs
  return state === 'running' && !(isGoing && ageMs(sinceMs, nowMs) > endsWithinMs)
}

/** A clock that was set back makes nothing last longer: nobody is to wait for it to come round again. */
export const ageMs = (sinceMs: number, nowMs: number): number => Math.abs(nowMs - sinceMs)
