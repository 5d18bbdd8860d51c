// Gives out the slots of movers: a limited number of them runs at once, and namespaces take turns (namespace-turns.ts).
// What it knows follows from the caches; claims alone are its own, and a restart makes up for them.
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import type { KnownSnapshot } from '../../../../api/status/settled-snapshot.ts'
import type { Queued } from '../../observation.ts'
import { Holders, keyOf } from './holders.ts'
import type { Change, IsKnown } from './holders.ts'
import { Line } from './line.ts'
import type { Limited } from './mover-pod.ts'
import type { KeptPod } from '../kept.ts'
import { ageOf, nextJobOf, standingOf } from './standing.ts'
import type { Pool } from './standing.ts'
import { countByNamespace, isFull, nextInTurn, whyFull } from './namespace-turns.ts'
import type { Candidate, Tally } from './namespace-turns.ts'

export interface SlotParts {
  readonly maxMovers: number
  readonly maxStreams: number
  /** Whether no mover can mount its file. */
  readonly isStreamed: (snapshot: MeiliSnapshot) => boolean
  /** Whether its server is ready, as far as is known. */
  readonly isReady: (snapshot: MeiliSnapshot) => boolean
  readonly isKnown: IsKnown
  readonly nowMs: () => number
}

const pools: readonly Pool[] = ['movers', 'deletions']
const poolOf = (command: Limited): Pool => (command === 'deleteArtifact' ? 'deletions' : 'movers')

export class Slots {
  readonly #parts: SlotParts
  readonly #holders: Holders
  readonly #line: Line
  #add: (key: string) => void = () => undefined
  #isFirst = true

  constructor(parts: SlotParts) {
    this.#parts = parts
    this.#holders = new Holders(parts)
    this.#line = new Line(parts.nowMs)
  }

  /** Adds the keys of those whose turn it is, once a slot is free. */
  readonly watch = (add: (key: string) => void): void => {
    this.#add = add
  }

