// A schedule and its snapshots in an API server, as retention meets them: an operator that can die between any two writes, people,
// and the snapshots' own controller, which keeps an object with a finalizer until its files are gone.
import { expect } from 'vitest'
import { confirmAnnotation } from '../../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../../../src/api/schedule.ts'
import { snapshotFinalizer } from '../../../../../src/api/snapshot.ts'
import { applyFact } from '../../../../../src/kinds/schedule/apply-fact.ts'
import type { FreshRun } from '../../../../../src/kinds/schedule/observation.ts'
import { planRetention } from '../../../../../src/kinds/schedule/retention/plan.ts'
import type { RetentionPlan } from '../../../../../src/kinds/schedule/retention/plan.ts'
import { planRemoval } from '../../../../../src/kinds/schedule/retention/removal.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import type { Effect } from '../../../../../src/reconcile/decision.ts'
import { hour, now } from '../../../../support/builders/observations.ts'
import { aFreshRun, aSchedule } from '../../../../support/builders/schedules.ts'

type Status = MeiliSnapshotScheduleStatus
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

export const intervalMs = 24 * hour

export type Crash = 'never' | 'beforeWrite' | 'beforeEffect' | 'beforeAnswer'
export interface Pass {
  readonly crash: Crash
  /** The API server refuses what it is asked for. */
  readonly isRefused: boolean
  /** What people do between the reads and the writes. */
  readonly meanwhile: (world: World) => void
}

/** Schedules cost more to make than all the rest. */
const specs = new Map<string, MeiliSnapshotSchedule>()
function scheduleWith(retention: object): MeiliSnapshotSchedule {
  const key = JSON.stringify(retention)
  const made = specs.get(key) ?? aSchedule({ spec: { retention } })
  specs.set(key, made)
  return made
}

export class World {
  nowMs = now
  runs: Mutable<FreshRun>[] = []
  status: Status = {}
  confirm: string | undefined
  /** Of status and spec: a write that was made of an older one is refused. */
  #version = 0
  #retention: { readonly minimum?: number; readonly mode?: string }
  #made = 0
  /** How many good ones people deleted. */
  #byHand = 0
  gone = 0

  constructor(retention: object) {
    this.#retention = retention
  }

  setRules(retention: object): void {
    this.#retention = retention
    this.#version += 1
  }

  /** By the clock of now, with files. */
  add(changes: Partial<FreshRun> = {}): void {
    this.#made += 1
    this.nowMs += 1000
    const name = `r${String(this.#made).padStart(3, '0')}`
    this.runs.push(aFreshRun({ name, uid: `uid-${name}`, timeMs: this.nowMs, ...changes }))
  }

  /** People change one; whoever has read it before has an older one. */
  change(index: number, changes: Partial<FreshRun>): void {
    const run = this.runs[index % Math.max(1, this.runs.length)]
    if (run !== undefined) Object.assign(run, changes, { resourceVersion: `${run.resourceVersion}+` })
  }

  deleteByHand(index: number): void {
    const run = this.runs[index % Math.max(1, this.runs.length)]
    if (run === undefined || run.isBeingDeleted) return
    if (this.#isGood(run)) this.#byHand += 1
    this.#delete(run)
  }

  /** The snapshots' controller: a finalizer where files are to go, and the end of what is being deleted. */
  tend(): void {
    for (const run of this.runs.slice()) {
      if (run.isBeingDeleted) this.#remove(run)
      else if (run.deletionPolicy === 'Delete' && run.mayHaveFiles)
        this.change(this.runs.indexOf(run), { finalizers: [snapshotFinalizer] })
      else this.change(this.runs.indexOf(run), { finalizers: [] })
    }
  }

  /** As controller, observe and decide do it. */
  pass({ crash, isRefused, meanwhile }: Pass): RetentionPlan {
    const version = this.#version
    const runs = this.runs.map((run) => ({ ...run }))
    const [schedule, byHand, minimum = 1] = [this.#schedule(), this.#byHand, this.#retention.minimum]
    const { removing, counts } = schedule.status ?? {}
    const plan = planRetention({ schedule, runs, intervalMs, nowMs: this.nowMs })
    const removal = planRemoval({ removing, remove: plan.remove, runs, nowMs: this.nowMs })
    expect(removal.effects.length).toBeLessThanOrEqual(1)
    meanwhile(this)
    if (crash === 'beforeWrite' || version !== this.#version) return plan
    const expired = (counts?.expired ?? 0) + removal.expired
    this.status = { ...plan.status, counts: { created: 0, skipped: 0, missed: 0, expired } }
    if (removal.removing !== undefined) this.status.removing = removal.removing
    this.#version += 1
    const [effect] = removal.effects
    if (crash === 'beforeEffect' || effect === undefined) return plan
    if (!isRefused) this.#perform(effect, minimum - (this.#byHand - byHand))
    else if (crash === 'never')
      this.status = applyFact(this.#schedule(), { kind: 'Refused', effect: effect.kind, message: 'no' }, this.nowMs)
    return plan
  }

  #schedule(): MeiliSnapshotSchedule {
    const { metadata, ...schedule } = scheduleWith(this.#retention)
    const annotations = this.confirm === undefined ? {} : { [confirmAnnotation]: this.confirm }
    return { ...schedule, metadata: { ...metadata, annotations }, status: this.status }
  }

  #isGood({ phase, isPinned, isBeingDeleted, timeMs = Infinity }: Run): boolean {
    return phase === 'Completed' && !isPinned && !isBeingDeleted && timeMs <= this.nowMs + hour
  }

  #perform(effect: Effect, floor: number): void {
    if (effect.kind !== 'PatchSnapshot' && effect.kind !== 'DeleteSnapshot')
      throw new Error(`not retention's: ${effect.kind}`)
    const run = this.runs.find(({ name }) => name === effect.name)
    if (run?.uid !== effect.uid || run.resourceVersion !== effect.resourceVersion) return
    if (effect.kind === 'PatchSnapshot') this.change(this.runs.indexOf(run), { deletionPolicy: effect.deletionPolicy })
    else {
      this.#judge(run, floor)
      this.#delete(run)
    }
    // One at a time: what was made to go with its files is on record.
    const patched = this.runs.filter(({ deletionPolicy }) => deletionPolicy === 'Delete')
    expect(patched.filter(({ uid }) => uid !== this.status.removing?.uid)).toEqual([])
  }

  /** What must hold wherever retention deletes one. */
  #judge(run: FreshRun, floor: number): void {
    expect(run.isPinned).toBe(false)
    expect(this.#retention.mode).not.toBe('DryRun')
    expect(run.deletionPolicy).toBe('Delete')
    if (run.mayHaveFiles) expect(run.finalizers).toContain(snapshotFinalizer)
    expect(this.status.removing?.uid).toBe(run.uid)
    if (!this.#isGood(run)) return
    const others = this.runs.filter((other) => other !== run && this.#isGood(other))
    expect(others.length).toBeGreaterThanOrEqual(floor)
  }

  #delete(run: Mutable<FreshRun>): void {
    if (run.finalizers.length > 0) this.change(this.runs.indexOf(run), { isBeingDeleted: true })
    else this.#remove(run)
  }

  #remove(run: FreshRun): void {
    this.runs = this.runs.filter((other) => other !== run)
    this.gone += 1
  }
}
