// A small world for whole lives of a restore in place: claims with data in them, one StatefulSet and its pod, and the real deciders of both kinds.
// An operator dies before and after each write, and a write may arrive late; statuses are lost, people interfere. Time is a number.
import { databaseVersionAnnotation } from '../../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import { cleanUpAnnotation, dataGenerationAnnotation, restoredFromAnnotation } from '../../../../src/api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../../src/api/restore.ts'
import { decideInstance } from '../../../../src/kinds/instance/decide.ts'
import type { ManagedSeen } from '../../../../src/kinds/instance/observation.ts'
import { applyFact } from '../../../../src/kinds/restore/apply-fact.ts'
import { decideRestore } from '../../../../src/kinds/restore/decide.ts'
import { beginExchange } from '../../../../src/kinds/restore/exchange/stop.ts'
import type { RestoreObservation } from '../../../../src/kinds/restore/observation.ts'
import { decisionOf } from '../../../../src/kinds/restore/status/verdict.ts'
import type { Decision, Effect, Fact } from '../../../../src/reconcile/decision.ts'
import { dataClaimName, dataClaims, isBeingFilled, restoreHold } from '../../../../src/reconcile/names/data-claim.ts'
import { aDataClaim, anExchange, answering, filled } from '../../builders/exchanges.ts'
import { aManagedInstance, aManagedObservation, everything, noPod } from '../../builders/managed-observations.ts'
import { aSnapshot } from '../../builders/observations.ts'
import { Cluster, named } from './cluster.ts'
import type { Content } from './cluster.ts'

/** What people do, or happens to a status. */
export type Ask = 'Rollback' | 'Delete' | 'CleanUp' | 'LoseStatus'
/** Where an operator dies in a pass. Late: the write of an effect is on its way, and arrives when it likes. */
export type Crash = 'None' | 'BeforeWrite' | 'AfterWrite' | 'AfterEffect' | 'Late'

/** Ways in which the program might be wrong: the invariants must notice each. */
export interface Mutations {
  readonly seen?: (observation: RestoreObservation) => RestoreObservation
  readonly decide?: (
    decision: Decision<MeiliRestoreStatus>,
    observation: RestoreObservation,
  ) => Decision<MeiliRestoreStatus>
  /** A claim is written to though it was changed since it was seen. */
  readonly ignoresVersions?: boolean
  /** The server does not know of restores. */
  readonly ignoresHold?: boolean
}

/** Past every deadline of a restore. */
const deadlineMs = 31 * 60_000
/** Nothing comes any more after so many. */
const quietRounds = 4

const afterFill: ReadonlySet<string | undefined> = new Set([
  'Stopping',
  'Switching',
  'Starting',
  'Completed',
  'RolledBack',
  'Failed',
])
type InstanceDecision = ReturnType<typeof decideInstance>

const same = <T>(value: T): T => value
const blank = anExchange()
const server = aManagedInstance()
const inPlace = everything(server)

export class RestoreWorld extends Cluster {
  restore: MeiliRestore | undefined
  instance: MeiliInstance = server
  readonly phases: string[] = []
  #snapshotAtMs: number | undefined
  readonly #late: Effect[] = []
  readonly #restored: Content
  readonly #mutations: Mutations
  #instanceSees: MeiliRestore | undefined
  #begun: InstanceDecision | undefined

  constructor(restored: Content, mutations: Mutations = {}) {
    super(inPlace.statefulSet!)
    this.#restored = restored
    this.#mutations = mutations
    this.restore = blank.restore
    this.lay(inPlace.claims.data!, 'Old')
    this.#fill(filled)
    this.startPod()
  }

  // Restore: one pass.

  pass(crash: Crash = 'None'): void {
    if (this.restore === undefined) return
    const { seen = same, decide = same } = this.#mutations
    const observation = seen(this.#observe())
    const decision = decide(this.#decide(observation), observation)
    if (crash === 'BeforeWrite') return
    const isFenced = this.#write(decision.status)
    if (crash === 'AfterWrite') return
    this.#performAll(
      decision.effects.filter(({ kind }) => kind !== 'SwitchData' || isFenced),
      crash,
    )
  }

  #performAll(effects: readonly Effect[], crash: Crash): void {
    if (crash === 'Late') this.#late.push(...effects.slice(0, 1))
    if (crash === 'Late') return
    for (const effect of crash === 'AfterEffect' ? effects.slice(0, 1) : effects) {
      const fact = this.#perform(effect)
      if (fact !== undefined && crash !== 'AfterEffect' && this.restore !== undefined)
        this.#write(applyFact(this.restore, fact, this.nowMs))
    }
  }

