// Elects one active operator by a Lease, as client-go does: who tries when, and until when a lease that was won counts as held.
// What stands in the Lease, and when another holder's has expired, is in lease.ts.
import { Conflict, NotFound } from '../errors.ts'
import { pause } from './timers.ts'
import { ageMs, readClocks, systemClocks } from './clocks.ts'
import type { Clocks, Moment } from './clocks.ts'
import type { Client, ObjectName } from './edges.ts'
import { leases, Silence, specOfHolder, specWithoutHolder, watchReleases } from './lease.ts'
import type { Lease } from './lease.ts'

export interface Timing {
  /** How long others wait for a holder that is silent. */
  readonly leaseMs: number
  /** After this long without a renewal the holder itself gives up; shorter than `leaseMs`. */
  readonly renewMs: number
  readonly retryMs: number
}

export interface Candidate {
  readonly kube: Pick<Client, 'get' | 'create' | 'update' | 'watch'>
  readonly lease: ObjectName
  /** Different for each process, also for two of one pod. */
  readonly identity: string
  readonly timing?: Timing
  /** Tests give their own, and the pause that belongs to it. */
  readonly clocks?: Clocks
  readonly pauseMs?: (delayMs: number, signal: AbortSignal) => Promise<void>
  /** Called for an attempt that the API server did not answer, and for a watch that broke off. */
  readonly failed?: (error: unknown) => void
}

class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

const usual: Timing = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2000 }

export class LeaderElector {
  readonly #candidate: Candidate
  readonly #timing: Timing
  readonly #clocks: Clocks
  readonly #silence: Silence
  /** When the request that renewed last was begun: from then on it is ours for `leaseMs`, however long the reply took. */
  #renewedAt: Moment | undefined
  /** Ends with `release`: an attempt that is still under way then must neither take the lease again nor count it as ours. */
  #term = 0

  constructor(candidate: Candidate) {
    this.#candidate = candidate
    this.#timing = candidate.timing ?? usual
    this.#clocks = candidate.clocks ?? systemClocks
    this.#silence = new Silence(this.#clocks.monotonicMs, this.#timing.leaseMs)
  }

  /** True only while nobody else can hold it. Where the clocks disagree, the machine may have been suspended: then it is not held until the next renewal, which says whose it is. */
  isHeld(): boolean {
    return this.#renewedAt !== undefined && ageMs(this.#renewedAt, readClocks(this.#clocks)) < this.#timing.renewMs
  }

  /** Resolves when we hold it, or when the signal ends the wait. A lease that is given back is tried for at once; the regular tries are for one that is not. */
  async acquire(signal: AbortSignal): Promise<void> {
    if (signal.aborted || (await this.#attempt())) return
    const over = new AbortController()
    const waiting = AbortSignal.any([signal, over.signal])
    let news = new AbortController()
    void this.#watch(waiting, () => news.abort())
    while (!signal.aborted) {
      await this.#pause(this.#timing.retryMs, AbortSignal.any([signal, news.signal]))
      // Before the try: what comes while it is under way is worth another one.
      news = new AbortController()
      if (!signal.aborted && (await this.#attempt())) break
    }
    over.abort()
  }

  async #watch(signal: AbortSignal, released: () => void): Promise<void> {
    const { kube, lease, failed = (): void => undefined } = this.#candidate
    await watchReleases(
      { kube, lease, signal, failed, rest: () => this.#pause(this.#timing.leaseMs, signal) },
      released,
    )
  }

  /** Renews until the signal. @throws LeaseLost */
  async keep(signal: AbortSignal): Promise<void> {
    let begun = this.#clocks.monotonicMs()
    while (!signal.aborted) {
      // From one beginning to the next: after an attempt that was not answered there is no time to lose.
      await this.#pause(Math.max(0, begun + this.#timing.retryMs - this.#clocks.monotonicMs()), signal)
      if (signal.aborted) return
      begun = this.#clocks.monotonicMs()
      // A reply that never comes must not hide that the time is over: it is counted from the last renewal, however often an attempt has failed since.
      await Promise.race([this.#attempt(), this.#pause(this.#leftMs(), signal)])
      if (this.#leftMs() === 0)
        throw new LeaseLost(
          `the lease ${this.#candidate.lease.name} was not renewed for ${this.#timing.renewMs / 1000} s, or another one holds it`,
        )
    }
  }

  /** Until it is given up. By the monotonic clock alone: a wall clock that was set costs nobody the lease. */
  #leftMs(): number {
    if (this.#renewedAt === undefined) return 0
    return Math.max(0, this.#renewedAt.monotonicMs + this.#timing.renewMs - this.#clocks.monotonicMs())
  }

  /** Gives it back, so that the next one need not wait. */
  async release(): Promise<void> {
    this.#term++
    if (this.#leftMs() === 0) return
    this.#renewedAt = undefined
    try {
      await this.#giveBack()
    } catch (error) {
      // Our own last renewal came in between, which no other one can follow; or the connection was a bad one.
      if (!(error instanceof Conflict)) this.#candidate.failed?.(error)
      await this.#giveBack()
    }
  }

  async #giveBack(): Promise<void> {
    const { kube, lease, identity } = this.#candidate
    const current = await kube.get<Lease>(leases, lease)
    if (current.spec?.holderIdentity !== identity) return
    await kube.update<Lease>(leases, { ...current, spec: specWithoutHolder(current) })
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    if (this.#candidate.pauseMs !== undefined) await this.#candidate.pauseMs(delayMs, signal)
    else await pause(delayMs, { signal })
  }

  /** True where it is ours now. */
  async #attempt(): Promise<boolean> {
    const begun = readClocks(this.#clocks)
    const term = this.#term
    try {
      const won = await this.#tryOnce(term)
      if (term !== this.#term) return false
      this.#renewedAt = won ? later(begun, this.#renewedAt) : undefined
      return won
    } catch (error) {
      if (!(error instanceof Conflict)) this.#candidate.failed?.(error)
      return false
    }
  }

  async #tryOnce(term: number): Promise<boolean> {
    const { kube, lease, identity } = this.#candidate
    const { leaseMs } = this.#timing
    const current = await this.#read()
    if (term !== this.#term) return false
    if (current === undefined) {
      await kube.create<Lease>(leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: lease,
        spec: specOfHolder(identity, leaseMs),
      })
      return true
    }
    const isOver = this.#silence.isOver(current)
    const holder = current.spec?.holderIdentity ?? ''
    if (holder !== '' && holder !== identity && !isOver) return false
    await kube.update<Lease>(leases, { ...current, spec: specOfHolder(identity, leaseMs, current) })
    return true
  }

  async #read(): Promise<Lease | undefined> {
    try {
      return await this.#candidate.kube.get<Lease>(leases, this.#candidate.lease)
    } catch (error) {
      if (error instanceof NotFound) return undefined
      throw error
    }
  }
}

function later(one: Moment, other: Moment | undefined): Moment {
  return other === undefined || one.monotonicMs >= other.monotonicMs ? one : other
}
