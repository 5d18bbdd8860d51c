// Candidates for one lease: processes with clocks, roads and sleeps of their own, and the API server that keeps the Lease.
import type { KubeClient } from '../../../src/kube/client.ts'
import type { WatchEvent, WatchOptions } from '../../../src/kube/reader.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Conflict, NotFound, TransientError } from '../../../src/errors.ts'
import { LeaderElector } from '../../../src/runtime/leader-election.ts'
import type { Lease } from '../../../src/runtime/lease.ts'
import { VirtualTime } from './virtual-time.ts'

const lease = { namespace: 'system', name: 'operator' }
/** After this long a client gives up a request. */
const deadlineMs = 30_000

interface Travel {
  readonly outMs: number
  readonly backMs: number
}

export interface Road {
  /** Of each request in turn. */
  readonly outMs: readonly number[]
  readonly backMs: readonly number[]
  /** A lost request does nothing; a lost reply was to a request that did all it should; a refused one fails at once. */
  readonly loses?: 'request' | 'reply' | 'refused' | undefined
}

export interface ClockOfProcess {
  readonly offsetMs: number
  /** Its seconds in one second of the world. */
  readonly rate: number
  /** How far its wall clock is ahead. */
  readonly skewMs: number
}

export const goodRoad: Road = { outMs: [5], backMs: [5] }
const exact: ClockOfProcess = { offsetMs: 0, rate: 1, skewMs: 0 }

/** The Lease as the API server keeps it: a write that names the version it was read at must have seen what is there. */
export class LeaseKeeper {
  lease: Lease | undefined
  #version = 0
  #changed = Promise.withResolvers<void>()

  get(): Lease {
    if (this.lease === undefined) throw new NotFound('there is no lease')
    return structuredClone(this.lease)
  }

  create(object: Lease): Lease {
    if (this.lease !== undefined) throw new Conflict('the lease exists')
    return this.#write(object)
  }

  update(object: Lease): Lease {
    const { resourceVersion } = object.metadata
    if (resourceVersion !== undefined && resourceVersion !== this.get().metadata.resourceVersion)
      throw new Conflict('the lease was changed')
    return this.#write(object)
  }

  /** As it is now, then as it is after changes; of several in a row the last one may stand for all. */
  async *states(signal: AbortSignal): AsyncGenerator<Lease> {
    const ended = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => ended.resolve(), { once: true })
    let sent: Lease | undefined
    while (!signal.aborted) {
      const { lease: now } = this
      if (now === undefined || now === sent) await Promise.race([this.#changed.promise, ended.promise])
      else {
        sent = now
        yield structuredClone(now)
      }
    }
  }

  #write(object: Lease): Lease {
    this.lease = structuredClone({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(++this.#version) },
    })
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
    return this.get()
  }
}

export class Election implements Disposable {
  readonly time = new VirtualTime()
  readonly keeper = new LeaseKeeper()
  readonly #processes: Process[] = []
  readonly #rule = this.time.rule()

  constructor() {
    this.time.afterStep = (): void => this.#expectOneAtMost()
  }

  get lease(): Lease | undefined {
    return this.keeper.lease
  }

  /** Who believes now that nobody else holds it. */
  get holders(): readonly string[] {
    return this.#processes.filter((process) => process.holds).map(({ name }) => name)
  }

  start(name: string, clock: Partial<ClockOfProcess> = {}): Process {
    const process = new Process(this, { name, clock: { ...exact, ...clock } })
    this.#processes.push(process)
    return process
  }

  [Symbol.dispose](): void {
    this.#rule[Symbol.dispose]()
  }

  #expectOneAtMost(): void {
    if (this.holders.length > 1)
      throw new Error(`after ${this.time.now()} ms two hold the lease: ${this.holders.join(' and ')}`)
  }
}

type Reply = { readonly value: Lease } | { readonly error: unknown }

/** Does with its elector what the manager does. */
export class Process implements Pick<KubeClient, 'get' | 'create' | 'update' | 'watch'> {
  readonly name: string
  road = goodRoad
  /** Without it, the regular tries have to do. */
  canWatch = true
  /** What the next write alone takes. */
  nextWrite: Travel | undefined
  skewMs: number
  hasEnded = false
  /** What ended its leadership, other than a stop. */
  lost: unknown
  readonly failures: unknown[] = []
  readonly elector: LeaderElector
  readonly #election: Election
  readonly #clock: ClockOfProcess
  readonly #stop = new AbortController()
  #sleepsUntil = 0
  #stoodStillMs = 0
  #requests = 0

