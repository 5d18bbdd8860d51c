// What people and machines do to schedules in a year, by chance: operators that go away or are cut off, clocks that are wrong, edits, suspensions, pins, deletions by hand, failures.
import { confirmAnnotation, keepAnnotation, runNowAnnotation } from '../../../../src/api/schedule.ts'
import { isPinned } from './rules.ts'
import type { ScheduleRules } from './rules.ts'
import { ScheduleOperator } from './operator.ts'
import type { Write } from './direct-client.ts'
import { day, hour, minute, second } from './world.ts'
import type { Outcome, Schedule, ScheduleWorld, Snapshot } from './world.ts'

export interface Edits {
  readonly schedule: readonly object[]
  readonly retention: readonly object[]
}

export interface PeopleParts {
  readonly world: ScheduleWorld
  readonly rules: ScheduleRules
  /** Whose objects people touch, and what they may make of them; others are left alone for the whole time. */
  readonly touched: Readonly<Record<string, Edits>>
  /** Something that a schedule cannot help: it may lack runs from then until it is over, and a while longer. */
  readonly disturb: (schedule: string | undefined, untilMs: number) => void
  /** Somebody changed by hand what is kept. */
  readonly changed: (schedule: string) => void
}

interface Habit {
  readonly name: string
  /** How often in a year, for the cluster. */
  readonly perYear: number
  readonly act: () => void
}

export class People {
  operator: ScheduleOperator
  passes = 0
  readonly done = new Map<string, number>()
  readonly #parts: PeopleParts
  readonly #habits: readonly Habit[]
  /** Until then an operator cut off at a write; how many writes it has left. */
  #writesLeft = Infinity
  #failingUntil = 0
  #refusedUntil = 0
  readonly #collapsedUntil = new Map<string, number>()
  #runNow = 0

