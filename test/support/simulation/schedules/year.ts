// A year of schedules, day by day: who there is, what happens to them, and what must hold at the end of each day.
import { retain } from '../../../../src/kinds/schedule/retention/retain.ts'
import { runOf } from '../../../../src/kinds/schedule/run.ts'
import { People } from './people.ts'
import type { Edits } from './people.ts'
import { isCompleted, ScheduleRules, slotOf } from './rules.ts'
import { day, hour, isEnded, minute, ScheduleWorld } from './world.ts'
import type { Schedule, Snapshot } from './world.ts'

interface Kept {
  readonly spec: object
  /** How its runs are counted: one in each. */
  readonly unit: 'hours' | 'day' | 'week'
  /** Absent: nobody touches it or its snapshots. */
  readonly edits?: Edits
}

/** Zones with gaps and overlaps at the very hour of a slot. */
const schedules: Readonly<Record<string, Kept>> = {
  fourfold: {
    unit: 'hours',
    spec: {
      schedule: '0 */6 * * *',
      jitter: '9m',
      retention: { keepLast: 3, keepHourly: 24, keepDaily: 7, keepWeekly: 4 },
    },
  },
  berlin: {
    unit: 'day',
    spec: {
      schedule: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      startingDeadline: '12h',
      retention: { keepDaily: 7, keepWeekly: 5, keepMonthly: 12, minimum: 3 },
    },
    edits: {
      schedule: [{ schedule: '30 2 * * *' }, { schedule: '10 22 * * *' }, { timeZone: 'America/Santiago' }],
      retention: [{ keepDaily: 3 }, { keepDaily: 14 }, { keepWeekly: 2 }, { keepLast: 10 }],
    },
  },
  'lord-howe': {
    unit: 'day',
    spec: {
      schedule: '15 2 * * *',
      timeZone: 'Australia/Lord_Howe',
      jitter: '30m',
      retention: { keepWithin: '240h', keepMonthly: 6 },
    },
  },
  'new-york': {
    unit: 'week',
    spec: {
      schedule: '0 4 * * MON',
      timeZone: 'America/New_York',
      startingDeadline: '48h',
      retention: { keepLast: 4, keepYearly: 2, minimum: 2, failed: 1 },
    },
    edits: {
      schedule: [{ schedule: '0 4 * * MON' }, { schedule: '20 1 * * MON' }],
      retention: [{ keepLast: 2 }, { keepLast: 8 }, { minimum: 5 }],
    },
  },
  rehearsal: {
    unit: 'week',
    spec: { schedule: '@weekly', retention: { mode: 'DryRun', keepLast: 3 } },
    edits: { schedule: [], retention: [{ keepLast: 5 }, { keepLast: 3 }] },
  },
  everything: { unit: 'week', spec: { schedule: '45 12 * * SUN', timeZone: 'Africa/Casablanca' } },
}

/** After something went wrong that runs may be missing for. */
const lateMs = 13 * hour

interface Year {
  readonly counts: ScheduleRules['counts']
  readonly done: Readonly<Record<string, number>>
  readonly passes: number
  readonly seconds: number
}

class Calendar {
  /** By schedule, '' for all: from when until when runs may be missing. */
  readonly #troubles: { readonly schedule: string | undefined; readonly fromMs: number; readonly untilMs: number }[] =
    []

  disturb(trouble: { schedule: string | undefined; fromMs: number; untilMs: number }): void {
    this.#troubles.push(trouble)
  }

  isDisturbed(schedule: string, fromMs: number, untilMs: number): boolean {
    return this.#troubles.some(
      (trouble) =>
        (trouble.schedule === undefined || trouble.schedule === schedule) &&
        trouble.fromMs < untilMs &&
        trouble.untilMs + lateMs > fromMs,
    )
  }
}

export async function runYear({ seed, days }: { readonly seed: number; readonly days: number }): Promise<Year> {
  const started = process.hrtime.bigint()
  using world = new ScheduleWorld(seed)
  const rules = new ScheduleRules(world)
  const calendar = new Calendar()
  const archive = new Archive(world)
  for (const [name, { spec }] of Object.entries(schedules)) world.putSchedule(name, spec)
  const touched = Object.fromEntries(
    Object.entries(schedules).flatMap(([name, { edits }]) => (edits === undefined ? [] : [[name, edits]])),
  )
  const people = new People({
    world,
    rules,
    touched,
    disturb: (schedule, untilMs) => calendar.disturb({ schedule, fromMs: world.nowMs - hour, untilMs }),
    changed: (schedule) => archive.beginAnew(schedule),
  })
  // The first slots may have passed before there was anything.
  calendar.disturb({ schedule: undefined, fromMs: 0, untilMs: world.nowMs + day })
  for (let today = 0; today < days; today++) {
    const fromMs = world.nowMs
    for (let hours = 0; hours < 24; hours++) {
      people.live()
      await world.time.advance(hour)
    }
    rules.counts.days += 1
    for (const schedule of world.schedules()) {
      archive.judge(schedule, { rules, isWell: people.isWell })
      judgeRuns(schedule.metadata.name, { archive, calendar, rules, fromMs: fromMs - 2 * day, untilMs: fromMs - day })
    }
    if (people.isWell) rules.judgeRests()
    throwAny(seed, { world, rules, people })
  }
  people.rest()
  await world.time.advance(day)
  rules.judgeRests()
  throwAny(seed, { world, rules, people })
  return {
    counts: rules.counts,
    done: Object.fromEntries(people.done),
    passes: people.passes + people.operator.passes,
    seconds: Number(process.hrtime.bigint() - started) / 1e9,
  }
}

