// What must hold of schedules: judged at each write of an operator, before it arrives, by what the API server has at that moment; and at the end of each day.
import { meiliSnapshots } from '../../../../src/api/snapshot.ts'
import { keepAnnotation, scheduleLabel } from '../../../../src/api/schedule.ts'
import { durationMs } from '../../../../src/api/meta.ts'
import { scheduleLabelValue } from '../../../../src/reconcile/names/schedule.ts'
import type { Write } from './direct-client.ts'
import { hasFinalizer, hour, isEnded, minute, namespace } from './world.ts'
import type { Schedule, ScheduleWorld, Snapshot } from './world.ts'

export const isPinned = ({ metadata }: Snapshot): boolean => metadata.annotations?.[keepAnnotation] === 'true'
export const isCompleted = ({ status }: Snapshot): boolean => status?.phase === 'Completed'
export const takenMs = ({ status }: Snapshot): number => Date.parse(status?.task?.startedAt ?? '')

/** Of a run's name; NaN for one by hand. */
export function slotOf(name: string): number {
  const [, year, month, date, hours, minutes] = /-(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(name) ?? []
  if (year === undefined) return Number.NaN
  return Date.parse(`${year}-${month}-${date}T${hours}:${minutes}:00Z`)
}

export class ScheduleRules {
  readonly violations: string[] = []
  /** How often each rule had something to judge: a model in which nothing happens shows nothing. */
  readonly counts = { created: 0, removed: 0, days: 0, putBack: 0, settled: 0 }
  /** Snapshots that the model let collapse: no rule counts them for good until somebody confirms. */
  readonly collapsed = new Set<string>()
  readonly #world: ScheduleWorld
  /** By name: when it was made, by everybody's clock. */
  readonly #madeAt = new Map<string, number>()
  readonly #removed = new Set<string>()
  /** `schedule/run` of all that ever stood in `expiring`. */
  readonly #announced = new Set<string>()

  constructor(world: ScheduleWorld) {
    this.#world = world
    world.api.store.follow('meilisnapshotschedules', world.api.store.version, ({ object, previous }) => {
      const [now, before] = [object as Schedule, previous as Schedule | undefined]
      const { removing } = now.status ?? {}
      if (removing !== undefined && before?.status?.removing === undefined)
        this.#must(
          this.#announced.has(`${now.metadata.name}/${removing.name}`),
          `${removing.name} is removed and was not announced`,
        )
      for (const { name } of now.status?.expiring ?? []) this.#announced.add(`${now.metadata.name}/${name}`)
    })
    world.api.store.follow(meiliSnapshots.plural, world.api.store.version, ({ type, object: { metadata } }) => {
      if (type !== 'ADDED') return
      this.#madeAt.set(metadata.name, world.nowMs)
      this.counts.created += 1
      world.note(`${metadata.name} created`)
    })
  }

  /** Of an operator. */
  judge({ method, plural, name, body }: Write): void {
    if (plural !== meiliSnapshots.plural) return
    if (method === 'POST') this.#judgeRun(body as Snapshot)
    const known = this.#world.api.store.get(plural, namespace, name) as Snapshot | undefined
    if (method === 'DELETE' && known !== undefined) this.#judgeRemoval(known, body)
    if (method === 'PATCH' && (body as Snapshot).spec?.deletionPolicy === 'Retain') this.counts.putBack += 1
  }

  #must(holds: boolean, what: string): void {
    if (!holds) this.violations.push(`${new Date(this.#world.nowMs).toISOString()}: ${what}`)
  }

  #judgeRun(run: Snapshot): void {
    const { name, labels, ownerReferences } = run.metadata
    const schedule = this.#scheduleOf(labels)
    const slotMs = slotOf(name)
    const clockMs = this.#world.nowMs + this.#world.skewMs
    this.#must(schedule !== undefined, `${name} carries no label of a schedule`)
    this.#must(ownerReferences === undefined, `${name} has an owner`)
    if (schedule === undefined || Number.isNaN(slotMs)) return
    const earlier = this.#madeAt.get(name)
    // A slot that a clock ahead made too early was never real: it may come again in its own time.
    const wasReal = earlier !== undefined && earlier > slotMs - hour
    const isThere = this.#world.api.store.get('meilisnapshots', namespace, name) !== undefined
    this.#must(!wasReal || isThere, `${name} runs again`)
    this.#must(!schedule.spec.suspend, `${name} runs while its schedule is suspended`)
    this.#must(slotMs <= clockMs, `${name} runs before its time`)
    const { slotsAfter } = schedule.status ?? {}
    this.#must(
      slotMs > Date.parse(slotsAfter ?? schedule.metadata.creationTimestamp),
      `${name} runs, but nothing up to ${slotsAfter} may`,
    )
    const latestMs = durationMs(schedule.spec.startingDeadline) + durationMs(schedule.spec.jitter ?? '0s') + minute
    // It may be on record since its deadline was kept, and created after a restart.
    const begunMs = Date.parse(schedule.status?.run?.startedAt ?? '')
    this.#must(
      clockMs - slotMs <= latestMs || begunMs - slotMs <= latestMs,
      `${name} runs ${(clockMs - slotMs) / hour} h late`,
    )
  }

  #scheduleOf(labels: Readonly<Record<string, string>> | undefined): Schedule | undefined {
    return this.#world.schedules().find(({ metadata }) => scheduleLabelValue(metadata.name) === labels?.[scheduleLabel])
  }

  #judgeRemoval(run: Snapshot, options: unknown): void {
    const { name, uid, labels } = run.metadata
    const schedule = this.#scheduleOf(labels)
    this.#must(schedule !== undefined, `${name} is removed, and belongs to no schedule`)
    const { preconditions } = options as { preconditions?: { uid?: string } }
    this.#must(preconditions?.uid !== undefined, `${name} is removed whatever object it is`)
    if (schedule === undefined || preconditions?.uid !== uid) return
    this.#world.note(`${name} removed`)
    this.#must(!this.#removed.has(uid), `${name} is removed a second time`)
    this.#removed.add(uid)
    this.counts.removed += 1
    this.#must(!isPinned(run), `${name} is removed though it is pinned`)
    this.#must(isEnded(run), `${name} is removed while it runs`)
    const isFitted = run.spec.deletionPolicy === 'Delete' && (hasFinalizer(run) || !this.#world.files.has(uid))
    this.#must(isFitted, `${name} is removed, and its files would stay`)
    const { removing, held } = schedule.status ?? {}
    this.#must(removing?.uid === uid, `${name} is removed, and that is not on record`)
    this.#must(held === undefined, `${name} is removed while retention is held (${held?.reason})`)
    this.#must(schedule.spec.retention?.mode === 'Enforce', `${name} is removed in a dry run`)
    this.#judgeRest(schedule, run)
  }

  /** What stays without it. */
  #judgeRest(schedule: Schedule, run: Snapshot): void {
    const { name, uid } = run.metadata
    const all = this.#world.runsOf(schedule.metadata.name)
    const going = all.filter(({ metadata }) => metadata.deletionTimestamp !== undefined && metadata.uid !== uid)
    const byOperator = going.filter(({ metadata }) => this.#removed.has(metadata.uid))
    this.#must(byOperator.length === 0, `${name} is removed beside ${byOperator[0]?.metadata.name}`)
    const good = all
      .filter((other) => this.isGood(other) && !going.includes(other))
      .toSorted((one, other) => takenMs(one) - takenMs(other))
    if (!good.some(({ metadata }) => metadata.uid === uid)) return
    this.#must(good.at(-1)?.metadata.uid !== uid, `${name} is removed, and is the newest good one`)
    const floor = schedule.spec.retention?.minimum ?? 1
    this.#must(good.length > floor, `${name} is removed, and only ${good.length} good ones are there`)
  }

  isGood(run: Snapshot): boolean {
    return isCompleted(run) && !isPinned(run) && !this.collapsed.has(run.metadata.uid)
  }

  /** At the end of a day on which nothing is under way any more. */
  judgeSettled(schedule: Schedule, expected: readonly string[]): void {
    this.counts.settled += 1
    const good = this.#world.runsOf(schedule.metadata.name).filter((run) => this.isGood(run))
    const names = (all: readonly string[]): string => all.toSorted().join(' ')
    const found = names(good.map(({ metadata }) => metadata.name))
    this.#must(
      found === names(expected),
      `${schedule.metadata.name} keeps ${found}\n  and should keep ${names(expected)}`,
    )
  }

  /** Nothing lies about half removed, and no file belongs to nobody. */
  judgeRests(): void {
    const all = this.#world.api.store.list('meilisnapshots', namespace) as readonly Snapshot[]
    const uids = new Set(all.map(({ metadata }) => metadata.uid))
    for (const run of all) {
      const schedule = this.#scheduleOf(run.metadata.labels)
      const isBeing = schedule?.status?.removing?.uid === run.metadata.uid
      this.#must(
        isBeing || run.spec.deletionPolicy !== 'Delete',
        `${run.metadata.name} was to be removed, and is forgotten`,
      )
    }
    for (const uid of this.#world.files) {
      if (!uids.has(uid) && this.#removed.has(uid)) this.#must(false, `the files of ${uid} stayed when it was removed`)
    }
  }
}
