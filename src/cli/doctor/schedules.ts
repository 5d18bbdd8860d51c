// Doctor's checks of schedules: does each follow the clock and succeed, and can its retention do its work? Pure.
import { conditionTypes } from '../../api/meta.ts'
import type { Condition } from '../../api/meta.ts'
import { hasRule, scheduleConditions, scheduleLabel, scheduleReasons } from '../../api/schedule.ts'
import { scheduleLabelValue } from '../../reconcile/names/schedule.ts'
import type { Schedule } from '../cluster.ts'
import { ageText, countText, untilText } from '../terminal/format.ts'
import { operand, quote } from '../terminal/shell.ts'
import { claimOf, failuresText, isSeen, trueCondition } from '../view/schedule.ts'
import { longAgoMs } from '../view/last-snapshot.ts'
import { ok, warning } from './finding.ts'
import type { Finding } from './finding.ts'
import { badly, command, edit, nameOf, templateChecks, warn } from './schedule-template.ts'
import type { Check, ScheduleWorld } from './schedule-template.ts'

export function diagnoseSchedules(world: ScheduleWorld, nowMs: number): Finding[] {
  return [...world.schedules.flatMap((schedule) => diagnoseSchedule(schedule, world, nowMs)), ...diagnoseLabels(world)]
}

/** In this order they are shown; none hides another one. */
const checks: readonly Check[] = [
  checkSeen,
  checkReady,
  ...templateChecks,
  checkClock,
  checkOverdue,
  checkFailures,
  checkHeld,
  checkSuspended,
  checkSpace,
]

function diagnoseSchedule(schedule: Schedule, world: ScheduleWorld, nowMs: number): Finding[] {
  const bad = checks.map((check) => check(schedule, world, nowMs)).filter((finding) => finding !== undefined)
  return bad.length > 0 ? bad : [ok('schedule', `${nameOf(schedule)}: ${wellText(schedule, nowMs)}`)]
}

function wellText({ spec, status }: Schedule, nowMs: number): string {
  const { nextSlot, lastSuccess, kept } = status ?? {}
  return [
    spec.suspend ? 'suspended' : `next ${nextSlot === undefined ? 'not known yet' : untilText(nextSlot, nowMs)}`,
    lastSuccess === undefined ? 'none has run yet' : `last good one ${ageText(lastSuccess.completedAt, nowMs)} ago`,
    ...(kept === undefined ? [] : [`${countText(kept.count)} kept`]),
  ].join(', ')
}

function checkSeen(schedule: Schedule): Finding | undefined {
  return isSeen(schedule)
    ? undefined
    : badly(
        schedule,
        'the operator has not looked at it since its last change',
        'see whether the operator runs, above; it may serve other namespaces (WATCH_NAMESPACES)',
      )
}

/** A snapshot that is refused and tried again is Reconciling. */
function checkReady(schedule: Schedule): Finding | undefined {
  const stalled = trueCondition(schedule, conditionTypes.Stalled)
  const refused = trueCondition(schedule, conditionTypes.Reconciling)
  if (stalled !== undefined) return badly(schedule, wordsOf(stalled), `${guideTo(stalled)}; ${edit(schedule)}`)
  return refused && warn(schedule, wordsOf(refused), `${guideTo(refused)}; ${command(schedule, 'describe')}`)
}

const wordsOf = ({ reason, message }: Condition): string => `${reason}: ${message}`
const guideTo = ({ reason }: Condition): string => `docs/failures.md, ${quote(reason)}`

function checkClock(schedule: Schedule): Finding | undefined {
  const back = trueCondition(schedule, scheduleConditions.ClockWentBack)
  return (
    back &&
    badly(
      schedule,
      back.message,
      `see that the clocks of the nodes on which the operator runs are right; if they are: ${command(schedule, 'confirm')}`,
    )
  )
}

function checkOverdue(schedule: Schedule): Finding | undefined {
  const overdue = trueCondition(schedule, scheduleConditions.Overdue)
  return overdue && badly(schedule, `overdue: ${overdue.message}`, command(schedule, 'describe'))
}

function checkFailures(schedule: Schedule): Finding | undefined {
  const failing = failuresText(schedule)
  const name = schedule.status?.lastFailure?.name
  if (failing === undefined) return undefined
  return warn(
    schedule,
    failing,
    name === undefined
      ? command(schedule, 'describe')
      : `kubectl meili -n ${quote(schedule.metadata.namespace)} snapshot describe ${operand(name)}`,
  )
}