  constructor(parts: PeopleParts) {
    this.#parts = parts
    const { world } = parts
    world.outcomeOf = (snapshot) => this.#outcomeOf(snapshot)
    world.api.admit = (plural) =>
      plural === 'meilisnapshots' && world.nowMs < this.#refusedUntil
        ? { status: 403, reason: 'Forbidden', message: 'exceeded quota: snapshots' }
        : undefined
    this.operator = this.#startOperator()
    this.#habits = [
      { name: 'operator away', perYear: 18, act: () => this.#away(this.#between(hour, 9 * day)) },
      { name: 'operator cut off at a write', perYear: 150, act: () => this.#cutOff() },
      { name: 'clock set back', perYear: 8, act: () => this.#setClock(-this.#between(10 * minute, 3 * hour)) },
      { name: 'clock ahead', perYear: 6, act: () => this.#setClock(this.#between(5 * minute, 5 * hour)) },
      { name: 'clock a year ahead', perYear: 3, act: () => this.#setClock(365 * day) },
      { name: 'runs fail', perYear: 15, act: () => (this.#failingUntil = this.#until(2 * day)) },
      { name: 'runs refused', perYear: 10, act: () => this.#refuse() },
      { name: 'suspended', perYear: 10, act: () => this.#suspend(this.#anyName()) },
      { name: 'another schedule', perYear: 8, act: () => this.#edit(this.#anyName(), 'schedule') },
      { name: 'other rules', perYear: 8, act: () => this.#edit(this.#anyName(), 'retention') },
      { name: 'pinned', perYear: 20, act: () => this.#pin(true) },
      { name: 'pinned no more', perYear: 15, act: () => this.#pin(false) },
      { name: 'deleted by hand', perYear: 30, act: () => this.#deleteByHand() },
      { name: 'documents collapse', perYear: 8, act: () => this.#collapse(this.#anyName()) },
      { name: 'run by hand', perYear: 15, act: () => this.#askForRun(this.#anyName()) },
    ]
  }

  /** What happens in this hour. */
  live(): void {
    const { time } = this.#parts.world
    for (const { name, perYear, act } of this.#habits) {
      if (time.random() >= perYear / (365 * 24)) continue
      this.done.set(name, (this.done.get(name) ?? 0) + 1)
      this.#parts.world.note(name)
      act()
    }
    for (const schedule of this.#parts.world.schedules()) this.#lookAfter(schedule)
  }

  /** From now on nobody touches anything, and an operator runs with a clock that is right. */
  rest(): void {
    this.#writesLeft = Infinity
    this.#failingUntil = 0
    this.#refusedUntil = 0
    this.#parts.world.skewMs = 0
    if (!this.operator.isAlive) this.operator = this.#startOperator()
  }

  get isWell(): boolean {
    const { nowMs, skewMs } = this.#parts.world
    return this.operator.isAlive && skewMs === 0 && nowMs > this.#refusedUntil
  }

  #between(least: number, most: number): number {
    return least + Math.floor(this.#parts.world.time.random() * (most - least))
  }

  #until(mostMs: number): number {
    return this.#parts.world.nowMs + this.#between(hour, mostMs)
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#parts.world.time.random() * all.length)]
  }

  #anyName(): string {
    return this.#pick(Object.keys(this.#parts.touched)) ?? ''
  }

  #startOperator(): ScheduleOperator {
    const { world, rules } = this.#parts
    const operator = new ScheduleOperator(world, (write) => this.#guard(write, rules))
    operator.start()
    return operator
  }

  #guard(write: Write, rules: ScheduleRules): 'sent' | 'lost' | 'cut' {
    const isCut = --this.#writesLeft < 0
    const fate = isCut ? (this.#parts.world.time.random() < 0.5 ? 'cut' : 'lost') : 'sent'
    if (fate !== 'cut') rules.judge(write)
    if (isCut) {
      this.#writesLeft = Infinity
      this.#parts.world.note(`operator ${fate} at ${write.method} ${write.plural}/${write.name}`)
      // Behind the write: it may still arrive.
      const forMs = this.#between(second, 10 * minute)
      this.#parts.world.time.setTimeout(() => this.#away(forMs), 1)
    }
    return fate
  }

  #away(forMs: number): void {
    const { world, disturb } = this.#parts
    if (this.operator.isAlive) this.operator.kill()
    this.passes += this.operator.passes
    disturb(undefined, world.nowMs + forMs)
    const gone = this.operator
    world.time.setTimeout(() => {
      if (this.operator === gone) this.operator = this.#startOperator()
    }, forMs)
  }

  #cutOff(): void {
    this.#writesLeft = this.#between(0, 8)
  }

  #setClock(byMs: number): void {
    const { world, disturb } = this.#parts
    const forMs = this.#between(20 * minute, 2 * day)
    world.skewMs = byMs
    disturb(undefined, world.nowMs + forMs + Math.min(Math.abs(byMs), day))
    world.time.setTimeout(() => {
      if (world.skewMs !== byMs) return
      world.skewMs = 0
      world.note('clock right again')
    }, forMs)
  }

  #refuse(): void {
    this.#refusedUntil = this.#until(day)
    this.#parts.disturb(undefined, this.#refusedUntil + hour)
  }

  #suspend(name: string): void {
    const { world, disturb } = this.#parts
    const forMs = this.#between(20 * minute, 5 * day)
    world.changeSchedule(name, { suspend: true })
    disturb(name, world.nowMs + forMs)
    world.time.setTimeout(() => {
      world.note(`${name} resumed`)
      world.changeSchedule(name, { suspend: false })
    }, forMs)
  }

  #edit(name: string, what: keyof Edits): void {
    const { world, touched, disturb, changed } = this.#parts
    const next = this.#pick(touched[name]?.[what] ?? [])
    if (next === undefined) return
    const { retention } = world.schedule(name).spec
    world.changeSchedule(name, what === 'schedule' ? next : { retention: { ...retention, ...next } })
    world.note(`${name}: ${JSON.stringify(next)}`)
    if (what === 'schedule') disturb(name, world.nowMs + hour)
    changed(name)
  }

  #anyRun(holds: (run: Snapshot) => boolean): { run: Snapshot; name: string } | undefined {
    const name = this.#anyName()
    const run = this.#pick(this.#parts.world.runsOf(name).filter(holds))
    return run === undefined ? undefined : { run, name }
  }

  #pin(pinned: boolean): void {
    const found = this.#anyRun((run) => isPinned(run) !== pinned && run.metadata.deletionTimestamp === undefined)
    if (found === undefined) return
    const { run, name } = found
    this.#parts.world.note(`${run.metadata.name} ${pinned ? 'pinned' : 'not pinned any more'}`)
    this.#parts.world.changeRun(run, ({ metadata }) => ({
      metadata: { ...metadata, annotations: { ...metadata.annotations, [keepAnnotation]: String(pinned) } },
    }))
    this.#parts.changed(name)
  }

  #deleteByHand(): void {
    const found = this.#anyRun(() => true)
    if (found === undefined) return
    this.#parts.world.note(`${found.run.metadata.name} deleted by hand`)
    this.#parts.world.deleteRun(found.run)
    this.#parts.changed(found.name)
  }

  #collapse(name: string): void {
    this.#collapsedUntil.set(name, this.#until(4 * day))
    this.#parts.changed(name)
  }

  #askForRun(name: string): void {
    this.#parts.world.changeSchedule(name, {}, { [runNowAnnotation]: `please-${++this.#runNow}` })
  }

  /** Whoever is asked to confirm does so in the end. */
  #lookAfter(schedule: Schedule): void {
    const { world, rules, changed } = this.#parts
    const { held } = schedule.status ?? {}
    if (held === undefined || world.time.random() > 0.05) return
    const { name, annotations } = schedule.metadata
    if (annotations?.[confirmAnnotation] === held.hash) return
    world.note(`${name}: confirmed ${held.reason}`)
    world.changeSchedule(name, {}, { [confirmAnnotation]: held.hash })
    for (const { metadata } of world.runsOf(name)) rules.collapsed.delete(metadata.uid)
    changed(name)
  }

  #outcomeOf(snapshot: Snapshot): Outcome {
    const { world, rules } = this.#parts
    const name = snapshot.metadata.labels?.['meili-operator.dev/schedule'] ?? ''
    if (world.nowMs < this.#failingUntil || world.time.random() < 0.02) return { phase: 'Failed', documents: 0 }
    if (world.nowMs < (this.#collapsedUntil.get(name) ?? 0)) {
      rules.collapsed.add(snapshot.metadata.uid)
      return { phase: 'Completed', documents: 10 }
    }
    return { phase: 'Completed', documents: 1000 + this.#between(0, 100) }
  }
}