  snapshotChanged(change: Change<KnownSnapshot>): void {
    const { previous, current } = change
    if (current === undefined && previous !== undefined) this.release(keyOf(previous))
    if (this.#line.snapshotChanged(change)) for (const pool of pools) this.#wake(pool)
  }

  podChanged(change: Change<KeptPod>): void {
    const freed = this.#holders.podChanged(change)
    if (freed !== undefined) this.#wake(poolOf(freed))
  }

  /** For one that is in line. Undefined: it may be its turn, so the world is to be looked at. */
  look(snapshot: MeiliSnapshot): Queued | undefined {
    this.#claimForBegun()
    const standing = standingOf(snapshot)
    if (standing?.is !== 'waiting' || this.#isNext(snapshot, standing.pool)) return undefined
    return this.#queuedOf(snapshot, standing.pool, false)
  }

  /** Takes a slot for the Job that this pass makes. Undefined: it has one. */
  claim(snapshot: MeiliSnapshot, pool: Pool): Queued | undefined {
    this.#claimForBegun()
    const key = keyOf(snapshot)
    if (!this.#holders.hasClaim(key) && !this.#isNext(snapshot, pool)) return this.#queuedOf(snapshot, pool, true)
    this.#holders.claim(key, this.#workOf(snapshot, pool))
    return undefined
  }

  /** The Job is about to be made. */
  use(key: string): void {
    this.#holders.use(key)
  }

  /** The Job was not made. */
  release(key: string): void {
    const freed = this.#holders.release(key)
    if (freed !== undefined) this.#wake(poolOf(freed))
  }

  /** @param failed it broke off, and may do so again */
  passEnded(key: string, failed: boolean): void {
    if (failed) this.#line.markFailed(key)
    if (this.#holders.isUnused(key)) this.#holders.release(key)
    else if (!failed) return
    for (const pool of pools) this.#wake(pool, key)
  }

  inLine(pool: Pool): readonly MeiliSnapshot[] {
    return this.#line.waiting(pool).all()
  }

  /** @param butOf key of one that does not count as begun: it asks for itself */
  tally(pool: Pool, butOf = ''): Tally {
    const { maxMovers, maxStreams } = this.#parts
    const held = this.#holders.now().filter(({ command }) => poolOf(command) === pool)
    const begun = new Map<string, { readonly namespace: string }>(
      [...this.#line.listBegun(pool)].map(([key, { metadata }]) => [key, metadata]),
    )
    for (const [key, work] of this.#holders.listClaims()) if (poolOf(work.command) === pool) begun.set(key, work)
    begun.delete(butOf)
    return {
      limit: maxMovers,
      maxStreams,
      running: countByNamespace(held),
      streams: held.filter(({ command }) => command === 'receive').length,
      begun: countByNamespace(begun.values()),
    }
  }

  /** In the first pass: what another process has begun may be about to run. Not before: while the caches are filled, or another one leads, that is not known. */
  #claimForBegun(): void {
    if (!this.#isFirst) return
    this.#isFirst = false
    for (const pool of pools)
      for (const [key, snapshot] of this.#line.listBegun(pool))
        this.#holders.claimUnseen(key, this.#workOf(snapshot, pool))
  }

  #workOf(snapshot: MeiliSnapshot, pool: Pool): { namespace: string; job: string; command: Limited } {
    const { namespace } = snapshot.metadata
    return { namespace, job: nextJobOf(snapshot, pool), command: this.#commandOf(snapshot, pool) }
  }

  #commandOf(snapshot: MeiliSnapshot, pool: Pool): Limited {
    if (pool === 'deletions') return 'deleteArtifact'
    return this.#parts.isStreamed(snapshot) ? 'receive' : 'move'
  }

  #isNext(snapshot: MeiliSnapshot, pool: Pool): boolean {
    const key = keyOf(snapshot)
    return this.#next(pool, snapshot).some((candidate) => candidate.key === key)
  }

  /** @param asks beside those in line */
  #next(pool: Pool, asks?: MeiliSnapshot): readonly Candidate[] {
    const tally = this.tally(pool, asks && keyOf(asks))
    if (isFull(tally)) return []
    const rows = new Map(this.#line.waiting(pool).rows())
    if (asks !== undefined && !this.#line.waiting(pool).has(keyOf(asks))) {
      const { namespace } = asks.metadata
      const ahead = this.#line.waiting(pool).aheadOf(asks)
      rows.set(namespace, (rows.get(namespace) ?? []).toSpliced(ahead, 0, asks))
    }
    return nextInTurn(
      [...rows].map(([namespace, row]) => ({ namespace, candidates: this.#candidatesOf(row, pool) })),
      tally,
    )
  }

  /** Each is made when it is asked for: most of a long row never are. */
  #candidatesOf(row: readonly MeiliSnapshot[], pool: Pool): Iterable<Candidate> {
    const candidateOf = (snapshot: MeiliSnapshot): Candidate => this.#candidateOf(snapshot, pool)
    return {
      *[Symbol.iterator]() {
        for (const snapshot of row) yield candidateOf(snapshot)
      },
    }
  }

  #candidateOf(snapshot: MeiliSnapshot, pool: Pool): Candidate {
    const key = keyOf(snapshot)
    const isReady = pool === 'deletions' || this.#parts.isReady(snapshot)
    return {
      key,
      namespace: snapshot.metadata.namespace,
      age: ageOf(snapshot),
      command: this.#commandOf(snapshot, pool),
      isFit: isReady && !this.#line.hasFailed(key),
    }
  }

  #queuedOf(snapshot: MeiliSnapshot, pool: Pool, looked: boolean): Queued {
    const { maxMovers, maxStreams } = this.#parts
    const { namespace } = snapshot.metadata
    const enough = whyFull(this.tally(pool, keyOf(snapshot)), { namespace, command: this.#commandOf(snapshot, pool) })
    return {
      enough: enough ?? pool,
      limit: enough === 'streams' ? maxStreams : maxMovers,
      ahead: this.#line.waiting(pool).aheadOf(snapshot),
      looked,
    }
  }

  /** @param butOf whose own pass has just ended, and says when it is looked at again; so does one that failed */
  #wake(pool: Pool, butOf?: string): void {
    for (const { key } of this.#next(pool)) if (key !== butOf && !this.#line.hasFailed(key)) this.#add(key)
  }
}