/** Until somebody decides, nothing is deleted and the claim fills. */
function checkHeld(schedule: Schedule): Finding | undefined {
  const held = trueCondition(schedule, scheduleConditions.RetentionHeld)
  const isSaid = trueCondition(schedule, scheduleConditions.ClockWentBack) !== undefined
  if (isSaid && held?.reason === scheduleReasons.ClockSuspicious) return undefined
  return (
    held &&
    badly(
      schedule,
      `retention is held: ${held.reason}: ${held.message}`,
      `look: ${command(schedule, 'describe')}; to let it go on: ${command(schedule, 'confirm')}`,
    )
  )
}

function checkSuspended(schedule: Schedule, _: ScheduleWorld, nowMs: number): Finding | undefined {
  const last = schedule.status?.lastSuccess?.completedAt
  const since = last ?? schedule.metadata.creationTimestamp
  if (!schedule.spec.suspend || !(nowMs - Date.parse(since) > longAgoMs)) return undefined
  const age = ageText(since, nowMs)
  return warn(
    schedule,
    last === undefined
      ? `suspended, and it has taken no good snapshot in ${age}`
      : `suspended, and its last good snapshot is ${age} old`,
    command(schedule, 'resume'),
  )
}

/** What is further ahead is for the forecast in `schedule describe`. */
const soonMs = 30 * 86_400_000

function checkSpace(schedule: Schedule, _: ScheduleWorld, nowMs: number): Finding | undefined {
  const fullAt = schedule.status?.forecast?.fullAt
  if (fullAt === undefined || Date.parse(fullAt) - nowMs > soonMs) return undefined
  const { why, remedy } = whyFull(schedule)
  return warn(
    schedule,
    `claim ${claimOf(schedule)} is full ${untilText(fullAt, nowMs)} (${fullAt}): ${why}`,
    `${remedy}, or enlarge the claim: ${edit(schedule)}`,
  )
}

function whyFull({ spec: { retention }, status }: Schedule): { readonly why: string; readonly remedy: string } {
  if (!hasRule(retention))
    return { why: 'it has no retention, so nothing is ever deleted', remedy: 'add spec.retention' }
  if (retention.mode === 'DryRun')
    return { why: 'its retention is a DryRun, so nothing is deleted', remedy: 'set spec.retention.mode: Enforce' }
  if (status?.held !== undefined)
    return { why: 'its retention is held, so nothing is deleted', remedy: 'decide what it asks' }
  return { why: 'its rules keep more than has space', remedy: 'keep fewer (spec.retention)' }
}

/** Snapshots that belong to a schedule which is not there: nobody deletes them, and one made anew under this name takes them over. */
function diagnoseLabels({ schedules, snapshots }: ScheduleWorld): Finding[] {
  const keyOf = (namespace: string, label: string): string => `${namespace}/${label}`
  const known = new Set(schedules.map(({ metadata }) => keyOf(metadata.namespace, scheduleLabelValue(metadata.name))))
  const labelled = snapshots.flatMap(({ metadata }) => {
    const label = metadata.labels?.[scheduleLabel]
    return label === undefined || known.has(keyOf(metadata.namespace, label))
      ? []
      : [{ namespace: metadata.namespace, label }]
  })
  return [...Map.groupBy(labelled, ({ namespace, label }) => keyOf(namespace, label)).values()].flatMap(labelFinding)
}

function labelFinding([first, ...more]: readonly { readonly namespace: string; readonly label: string }[]): Finding[] {
  if (first === undefined) return []
  const { namespace, label } = first
  const [count, are, them] =
    more.length === 0 ? ['1 snapshot', 'is', 'it'] : [`${countText(more.length + 1)} snapshots`, 'are', 'them']
  return [
    warning(
      'schedule',
      `${count} in namespace ${namespace} ${are} of schedule ${label}, which does not exist: no retention deletes ${them}`,
      `make a schedule of this name again, which takes ${them} over, or look at ${them}: kubectl -n ${quote(namespace)} get meilisnapshots -l ${scheduleLabel}=${quote(label)}`,
    ),
  ]
}
