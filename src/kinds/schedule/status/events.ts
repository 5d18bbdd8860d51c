// Writes the Events of a schedule from a change of its status: one for each snapshot that is made, left out or deleted, and one when a condition turns. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { scheduleConditions } from '../../../api/schedule.ts'
import type { MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import type { EventText } from '../../../reconcile/decision.ts'
import { noCounts } from '../run.ts'

type Status = MeiliSnapshotScheduleStatus
type EventBuilder = (before: Status, after: Status) => EventText | undefined

const builders: readonly EventBuilder[] = [
  createdEvent,
  drillEvent,
  givenUpEvent,
  skippedEvent,
  missedEvent,
  takenBackEvent,
  expiredEvent,
]

export function scheduleEvents(before: Status = {}, after: Status): readonly EventText[] {
  return [
    ...builders.map((build) => build(before, after)),
    ...turnedTypes.map((type) => turnedEvent(type, before, after)),
  ].filter((event) => event !== undefined)
}

type Count = keyof typeof noCounts

const grownBy = (count: Count, before: Status, after: Status): number =>
  (after.counts ?? noCounts)[count] - (before.counts ?? noCounts)[count]

function createdEvent(before: Status, after: Status): EventText | undefined {
  if (grownBy('created', before, after) === 0) return undefined
  const { run } = before
  const slot = run?.slot === undefined ? 'asked for by hand' : `slot ${run.slot}`
  return { type: 'Normal', reason: 'SnapshotCreated', message: `MeiliSnapshot ${run?.name ?? ''}: ${slot}` }
}

function drillEvent({ drill: before }: Status, { drill: after }: Status): EventText | undefined {
  if (before?.run === undefined || (after?.counts?.created ?? 0) <= (before.counts?.created ?? 0)) return undefined
  const { name, slot = '' } = before.run
  return { type: 'Normal', reason: 'DrillCreated', message: `MeiliRestore ${name}: drill of slot ${slot}` }
}

/** It went without being there, or stays on record as one that nobody tries again. */
function givenUpEvent(before: Status, after: Status): EventText | undefined {
  const { run } = before
  if (run === undefined || grownBy('created', before, after) > 0) return undefined
  const isOpen = run.failure === undefined || run.retryAt !== undefined
  const stays = after.run?.name === run.name && (after.run.failure === undefined || after.run.retryAt !== undefined)
  if (!isOpen || stays) return undefined
  const why = run.failure === undefined ? '' : ` The last refusal: ${run.failure}`
  return {
    type: 'Warning',
    reason: 'SnapshotGivenUp',
    message: `MeiliSnapshot ${run.name} is not created any more.${why}`,
  }
}

function skippedEvent(before: Status, after: Status): EventText | undefined {
  if (grownBy('skipped', before, after) <= 0) return undefined
  const message = `Slot skipped: of its snapshots one runs and another one waits (${(after.active ?? []).join(', ')})`
  return { type: 'Warning', reason: 'RunSkipped', message }
}

/** One Event, however many there were. */
function missedEvent(before: Status, after: Status): EventText | undefined {
  const missed = grownBy('missed', before, after)
  if (missed <= 0) return undefined
  const many = missed === 1 ? 'One slot' : missed < 1000 ? `${missed} slots` : '1,000 slots or more'
  return { type: 'Warning', reason: 'SlotsMissed', message: `${many} passed while nobody looked, and had no snapshot` }
}

function takenBackEvent(before: Status, after: Status): EventText | undefined {
  if (before.lastSlot === undefined || after.lastSlot !== undefined) return undefined
  const message = `Slot ${before.lastSlot} does not count: the operator's clock stood wrong when it ran`
  return { type: 'Warning', reason: 'SlotTakenBack', message }
}

function expiredEvent(before: Status, after: Status): EventText | undefined {
  if (grownBy('expired', before, after) <= 0) return undefined
  const { name = '' } = before.removing ?? {}
  const why = before.expiring?.find((each) => each.name === name)?.reason
  const message = `MeiliSnapshot ${name} and its files are deleted${why === undefined ? '' : `: ${why}`}`
  return { type: 'Normal', reason: 'SnapshotExpired', message }
}

const turnedTypes = [
  conditionTypes.Ready,
  scheduleConditions.LastSnapshotSucceeded,
  scheduleConditions.DrillSucceeded,
  scheduleConditions.Overdue,
  scheduleConditions.RetentionHeld,
  scheduleConditions.ClockWentBack,
] as const

/** Of these True is good news, or none. */
const good: readonly string[] = [
  conditionTypes.Ready,
  scheduleConditions.LastSnapshotSucceeded,
  scheduleConditions.DrillSucceeded,
]

/** When a condition gets a status or a reason that it had not. */
function turnedEvent(type: string, before: Status, after: Status): EventText | undefined {
  const was = conditionNamed(before.conditions, type)
  const is = conditionNamed(after.conditions, type)
  if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return undefined
  const isGood = good.includes(type) && is.status === 'True'
  // Each snapshot that is good has an Event of its own.
  if (type === scheduleConditions.LastSnapshotSucceeded && was === undefined && isGood) return undefined
  return { type: isGood ? 'Normal' : 'Warning', reason: is.reason, message: is.message }
}
