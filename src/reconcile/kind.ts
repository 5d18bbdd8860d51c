// What the loop knows of a kind, and what it is given: types alone. reconciler.ts is the loop.
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject, Resource } from '../kube/resource.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Decision, Effect, Fact, EventText } from './decision.ts'
import type { RefusedRead } from './refused-read.ts'
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
  /** Right before the write, with nothing in between: where one object alone may go on of several that saw the same world. Remembers what it let through until the cache shows it. */
  admit?(observation: Observation, decided: Decision<Status>, nowMs: number): Admission<Status>
  /** What the answer to an effect adds to the status. `primary` is as it was just written. */
  applyFact(primary: P, fact: Fact, nowMs: number): Status
  /** The Events that a change of status is worth. */
  events(before: Status | undefined, after: Status): readonly EventText[]
}

export interface Admission<Status> {
  readonly decision: Decision<Status>
  /** Called where the API server refused a write: nothing of it is on record. A reply that was lost says nothing of that. */
  readonly withdraw: () => void
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