function throwAny(
  seed: number,
  { world, rules, people }: { world: ScheduleWorld; rules: ScheduleRules; people: People },
): void {
  const found = [...rules.violations, ...people.operator.errors]
  if (found.length > 0)
    throw new Error(`seed ${seed}: ${found.slice(0, 5).join('\n')}\n\nbefore that:\n${world.history(120)}`)
}

/** All that ever were of each schedule since somebody last changed by hand what is kept. */
class Archive {
  readonly #world: ScheduleWorld
  readonly #ever = new Map<string, Map<string, Snapshot>>()
  readonly #names = new Map<string, Map<string, number>>()

  constructor(world: ScheduleWorld) {
    this.#world = world
    world.api.store.follow('meilisnapshots', world.api.store.version, ({ type, object }) => {
      const run = object as Snapshot
      const schedule = run.metadata.labels?.['meili-operator.dev/schedule'] ?? ''
      entry(this.#ever, schedule).set(run.metadata.uid, run)
      if (type === 'ADDED') entry(this.#names, schedule).set(run.metadata.name, world.nowMs)
    })
  }

  beginAnew(schedule: string): void {
    this.#ever.set(schedule, new Map(this.#world.runsOf(schedule).map((run) => [run.metadata.uid, run])))
  }

  /** Names of all that were ever made. */
  namesOf(schedule: string): readonly string[] {
    return [...entry(this.#names, schedule).keys()]
  }

  /** What stays is what the rules keep of all that ever were: it does not matter how often and when retention ran. */
  judge(schedule: Schedule, { rules, isWell }: { rules: ScheduleRules; isWell: boolean }): void {
    const { name } = schedule.metadata
    const { retention, timeZone, suspend } = schedule.spec
    const { held, removing, expiring = [] } = schedule.status ?? {}
    const there = this.#world.runsOf(name)
    const isQuiet = there.every((run) => isEnded(run) && run.metadata.deletionTimestamp === undefined)
    const hasCollapsed = there.some(({ metadata }) => rules.collapsed.has(metadata.uid))
    if (!isWell || !isQuiet || suspend || hasCollapsed || held !== undefined || removing !== undefined) return
    const ever = [...entry(this.#ever, name).values()].filter((run) => isCompleted(run) && rules.isGood(run))
    if (retention?.mode !== 'Enforce')
      return rules.judgeSettled(
        schedule,
        ever.map(({ metadata }) => metadata.name),
      )
    if (expiring.length > 0) return
    const { keep } = retain({
      runs: ever.map((run) => ({ ...runOf(run), isBeingDeleted: false })),
      rules: retention,
      timeZone,
      nowMs: this.#world.nowMs,
    })
    rules.judgeSettled(
      schedule,
      keep.map((kept) => kept.name),
    )
  }
}

function entry<T>(map: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const known = map.get(key) ?? new Map<string, T>()
  map.set(key, known)
  return known
}

interface Judged {
  readonly archive: Archive
  readonly calendar: Calendar
  readonly rules: ScheduleRules
  /** A whole day in UTC. */
  readonly fromMs: number
  readonly untilMs: number
}

/** How much trouble before a unit may still be felt in it. */
const feltMs = { hours: 6 * hour, day: 7 * day, week: 7 * day } as const

/** Where nothing was wrong, there is one run for each six hours, date or Monday. */
function judgeRuns(name: string, { archive, calendar, rules, fromMs, untilMs }: Judged): void {
  const { unit } = schedules[name]!
  const slots = archive.namesOf(name).map(slotOf)
  const isRight = (begin: number, end: number): boolean => {
    const within = (from: number): number => slots.filter((slot) => slot >= from && slot < end).length
    if (unit === 'hours') return within(begin) === 1
    // Of a date that was changed by an hour, two days of UTC have at least one run and at most three.
    return unit === 'day' ? within(begin - day) >= 1 && within(begin - day) <= 3 : within(end - 7 * day) === 1
  }
  const stepMs = unit === 'hours' ? 6 * hour : day
  for (let begin = fromMs; begin < untilMs; begin += stepMs) {
    const end = begin + stepMs
    if (calendar.isDisturbed(name, begin - feltMs[unit], end + minute) || isRight(begin, end)) continue
    const span = `${new Date(begin).toISOString()} and ${new Date(end).toISOString()}`
    rules.violations.push(`${name} has not the runs between ${span} that it should have`)
  }
}
