// What goes next, said a pass before it goes; and whether more would go at once than was said. Pure.
import type { MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import { hashOf } from './hold.ts'
import type { Hold } from './hold.ts'
import { retain } from './retain.ts'
import type { Expired, GoodRun, Retention } from './retain.ts'

type Status = MeiliSnapshotScheduleStatus

export interface AnnouncementParts {
  readonly status: Status
  readonly retention: Retention
  readonly timeZone: string
  /** The newest first. */
  readonly good: readonly GoodRun[]
  /** The oldest first. */
  readonly expire: readonly Expired[]
  readonly nowMs: number
  readonly isConfirmed: (hash: string) => boolean
}

export interface Announcement {
  readonly expiring: NonNullable<Status['expiring']>
  readonly announced?: NonNullable<Status['announced']>
  /** Too many at once: those that are new have no time. */
  readonly hold?: Hold
}

/** So long everybody can see in status what goes next, before the first one goes. */
const noticeMs = 60_000
const mostNames = 100
/** So few may always go. */
const few = 3

/** To the millisecond: an instant of status is whole seconds. */
export const exactly = (ms: number): string => new Date(ms).toISOString()

/** DryRun announces nothing: what would go has no time, and is new on the day on which the mode changes. */
export function announce(parts: AnnouncementParts): Announcement {
  const { status, retention, expire, nowMs } = parts
  const before = timesBefore(status)
  const dry = retention.mode === 'DryRun'
  const news = dry ? undefined : newsOf(parts, before)
  const hold = news !== undefined && isMany(news.count, parts.good.length) ? massHold(parts, news) : undefined
  const isSaid = hold === undefined || parts.isConfirmed(hold.hash)
  const timeOf = ({ name }: Expired): string | undefined => {
    if (dry || (!isSaid && news?.names.has(name) === true)) return undefined
    return before.get(name) ?? instant(nowMs + noticeMs)
  }
  const expiring = expire.slice(0, mostNames).map((each) => withTime(each, timeOf(each)))
  const announced = isSaid ? recordOf(parts, expiring.length) : status.announced
  return {
    expiring,
    ...(dry || announced === undefined ? {} : { announced }),
    ...(isSaid ? {} : { hold }),
  }
}

function withTime({ name, reason }: Expired, notBefore: string | undefined): Announcement['expiring'][number] {
  return { name, reason, ...(notBefore === undefined ? {} : { notBefore }) }
}

function timesBefore({ expiring = [] }: Status): ReadonlyMap<string, string> {
  return new Map(expiring.flatMap(({ name, notBefore }) => (notBefore === undefined ? [] : [[name, notBefore]])))
}

interface News {
  /** Good ones that the last pass did not name, nor mean. */
  readonly names: ReadonlySet<string>
  readonly count: number
}

/** What the list had no room for was meant by the record: the same rules over the snapshots of then say who, and how many. */
function newsOf(parts: AnnouncementParts, before: ReadonlyMap<string, string>): News {
  const { announced } = parts.status
  const unlisted = goodGoing(parts).filter((name) => !before.has(name))
  const isRecord = announced !== undefined && announced.rules === rulesHash(parts) && unlisted.length > 0
  const meant = isRecord ? new Set(goodGoing(parts, Date.parse(announced.until))) : new Set<string>()
  const fresh = unlisted.filter((name) => !meant.has(name))
  const beyond = Math.max(0, unlisted.length - fresh.length - (announced?.more ?? 0))
  return { names: new Set(beyond > 0 ? unlisted : fresh), count: fresh.length + beyond }
}

const isMany = (count: number, of: number): boolean => count > few && count * 2 > of

/** Names of the good ones that go, the oldest first; `untilMs`: that went when the newest one was of then. What was deleted since makes no difference (retain.ts). */
function goodGoing(
  { good, expire, retention, timeZone, nowMs }: AnnouncementParts,
  untilMs?: number,
): readonly string[] {
  const runs = untilMs === undefined ? good : good.filter(({ timeMs }) => timeMs <= untilMs)
  const names = new Set(runs.map(({ name }) => name))
  const going = untilMs === undefined ? expire : retain({ runs, rules: retention, timeZone, nowMs }).expire
  return going.map(({ name }) => name).filter((name) => names.has(name))
}

/** The hash stays while one in, one out goes on; it changes with the rules, and with any other set. */
function massHold(parts: AnnouncementParts, news: News): Hold {
  const { status, good } = parts
  const { held } = status
  const hashUpTo = (untilMs: number): string =>
    hashOf('MassExpiry', rulesHash(parts), goodGoing(parts, untilMs).toSorted())
  const newestMs = good[0]?.timeMs ?? 0
  const heldMs = held?.reason === 'MassExpiry' ? Date.parse(held.until ?? '') : NaN
  const isSame = hashUpTo(heldMs) === held?.hash && !isMany(sinceThen(parts, news, heldMs), good.length)
  const untilMs = isSame ? heldMs : newestMs
  return {
    reason: 'MassExpiry',
    hash: isSame ? held.hash : hashUpTo(newestMs),
    untilMs,
    message: `${news.count} of ${good.length} good snapshots would go at once, more than half of them: nothing is deleted. status.expiring names the first ones`,
    orElse: 'If they are to stay, change spec.retention',
  }
}

function sinceThen(parts: AnnouncementParts, { names }: News, untilMs: number): number {
  const then = new Set(goodGoing(parts, untilMs))
  return [...names].filter((name) => !then.has(name)).length
}

/** Only where the list has no room for all. */
function recordOf(parts: AnnouncementParts, listed: number): Announcement['announced'] {
  const [newest] = parts.good
  const names = new Set(parts.expire.slice(listed).map(({ name }) => name))
  const more = parts.good.filter(({ name }) => names.has(name)).length
  return more === 0 || newest === undefined
    ? undefined
    : { rules: rulesHash(parts), until: exactly(newest.timeMs), more }
}

function rulesHash({ retention, timeZone }: Pick<AnnouncementParts, 'retention' | 'timeZone'>): string {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin, minimum } = retention
  return hashOf(timeZone, keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin, minimum)
}