  constructor(election: Election, { name, clock }: { name: string; clock: ClockOfProcess }) {
    this.name = name
    this.skewMs = clock.skewMs
    this.#election = election
    this.#clock = clock
    this.elector = new LeaderElector({
      kube: this,
      lease,
      identity: name,
      clocks: {
        monotonicMs: () => clock.offsetMs + (election.time.now() - this.#stoodStillMs) * clock.rate,
        wallMs: () => this.skewMs + election.time.now() * clock.rate,
      },
      pauseMs: (delayMs, signal) => this.#pause(delayMs, signal),
      failed: (error) => this.failures.push(error),
    })
    void this.#run()
  }

  /** A process that sleeps asks nobody. */
  get holds(): boolean {
    return this.#isAwake && this.elector.isHeld()
  }

  /** Stands still, as by SIGSTOP, while its clock goes on. */
  sleep(forMs: number): void {
    this.#sleepsUntil = Math.max(this.#sleepsUntil, this.#election.time.now() + forMs)
  }

  /** Stands still with its whole machine: its monotonic clock does too, its wall clock does not. */
  suspend(forMs: number): void {
    this.sleep(forMs)
    this.#stoodStillMs += forMs
  }

  /** Is gone without a word; what it sent is still under way. */
  crash(): void {
    this.#sleepsUntil = Infinity
    this.hasEnded = true
  }

  /** As by SIGTERM. */
  async stop(): Promise<void> {
    await this.#awake()
    this.#stop.abort()
  }

  async get<T extends KubeObject>(): Promise<T> {
    return await this.#ask<T>(() => this.#election.keeper.get(), this.#usualTravel())
  }

  async create<T extends KubeObject>(_resource: unknown, object: T): Promise<T> {
    const written = this.#skew(object)
    return await this.#write<T>(() => this.#election.keeper.create(written))
  }

  async update<T extends KubeObject>(_resource: unknown, object: T): Promise<T> {
    const written = this.#skew(object)
    return await this.#write<T>(() => this.#election.keeper.update(written))
  }

  /** Its road takes as long as at the first request, out and back; one that loses anything breaks the watch off. */
  async *watch<T extends KubeObject>(_resource: unknown, { signal }: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { time, keeper } = this.#election
    await time.pause(inTurn(this.road.outMs, 0), signal)
    if (!this.canWatch || this.road.loses !== undefined)
      throw await this.#noReply(this.road.loses === 'refused' ? 1 : deadlineMs)
    for await (const state of keeper.states(signal)) {
      await time.pause(inTurn(this.road.backMs, 0), signal)
      await this.#awake()
      if (this.road.loses !== undefined) throw await this.#noReply(1)
      yield { type: 'MODIFIED', object: state as unknown as T }
    }
  }

  get #isAwake(): boolean {
    return this.#election.time.now() >= this.#sleepsUntil
  }

  async #run(): Promise<void> {
    await this.elector.acquire(this.#stop.signal)
    await this.elector.keep(this.#stop.signal).catch((error: unknown) => (this.lost = error))
    await this.elector.release().catch((error: unknown) => this.failures.push(error))
    this.hasEnded = true
  }

  #usualTravel(): Travel {
    const turn = this.#requests++
    return { outMs: inTurn(this.road.outMs, turn), backMs: inTurn(this.road.backMs, turn) }
  }

  async #write<T>(what: () => Lease): Promise<T> {
    const travel = this.nextWrite ?? this.#usualTravel()
    this.nextWrite = undefined
    return await this.#ask<T>(what, travel)
  }

  async #ask<T>(what: () => Lease, { outMs, backMs }: Travel): Promise<T> {
    const { time } = this.#election
    await time.pause(outMs)
    if (this.road.loses === 'refused') throw await this.#noReply(1)
    if (this.road.loses === 'request') throw await this.#noReply(deadlineMs)
    const reply = answerOf(what)
    if (this.road.loses === 'reply') throw await this.#noReply(deadlineMs)
    await time.pause(backMs)
    await this.#awake()
    if ('error' in reply) throw reply.error
    return reply.value as unknown as T
  }

  async #noReply(afterMs: number): Promise<Error> {
    await this.#election.time.pause(afterMs)
    await this.#awake()
    return new TransientError('no reply')
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    await this.#election.time.pause(Math.ceil(delayMs / this.#clock.rate), signal)
    await this.#awake()
  }

  async #awake(): Promise<void> {
    while (!this.#isAwake) {
      if (this.#sleepsUntil === Infinity) await new Promise<never>(() => undefined)
      await this.#election.time.pause(this.#sleepsUntil - this.#election.time.now())
    }
  }

  /** The elector reads the world's wall clock; this process has another. */
  #skew(object: Lease): Lease {
    const renewed = new Date(Date.parse(object.spec?.renewTime ?? '') + this.skewMs).toISOString()
    return { ...object, spec: { ...object.spec, renewTime: renewed.replace('Z', '000Z') } }
  }
}

const inTurn = (delaysMs: readonly number[], turn: number): number => delaysMs[turn % delaysMs.length]!

function answerOf(what: () => Lease): Reply {
  try {
    return { value: what() }
  } catch (error) {
    return { error }
  }
}
