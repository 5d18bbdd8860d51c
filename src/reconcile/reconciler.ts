// The loop shared by all kinds: get → observe → decide → write status → perform effects → requeue.
// Status says what was seen. What an effect changes is seen on the next pass, or applied at once where the world answered with a fact.
import { isDeepStrictEqual } from 'node:util'
import { withoutUndefined } from '../api/json.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject, Resource } from '../kube/resource.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Decision, Effect, Fact, EventText } from './decision.ts'
import { changeOf } from './change.ts'
import type { RefusedRead } from './refused-read.ts'
import { Conflict, NotFound, TerminalError } from '../errors.ts'
import { ReplacedVersions } from './replaced-versions.ts'
import { readClocks } from '../runtime/clocks.ts'
import type { Clocks, Moment } from '../runtime/clocks.ts'

/** What a kind's object looks like to the loop. */
export interface Primary<Status> extends KubeObject {
  readonly status?: Status
}

/** One kind's part of the loop. All but `observe` are pure. */
export interface KindReconciler<P, Observation, Status> {
  readonly resource: Resource
  /** Reads the world once; writes nothing. */
  observe(primary: P): Promise<Observation>
  /** @param nowMs our clock */
  decide(observation: Observation, nowMs: number): Decision<Status>
  /** What can be said where the API server refuses a read for good, so that there is no observation. */
  recordRefusedRead(primary: P, refused: RefusedRead, nowMs: number): Status
  /** What the answer to an effect adds to the status. `primary` is as it was just written. */
  applyFact(primary: P, fact: Fact, nowMs: number): Status
  /** The Events that a change of status is worth. */
  events(before: Status | undefined, after: Status): readonly EventText[]
}

/** For whom an effect is performed, and what fences it. */
export interface Subject {
  readonly resource: Resource
  readonly object: KubeObject
  /** When the status write that changed something in this pass was begun; undefined where the pass wrote nothing. */
  readonly writtenAt: Moment | undefined
}

/** Changes the world by one effect, and gives what it answered where that is to be applied at once. */
export type Perform = (effect: Effect, subject: Subject) => Promise<Fact | undefined>

export interface Loop<P> {
  /** The object as the cache has it; undefined once it is gone. */
  readonly get: (key: string) => P | undefined
  readonly kube: KubeClient
  readonly perform: Perform
  readonly record: (object: KubeObject, event: EventText) => void
  /** Gets one line for each pass that changed something. */
  readonly logger: Pick<Logger, 'debug' | 'info'>
  readonly nowMs: () => number
  /** Of the fence; tests give their own. */
  readonly clocks?: Clocks
}

/** `reconcileID` stands in each line of the log that is about this pass. */
export type Reconcile = (key: string, reconcileID?: string) => Promise<{ requeueAfterMs?: number; isStale?: boolean }>

/** How often what the world answered is written where others change the object at the same time. */
const factTries = 5

/** The watch brings what a pass wrote, and wakes the object; this is for a watch that is slow. */
const staleAgainMs = 1000

/**
 * A pass on a stale cache gets a Conflict at its status write, before any effect; a pass that changes nothing writes nothing.
 * What is known to be stale, because this process has replaced it itself, is not worth a pass.
 * @throws what the edges throw; the queue decides by class
 */
export function reconcilerOf<P extends Primary<Status>, Observation, Status extends object>(
  kind: KindReconciler<P, Observation, Status>,
  loop: Loop<P>,
): Reconcile {
  const replaced = new ReplacedVersions()
  return async (key, reconcileID) => {
    const primary = loop.get(key)
    if (replaced.has(key, primary?.metadata.resourceVersion)) return { requeueAfterMs: staleAgainMs, isStale: true }
    if (primary === undefined) return {}
    const pass = new Pass(kind, loop, { primary, replaced: (version) => replaced.add(key, version) })
    const decision = kind.decide(await pass.observe(reconcileID), loop.nowMs())
    try {
      await pass.write(decision.status)
      for (const effect of decision.effects) await pass.perform(effect)
    } finally {
      pass.log(reconcileID)
    }
    return decision.requeueAfterMs === undefined ? {} : { requeueAfterMs: decision.requeueAfterMs }
  }
}

