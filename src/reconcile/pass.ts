// One pass over one object: writes its status, performs effects, and puts on record what they are answered with.
import { isDeepStrictEqual } from 'node:util'
import { withoutUndefined } from '../api/json.ts'
import type { Effect } from './decision.ts'
import { changeOf } from './change.ts'
import type { KindReconciler, Loop, Primary } from './kind.ts'
import { Conflict, NotFound, TerminalError } from '../errors.ts'
import { readClocks } from '../runtime/clocks.ts'
import type { Moment } from '../runtime/clocks.ts'

/** How often what the world answered is written where others change the object at the same time. */
const factTries = 5

/** What was written last, and when. */
export class Pass<P extends Primary<Status>, Observation, Status extends object> {
  object: P
  writtenAt: Moment | undefined
  /** Until something of this pass is on record. */
  withdraw: (() => void) | undefined
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
    if (fact === undefined && changesFinalizers(effect, this.object))
      this.#replaced(this.object.metadata.resourceVersion)
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
    this.withdraw = undefined
    if (this.object.metadata.resourceVersion !== resourceVersion) this.#replaced(resourceVersion)
    this.writtenAt = begun
    for (const event of this.#kind.events(before, after)) this.#loop.record(this.object, event)
  }

  /** An object that is gone was changed by somebody else, too: the next pass finds nothing to do. */
  async #update(object: P): Promise<P> {
    try {
      return await this.#loop.kube.updateStatus<P>(this.#kind.resource, object)
    } catch (error) {
      if (error instanceof Conflict || error instanceof NotFound || error instanceof TerminalError) this.withdraw?.()
      if (error instanceof NotFound) throw new Conflict(error.message, { cause: error })
      throw error
    }
  }
}

/** It does, with the resourceVersion that it was sent with: what had this one is replaced. */
function changesFinalizers(effect: Effect, { metadata: { finalizers = [] } }: Primary<object>): boolean {
  if (effect.kind === 'AddFinalizer') return !finalizers.includes(effect.finalizer)
  return effect.kind === 'RemoveFinalizer' && finalizers.includes(effect.finalizer)
}
