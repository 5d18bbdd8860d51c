// Finds the last snapshot of an instance, and says where it is old and no schedule will take another one. Pure.
import { hasSucceeded } from '../../api/snapshot.ts'
import type { Instance, Schedule, Snapshot } from '../cluster.ts'
import { instanceOf } from './schedule.ts'

const dayMs = 24 * 3600_000
/** An instance whose newest snapshot is older than this, and that has no schedule, is worth a word. */
export const longAgoMs = 7 * dayMs

/** @param schedules undefined where they are not known: then nothing is said of them */
export interface Seen {
  readonly snapshots: readonly Snapshot[]
  readonly schedules: readonly Schedule[] | undefined
}

/** `no snapshot for 9 days, and no schedule`; nothing where the last one is young, or a schedule sees to it. */
export function unprotectedText(instance: Instance, seen: Seen, nowMs: number): string | undefined {
  const last = lastCompletedAt(instance, seen.snapshots)
  const own = (seen.schedules ?? []).filter((schedule) => isOf(schedule, instance))
  if (own.some(({ spec }) => !spec.suspend)) return undefined
  if (last !== undefined && nowMs - Date.parse(last) <= longAgoMs) return undefined
  const since =
    last === undefined
      ? 'no snapshot of it is known to be stored'
      : `no snapshot for ${Math.floor((nowMs - Date.parse(last)) / dayMs)} days`
  return `${since}${scheduleText(seen.schedules && own)}`
}

function scheduleText(own: readonly Schedule[] | undefined): string {
  if (own === undefined) return ''
  const [first] = own
  return first === undefined ? ', and no schedule' : `, and schedule ${first.metadata.name} is suspended`
}

const isOf = (schedule: Schedule, { metadata }: Instance): boolean =>
  schedule.metadata.namespace === metadata.namespace && instanceOf(schedule) === metadata.name

/** The object of the last one may be gone; the instance keeps its name and its time. */
export function lastCompletedAt({ metadata, status }: Instance, snapshots: readonly Snapshot[]): string | undefined {
  const own = snapshots.filter(
    (snapshot) =>
      snapshot.metadata.namespace === metadata.namespace && snapshot.spec.source.instanceRef.name === metadata.name,
  )
  return newest(own.filter(hasSucceeded))?.status?.completedAt ?? status?.lastSnapshot?.completedAt
}

/** By the time of their end, the last one. */
export function newest(ended: readonly Snapshot[]): Snapshot | undefined {
  const endedMs = ({ status }: Snapshot): number => Date.parse(status?.completedAt ?? '')
  return ended.reduce<Snapshot | undefined>(
    (last, next) => (last === undefined || endedMs(next) > endedMs(last) ? next : last),
    undefined,
  )
}