  /** What was sent arrives now: nothing stops it on its way. */
  arrive(): void {
    for (const effect of this.#late.splice(0)) this.#perform(effect)
  }

  #decide(observation: RestoreObservation): Decision<MeiliRestoreStatus> {
    const { restore } = observation
    const decision = decideRestore(observation, this.nowMs)
    const { phase } = decision.status
    const isUndisturbed = restore.metadata.deletionTimestamp === undefined && !restore.spec.rollback
    if (!isUndisturbed || decision.effects.length > 0 || afterFill.has(phase)) return decision
    // The stages before are no part of this world: whatever they do, it is filled after them.
    if (restore.status?.fill?.completedAt === undefined) return { effects: [], status: this.#refill() }
    return decisionOf(beginExchange(observation, this.nowMs), restore, this.nowMs)
  }

  #refill(): MeiliRestoreStatus {
    const [data] = dataClaims(named, [...this.claims.values()])
    const generation = (data?.generation ?? 0) + 1
    const claimName = dataClaimName(named, generation)
    const plan = { ...filled.plan!, newClaim: { claimName, generation } }
    const { claimUid: _, ...fill } = filled.fill!
    const status = { ...filled, plan, fill: { ...fill, claimName } }
    this.#fill(status)
    return status
  }

  #fill({ plan, fill }: MeiliRestoreStatus): void {
    const { claimName } = plan!.newClaim!
    if (this.claims.has(claimName)) return
    this.lay(
      aDataClaim(claimName, undefined, fill?.claimUid === undefined ? { uid: `uid-${this.nextUid()}` } : {}),
      this.#restored,
    )
  }

  #observe(): RestoreObservation {
    const restore = this.restore!
    const isReady = this.isReady()
    const documents = this.contents.get(this.pod?.claimName ?? '') === 'Short' ? 3 : 7
    const instance = this.#instanceAsSeen()
    const claims = [...this.claims.values()]
    return {
      ...blank,
      restore,
      target: {
        ...blank.target,
        instance,
        claims,
        data: dataClaims(named, claims),
        statefulSet: this.statefulSet,
        pods: this.pod === undefined ? [] : [this.pod],
      },
      server: isReady ? answering({ documents }) : { is: 'silent', message: 'no reply' },
      lastSnapshot: this.#lastSnapshot(),
    }
  }

  #instanceAsSeen(): MeiliInstance {
    const status = { ...this.instance.status }
    if (this.pod !== undefined) status.pod = { name: 'movies-0', uid: this.pod.metadata?.uid ?? '' }
    return { ...this.instance, status }
  }

  #lastSnapshot(): RestoreObservation['lastSnapshot'] {
    if (this.#snapshotAtMs === undefined) return undefined
    const request = { attempt: 1, posts: 1, postedAt: new Date(this.#snapshotAtMs).toISOString() }
    return aSnapshot({ status: { phase: 'Completed', request } })
  }

  #write(status: MeiliRestoreStatus): boolean {
    const next = JSON.parse(JSON.stringify(status)) as MeiliRestoreStatus
    if (this.restore === undefined || JSON.stringify(next) === JSON.stringify(this.restore.status)) return false
    if (next.phase !== this.restore.status?.phase) this.phases.push(next.phase ?? '')
    this.restore = { ...this.restore, status: next }
    return true
  }

  // The instance: one pass, which may know an older MeiliRestore.

  /** The instance's cache catches up. */
  showRestore(): void {
    this.#instanceSees = this.restore
  }

  /** A pass over the instance takes its time: what it has seen and decided, it does when it is ended. One at a time. */
  beginInstancePass(): void {
    this.endInstancePass()
    this.#begun = this.#decideInstance()
  }

  endInstancePass(): void {
    const begun = this.#begun
    this.#begun = undefined
    if (begun !== undefined) this.#actOnInstance(begun, 'None')
  }

  instancePass(crash: Crash = 'None'): void {
    this.endInstancePass()
    this.#actOnInstance(this.#decideInstance(), crash)
  }

  #actOnInstance({ status, effects }: InstanceDecision, crash: Crash): void {
    if (crash === 'BeforeWrite') return
    this.instance = { ...this.instance, status }
    if (crash !== 'AfterWrite') this.#performAll(effects, crash)
  }

  #decideInstance(): InstanceDecision {
    const claims = [...this.claims.values()].filter(({ metadata }) => metadata?.name !== undefined)
    const [data, ...earlierData] = dataClaims(named, claims)
    const hold =
      this.#instanceSees === undefined || this.#mutations.ignoresHold === true
        ? undefined
        : restoreHold(this.instance, [this.#instanceSees])
    const managed: Partial<ManagedSeen> = {
      ...inPlace,
      hold,
      statefulSet: this.statefulSet,
      claims: data === undefined ? {} : { data: data.claim },
      earlierData,
      filling: claims.filter((claim) => isBeingFilled(named, claim)),
    }
    const isReady = this.isReady()
    const silent =
      this.pod === undefined || isReady ? {} : ({ server: { state: 'Unreachable', message: 'x' } } as const)
    return decideInstance(
      aManagedObservation({
        instance: this.instance,
        managed,
        ...(this.pod === undefined ? noPod : { pods: [this.pod], ...silent }),
      }),
      this.nowMs,
    )
  }

  // Effects.

  #perform(effect: Effect): Fact | undefined {
    switch (effect.kind) {
      case 'SwitchData':
        return this.#switch(effect)
      case 'DeleteClaim':
        if (this.#isAsSeen(effect.claim)) this.deleteClaim(effect.claim.name)
        return undefined
      case 'Apply':
        this.apply(effect)
        return undefined
      case 'DeletePod':
        if (this.pod?.metadata?.uid === effect.uid) this.endPod()
        return undefined
      case 'RemoveFinalizer':
        if (this.restore?.metadata.deletionTimestamp !== undefined) this.restore = undefined
        else this.#setFinalizers([])
        return undefined
      case 'AddFinalizer':
        this.#setFinalizers([effect.finalizer])
        return undefined
      default:
        return undefined
    }
  }

  #setFinalizers(finalizers: string[]): void {
    if (this.restore !== undefined)
      this.restore = { ...this.restore, metadata: { ...this.restore.metadata, finalizers } }
  }

  #isAsSeen({ name, uid, resourceVersion }: { name: string; uid: string; resourceVersion: string }): boolean {
    const { metadata } = this.claims.get(name) ?? {}
    if (metadata === undefined) return false
    return (
      this.#mutations.ignoresVersions === true || (metadata.uid === uid && metadata.resourceVersion === resourceVersion)
    )
  }

  #switch({ claim, generation, restoredFrom, databaseVersion }: Effect & { kind: 'SwitchData' }): Fact | undefined {
    if (!this.#isAsSeen(claim)) return undefined
    const [data] = dataClaims(named, [...this.claims.values()])
    if (this.pod !== undefined && [claim.name, data?.claim.metadata?.name].includes(this.pod.claimName))
      this.wrongs.push(`the data was exchanged while pod ${this.pod.metadata?.uid ?? ''} had ${this.pod.claimName}`)
    if ((data?.generation ?? 0) >= generation) this.wrongs.push(`generation ${generation} is not above the data's`)
    this.annotate(claim.name, {
      [dataGenerationAnnotation]: String(generation),
      ...(restoredFrom === undefined ? {} : { [restoredFromAnnotation]: restoredFrom }),
      ...(databaseVersion === undefined ? {} : { [databaseVersionAnnotation]: databaseVersion }),
    })
    return { kind: 'DataSwitched', claimName: claim.name, generation }
  }

  // People.

  /** One of the data that is served completes. */
  takeSnapshot(): void {
    this.#snapshotAtMs = this.nowMs
  }

  wait(seconds: number): void {
    this.nowMs += 1000 * seconds
  }

  /** Another restore of the same server, which has filled its claim. */
  beginAnew(): void {
    const metadata = { ...blank.restore.metadata, name: 'again', uid: `again-${this.nextUid()}` }
    this.restore = { ...blank.restore, metadata }
  }

  ask(change: Ask): void {
    const { restore } = this
    if (restore === undefined) return
    const { metadata, spec } = restore
    const deleted = { ...metadata, deletionTimestamp: new Date(this.nowMs).toISOString() }
    const after: Readonly<Record<Ask, MeiliRestore | undefined>> = {
      Rollback: { ...restore, spec: { ...spec, rollback: true } },
      CleanUp: { ...restore, metadata: { ...metadata, annotations: { [cleanUpAnnotation]: 'old-data' } } },
      LoseStatus: { ...restore, status: { observedGeneration: -1 } },
      Delete: (metadata.finalizers ?? []).length === 0 ? undefined : { ...restore, metadata: deleted },
    }
    this.restore = after[change]
  }

  /** Everybody does his part in turn. @param crash of the passes in it */
  round(crash: { readonly restore?: Crash; readonly instance?: Crash } = {}): void {
    this.nowMs += 3000
    this.pass(crash.restore)
    this.showRestore()
    this.instancePass(crash.instance)
    this.control()
    this.kubelet()
  }

  /** Nobody dies any more, until nothing happens. */
  settle(): void {
    this.isHanging = false
    this.arrive()
    for (const waitMs of [0, deadlineMs, deadlineMs]) {
      this.nowMs += waitMs
      this.#untilQuiet()
    }
  }

  #untilQuiet(): void {
    let before = ''
    for (let round = 0, quiet = 0; round < 80 && quiet < quietRounds; round += 1) {
      this.round()
      const picture = this.#picture()
      quiet = picture === before ? quiet + 1 : 0
      before = picture
    }
  }

  #picture(): string {
    const claims = [...this.claims.values()].map(({ metadata }) => [metadata?.name, metadata?.annotations])
    const { phase, switched, rollback } = this.restore?.status ?? {}
    return JSON.stringify([
      phase,
      switched?.to,
      rollback?.to,
      claims,
      this.pod?.metadata?.uid,
      this.pod?.status,
      this.statefulSet.spec?.replicas,
    ])
  }
}
