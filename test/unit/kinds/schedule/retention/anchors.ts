// What restic and borg keep, said anew after their source, to stand beside our own: what is here decides nothing.
// restic forget: internal/data/snapshot_policy.go, ApplyPolicy (0.18). borg prune: src/borg/archiver/prune_cmd.py, do_prune (1.4 and 2.0).
import { durationMs } from '../../../../../src/api/meta.ts'
import { wallOf, zoneNamed } from '../../../../../src/kinds/schedule/slots/zone.ts'

export interface Policy {
  readonly keepLast?: number
  readonly keepHourly?: number
  readonly keepDaily?: number
  readonly keepWeekly?: number
  readonly keepMonthly?: number
  readonly keepYearly?: number
  readonly keepWithin?: string
}

export interface History {
  /** Instants of all that are there, in ms, the newest first. */
  readonly times: readonly number[]
  readonly policy: Policy
  readonly timeZone: string
  readonly nowMs: number
}

const day = 24 * 3_600_000
const fields = ['keepHourly', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const

/** As the clock on the wall shows it; both tools forget the offset. */
function periodOf(field: (typeof fields)[number], timeMs: number, timeZone: string): string {
  const zone = zoneNamed(timeZone)
  const wall = zone === undefined ? timeMs : wallOf(zone, timeMs)
  const text = new Date(wall).toISOString()
  const weekday = (Math.floor(wall / day) + 3) % 7
  if (field === 'keepWeekly') return new Date(wall - weekday * day).toISOString().slice(0, 10)
  return text.slice(0, { keepHourly: 13, keepDaily: 10, keepMonthly: 7, keepYearly: 4 }[field])
}

/** Each rule by itself. Where one is not used up, the oldest stays for it too. */
export function restic({ times, policy, timeZone, nowMs }: History): readonly number[] {
  const latest = times.find((time) => time < nowMs) ?? -Infinity
  const keep = new Set<number>()
  if (policy.keepWithin !== undefined)
    for (const time of times) if (time > latest - durationMs(policy.keepWithin)) keep.add(time)
  for (const field of ['keepLast', ...fields] as const) {
    let left = policy[field] ?? 0
    let last = ''
    for (const [index, time] of times.entries()) {
      const period = field === 'keepLast' ? String(index) : periodOf(field, time, timeZone)
      if (left === 0 || (period === last && index < times.length - 1)) continue
      keep.add(time)
      last = period
      left -= 1
    }
  }
  return times.filter((time) => keep.has(time))
}

/** One rule after the other: what an earlier one keeps counts for no later one. Within is measured from now. It refuses to run without a rule. */
export function borg({ times, policy, timeZone, nowMs }: History): readonly number[] | 'refuses' {
  if (Object.keys(policy).length === 0) return 'refuses'
  const keep = new Set<number>()
  if (policy.keepWithin !== undefined)
    for (const time of times) if (time > nowMs - durationMs(policy.keepWithin)) keep.add(time)
  for (const field of ['keepLast', ...fields] as const) split(keep, field, { times, policy, timeZone, nowMs })
  return times.filter((time) => keep.has(time))
}

function split(keep: Set<number>, field: 'keepLast' | (typeof fields)[number], history: History): void {
  const { times, policy, timeZone } = history
  const count = policy[field] ?? 0
  if (count === 0) return
  let found = 0
  let last = ''
  for (const time of times) {
    // keep-last is keep-secondly.
    const period = field === 'keepLast' ? String(Math.floor(time / 1000)) : periodOf(field, time, timeZone)
    const isNext = period !== last
    last = period
    if (!isNext || keep.has(time)) continue
    keep.add(time)
    found += 1
    if (found === count) return
  }
  const oldest = times.at(-1)
  if (oldest !== undefined) keep.add(oldest)
}
