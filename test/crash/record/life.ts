// One snapshot's life under watch: every step of the operator passes here on its way to the API server or to Meilisearch.
import { isDeepStrictEqual } from 'node:util'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { MeilisearchApi } from '../../support/meilisearch/api.ts'
import type { ChangeSignal } from '../fixture/change-signal.ts'
import type { Call, Forward, Reply } from '../fixture/http-proxy.ts'
import type { Fault } from '../faults/fault.ts'
import { directoryOf, storedDifferences } from './stored-files.ts'
import { StepNames } from './step-names.ts'
import type { Step } from './step-names.ts'
import { Invariants } from './invariants.ts'

export interface LifeContext {
  readonly kube: KubeClient
  readonly changes: ChangeSignal
  readonly namespace: string
  readonly server: MeilisearchApi
  /** The Secret with the server's key. */
  readonly secret: { readonly name: string; readonly key: string }
}

/** Each pass reads the key anew. So each is given another one, and by it the proxy before Meilisearch knows which pass a call belongs to. */
const passKey = 'pass-'
export const isPassKey = (authorization: string): boolean => authorization.startsWith(`Bearer ${passKey}`)

/** What a fixture needs of any life: all that passes the proxies, and every state of every snapshot, comes by here. */
export interface Watched {
  atApi(call: Call, forward: Forward): Promise<Reply | undefined>
  atEngine(call: Call, forward: Forward): Promise<Reply | undefined>
  see(type: 'ADDED' | 'MODIFIED' | 'DELETED', snapshot: MeiliSnapshot): void
  operatorDied(): void
}

export class Life implements Watched {
  readonly name: string
  readonly invariants: Invariants
  readonly fault: Fault
  /** In order, with repeats. */
  readonly steps: Step[] = []
  readonly #stepNames = new StepNames()
  readonly #around: LifeContext
  #passes = 0
  /** Where the newest request on record is: its POST is awaited, or cannot be sent any more, or has gone. */
  #post: 'due' | 'cut off' | 'gone' = 'gone'
  #postsCutOff = 0

  /** @param plan `tasks`: how many snapshot tasks it will have */
  constructor(name: string, plan: { readonly fault: Fault; readonly tasks: number }, around: LifeContext) {
    this.name = name
    this.fault = plan.fault
    this.invariants = new Invariants(plan)
    this.#around = around
  }

  /** Nothing is left to do for the operator: the snapshot has ended, lets go, and the instance shows it. */
  get isOver(): boolean {
    const { snapshot } = this.invariants
    if (snapshot?.status?.phase === 'Failed') return true
    return (
      snapshot?.status?.phase === 'Completed' &&
      (snapshot.metadata.finalizers ?? []).length === 0 &&
      this.#stepNames.isOver
    )
  }

  /** How often the operator was killed between a request on record and its POST: each time the next one had to count anew. */
  get postsCutOff(): number {
    return this.#postsCutOff
  }

  see(type: 'ADDED' | 'MODIFIED' | 'DELETED', snapshot: MeiliSnapshot): void {
    if (snapshot.metadata.name === this.name) this.invariants.check(type, snapshot)
  }

  operatorDied(): void {
    if (this.#post !== 'due') return
    this.#post = 'cut off'
    this.#postsCutOff += 1
  }

  /** The last packets of a dead operator may still come: then its POST was not cut off after all. */
  #postGoes(): void {
    if (this.#post === 'cut off') this.#postsCutOff -= 1
    this.#post = 'gone'
  }

  async atApi(call: Call, forward: Forward): Promise<Reply | undefined> {
    if (call.method === 'GET' && call.path.endsWith(`/secrets/${this.#around.secret.name}`))
      return this.#withPassKey(await forward())
    const step = this.#isOfAnother(call) ? undefined : this.#stepNames.stepOfWrite(call)
    if (step === undefined) return await forward()
    if (step.name === 'status: Completed') await this.#examineStored(JSON.parse(call.body) as MeiliSnapshot)
    if (step.name === 'status: task succeeded') await this.#examineTask(JSON.parse(call.body) as MeiliSnapshot)
    return await this.#through(step, async () => {
      const asks = step.name.startsWith('status: request on record')
      if (asks) this.#post = 'due'
      const reply = await forward()
      if (asks && reply.status >= 300) this.#post = 'gone'
      this.#stepNames.accept(step, reply)
      return reply
    })
  }

  async atEngine(call: Call, forward: Forward): Promise<Reply | undefined> {
    if (isPassKey(call.authorization) && !call.authorization.startsWith(`Bearer ${this.#passKey}`))
      return await forward()
    const step = this.#stepNames.stepOfCall(call)
    return await this.#through(step, async () => {
      if (step.name === 'POST /snapshots') {
        this.#postGoes()
        this.invariants.countPost(await this.#onRecord())
      }
      return await forward()
    })
  }

  get #passKey(): string {
    return `${passKey}${this.name}-`
  }

  /** A pass about the life before may still be under way. */
  #isOfAnother({ path }: Call): boolean {
    const [, named] = /\/(?:meilisnapshots|meiliinstances)\/([^/?]+)/.exec(path) ?? []
    return named !== undefined && named !== this.name
  }

  #withPassKey(reply: Reply): Reply {
    if (reply.status !== 200) return reply
    this.#passes += 1
    const secret = JSON.parse(reply.body) as { data: Record<string, string> }
    const data = {
      ...secret.data,
      [this.#around.secret.key]: Buffer.from(`${this.#passKey}${this.#passes}`).toString('base64'),
    }
    return { ...reply, body: JSON.stringify({ ...secret, data }) }
  }

  async #through(step: Step, forward: Forward): Promise<Reply | undefined> {
    this.steps.push(step)
    try {
      return await this.fault.at(step, forward)
    } finally {
      this.#around.changes.notify()
    }
  }

  /** Complete is about to be claimed: all that it says must be true by now, not only soon. */
  async #examineStored(claimed: MeiliSnapshot): Promise<void> {
    const { kube, namespace } = this.#around
    const root = await directoryOf(kube, { namespace, name: claimed.spec.destination.claim.name })
    const found = root === undefined ? ['the claim is bound to no volume'] : await storedDifferences(root, claimed)
    this.invariants.violations.push(...found.map((difference) => `when Complete was claimed: ${difference}`))
  }

  /** The same for the task: what the server says of it now can only be as far or further. */
  async #examineTask({ status }: MeiliSnapshot): Promise<void> {
    const { uid, enqueuedAt, startedAt, finishedAt } = status?.task ?? {}
    const task = await this.#around.server.call<Record<string, unknown>>(`/tasks/${uid}`)
    const isTrue = isDeepStrictEqual(
      [task['status'], task['type'], task['enqueuedAt'], task['startedAt'], task['finishedAt']],
      ['succeeded', 'snapshotCreation', enqueuedAt, startedAt, finishedAt],
    )
    if (!isTrue)
      this.invariants.violations.push(
        `when task ${uid} was claimed to have succeeded, the server answered ${JSON.stringify(task)}`,
      )
  }

  /** From the API server itself: what another operator would read at this moment. */
  async #onRecord(): Promise<MeiliSnapshot> {
    const { kube, namespace } = this.#around
    return await kube.get<MeiliSnapshot>(meiliSnapshots, { namespace, name: this.name })
  }
}