/** One pass over one object: what was written last, and when. */
class Pass<P extends Primary<Status>, Observation, Status extends object> {
  object: P
  writtenAt: Moment | undefined
  readonly #before: P
  readonly #performed: string[] = []
  readonly #kind: KindReconciler<P, Observation, Status>
  readonly #loop: Loop<P>
  readonly #replaced: (version: string | undefined) => void

  constructor(
    kind: KindReconciler<P, Observation, Status>,
    loop: Loop<P>,
    { primary, replaced }: { primary: P; replaced: (version: string | undefined) => void },
  ) {
    this.#kind = kind
    this.#loop = loop
    this.#replaced = replaced
    this.object = primary
    this.#before = primary
  }

  /** A read that is refused for good ends the pass, as any error does, but not before status says so. */
  async observe(reconcileID: string | undefined): Promise<Observation> {
    try {
      return await this.#kind.observe(this.object)
    } catch (error) {
      if (error instanceof TerminalError) {
        await this.write(this.#kind.recordRefusedRead(this.object, error, this.#loop.nowMs()))
        this.log(reconcileID)
      }
      throw error
    }
  }

  /** What the world answers at once is applied to status. */
  async perform(effect: Effect): Promise<void> {
    const { perform, nowMs } = this.#loop
    const fact = await perform(effect, {
      resource: this.#kind.resource,
      object: this.object,
      writtenAt: this.writtenAt,
    })
    this.#performed.push(effect.kind)
    if (fact !== undefined) await this.#writeFact(() => this.#kind.applyFact(this.object, fact, nowMs()))
  }

  /** What the world answered is not lost to somebody who changed the object meanwhile, by a deletion or a label: it is applied to the object as it is now. */
  async #writeFact(status: () => Status): Promise<void> {
    for (let triesLeft = factTries - 1; ; triesLeft -= 1) {
      try {
        return await this.write(status())
      } catch (error) {
        if (!(error instanceof Conflict) || triesLeft === 0) throw error
        this.object = await this.#readAgain(error)
      }
    }
  }

  /** @throws the Conflict where it is another object, or another one has written its status: whoever did that knows what he saw, and this pass does not. */
  async #readAgain(conflict: Conflict): Promise<P> {
    const { uid, name, namespace } = this.object.metadata
    const ref = { name, ...(namespace === undefined ? {} : { namespace }) }
    const fresh = await this.#loop.kube.find<P>(this.#kind.resource, ref)
    if (fresh === undefined || fresh.metadata.uid !== uid || !isDeepStrictEqual(fresh.status, this.object.status))
      throw conflict
    return fresh
  }

  /** One line for all of it, also where the pass broke off midway. Figures alone are news for those who look closely. */
  log(reconcileID: string | undefined): void {
    const { namespace, name } = this.object.metadata
    const change = changeOf(this.#before.status, this.object.status, this.#performed)
    if (change === undefined) return
    const { isJudgement, message, ...fields } = change
    this.#loop.logger[isJudgement ? 'info' : 'debug'](
      { kind: this.#kind.resource.kind, namespace, name, reconcileID, ...fields },
      message,
    )
  }

  /** PUT with the resourceVersion that was read; then one Event for each thing worth one. */
  async write(next: Status): Promise<void> {
    const before = this.object.status
    const after = withoutUndefined<Status>(next)
    if (isDeepStrictEqual(before, after)) return
    // From when it may be on record: a reply that comes late, or to a process that was stopped meanwhile, must not make it younger.
    const begun = readClocks(this.#loop.clocks)
    const { resourceVersion } = this.object.metadata
    this.object = await this.#update({ ...this.object, status: after })
    if (this.object.metadata.resourceVersion !== resourceVersion) this.#replaced(resourceVersion)
    this.writtenAt = begun
    for (const event of this.#kind.events(before, after)) this.#loop.record(this.object, event)
  }

  /** An object that is gone was changed by somebody else, too: the next pass finds nothing to do. */
  async #update(object: P): Promise<P> {
    try {
      return await this.#loop.kube.updateStatus<P>(this.#kind.resource, object)
    } catch (error) {
      if (error instanceof NotFound) throw new Conflict(error.message, { cause: error })
      throw error
    }
  }
}
