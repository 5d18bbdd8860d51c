// Shows MeiliSnapshotSchedules to people: when, what is wrong, and a table of many. Pure.
import { conditionTypes } from '../../api/meta.ts'
import type { Condition } from '../../api/meta.ts'
import { scheduleConditions } from '../../api/schedule.ts'
import { conditionNamed, isTrue } from '../../api/status/conditions.ts'
import type { Schedule } from '../cluster.ts'
import { ageText, countText, untilText, withoutStop } from '../terminal/format.ts'
import { tableLines, withoutEmptyColumns } from '../terminal/table.ts'

const nicknames: Readonly<Record<string, string>> = {
  '@hourly': 'every hour',
  '@daily': '00:00',
  '@weekly': 'Sun 00:00',
  '@monthly': 'day 1, 00:00',
}
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d{1,2}$/.test(text)

/** The two usual forms in words, any other as it was written. */
function slotsText(schedule: string): string {
  const [minute, hour, ...days] = schedule.split(/ +/)
  const day = weekdayText(days)
  if (!isNumber(minute) || day === undefined) return nicknames[schedule] ?? schedule
  const padded = minute.padStart(2, '0')
  if (hour === '*' && day === '') return `every hour at :${padded}`
  return isNumber(hour) ? `${day}${hour.padStart(2, '0')}:${padded}` : schedule
}

/** @param days day of the month, month, weekday */
function weekdayText([dayOfMonth, month, weekday]: readonly string[]): string | undefined {
  if (dayOfMonth !== '*' || month !== '*') return undefined
  if (weekday === '*') return ''
  const name = isNumber(weekday) ? weekdays[Number(weekday)] : undefined
  return name === undefined ? undefined : `${name} `
}

/** `03:00 Europe/Berlin, 0–15m later` */
export function whenText({ schedule, timeZone, jitter }: Schedule['spec']): string {
  return `${slotsText(schedule)} ${timeZone}${jitter === undefined ? '' : `, 0–${jitter} later`}`
}

export const instanceOf = ({ spec }: Schedule): string => spec.template.spec.source.instanceRef.name
export const claimOf = ({ spec }: Schedule): string => spec.template.spec.destination.claim.name

/** Its condition of this type, where it is True. */
export function trueCondition({ status }: Schedule, type: string): Condition | undefined {
  const condition = conditionNamed(status?.conditions, type)
  return condition?.status === 'True' ? condition : undefined
}

export const isSeen = ({ metadata, status }: Schedule): boolean => status?.observedGeneration === metadata.generation

/** Everything that keeps it from doing its work, the gravest first. */
export function scheduleProblems(schedule: Schedule): string[] {
  const ready = conditionNamed(schedule.status?.conditions, conditionTypes.Ready)
  const conditions = [scheduleConditions.ClockWentBack, scheduleConditions.Overdue].map((type) =>
    trueCondition(schedule, type),
  )
  const held = trueCondition(schedule, scheduleConditions.RetentionHeld)
  return [
    isSeen(schedule) ? undefined : 'the operator has not looked at it since its last change',
    // Reconciling too: a snapshot that a quota refuses is tried again for hours.
    ready !== undefined && ready.status !== 'True' ? `${ready.reason}: ${ready.message}` : undefined,
    ...conditions.map((condition) => condition?.message),
    failuresText(schedule),
    held && `retention is held: ${held.message}`,
  ].flatMap((text) => (text === undefined ? [] : [withoutStop(text)]))
}

/** Where the newest snapshot that has ended has failed: `2 failures in a row: nightly-1: KeyTooWeak`. */
export function failuresText({ status }: Schedule): string | undefined {
  const condition = conditionNamed(status?.conditions, scheduleConditions.LastSnapshotSucceeded)
  if (condition?.status !== 'False') return undefined
  const { consecutiveFailures = 1, lastFailure } = status ?? {}
  const count = consecutiveFailures > 1 ? `${countText(consecutiveFailures)} failures in a row` : 'the last one failed'
  return `${count}: ${lastFailure === undefined ? condition.message : `${lastFailure.name}: ${lastFailure.reason}`}`
}

function nextText({ spec, status }: Schedule, nowMs: number): string {
  if (spec.suspend) return 'suspended'
  return status?.nextSlot === undefined ? '-' : untilText(status.nextSlot, nowMs)
}

function lastGoodText({ status }: Schedule, nowMs: number): string {
  const mark = isFailing(status?.conditions) ? '✗ ' : ''
  return `${mark}${status?.lastSuccess === undefined ? 'never' : `${ageText(status.lastSuccess.completedAt, nowMs)} ago`}`
}

const isFailing = (conditions: readonly Condition[] | undefined): boolean =>
  conditionNamed(conditions, scheduleConditions.LastSnapshotSucceeded)?.status === 'False' ||
  isTrue(conditions, scheduleConditions.Overdue)

const head = ['NAME', 'INSTANCE', 'WHEN', 'LAST GOOD', 'NEXT', 'KEPT', 'STORE', 'ROOM FOR', 'PROBLEM']

export function scheduleTable(
  schedules: readonly Schedule[],
  { withNamespace, nowMs }: { withNamespace: boolean; nowMs: number },
): string[] {
  const rows = schedules.map((schedule) => {
    const { metadata, spec, status } = schedule
    const own = [
      metadata.name,
      instanceOf(schedule),
      whenText(spec),
      lastGoodText(schedule, nowMs),
      nextText(schedule, nowMs),
      status?.kept === undefined ? '-' : `${countText(status.kept.count)} · ${status.kept.size}`,
      `claim ${claimOf(schedule)}`,
      status?.forecast?.roomFor === undefined ? '-' : `${countText(status.forecast.roomFor)} more`,
      scheduleProblems(schedule).join('; '),
    ]
    return withNamespace ? [metadata.namespace, ...own] : own
  })
  const shown = withoutEmptyColumns([...(withNamespace ? ['NAMESPACE'] : []), ...head], rows)
  return tableLines(shown.head, shown.rows)
}
