// All that is known of one MeiliSnapshotSchedule: its slots, what is kept and why, what goes next, what holds it. Pure.
import { conditionTypes } from '../../api/meta.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import { keepRules, scheduleConditions, scheduleReasons } from '../../api/schedule.ts'
import { sizeText } from '../../reconcile/format.ts'
import type { Schedule, Snapshot } from '../cluster.ts'
import { ageText, countText, untilText, withoutStop } from '../terminal/format.ts'
import { conditionSection, eventSection, factLines, section } from './description.ts'
import type { Fact, KubeEvent } from './description.ts'
import { nextSlots } from './next-slots.ts'
import { claimOf, failuresText, instanceOf, trueCondition, whenText } from './schedule.ts'

export interface ScheduleContext {
  readonly events: readonly KubeEvent[]
  /** The last one that failed, where it is still there. */
  readonly failed?: Snapshot | undefined
}

export function scheduleDescription(schedule: Schedule, { events, failed }: ScheduleContext, nowMs: number): string[] {
  return [
    ...factLines([
      ...clockFacts(schedule, nowMs),
      ...resultFacts(schedule, failed, nowMs),
      ...retentionFacts(schedule, nowMs),
    ]),
    ...keptSection(schedule),
    ...expiringSection(schedule, nowMs),
    ...conditionSection(schedule.status?.conditions),
    ...eventSection(events, nowMs),
  ]
}

function clockFacts({ metadata, spec, status }: Schedule, nowMs: number): readonly Fact[] {
  return [
    ['Name', `${metadata.namespace}/${metadata.name}`],
    ['When', `${whenText(spec)} (${spec.schedule}); where it was missed, up to ${spec.startingDeadline} late`],
    ['Suspended', spec.suspend ? `yes: slots that pass meanwhile never run` : undefined],
    ['Next', status?.nextSlot === undefined ? undefined : `${status.nextSlot}, ${untilText(status.nextSlot, nowMs)}`],
    ['Slots', spec.suspend ? undefined : slotsFact(spec, status?.lastSlot, nowMs)],
    ['Last slot', [status?.lastSlot, status?.lastRunName].filter((text) => text !== undefined).join(': ') || undefined],
    [
      'Being created',
      status?.run && `${status.run.name}${status.run.failure === undefined ? '' : `: ${status.run.failure}`}`,
    ],
  ]
}

/** Those after now, without jitter, in the schedule's time zone. */
function slotsFact(spec: Schedule['spec'], lastSlot: string | undefined, nowMs: number): string | undefined {
  const lastMs = Date.parse(lastSlot ?? '')
  const { slots } = nextSlots(spec, Number.isNaN(lastMs) ? nowMs : Math.max(nowMs, lastMs), 3)
  const texts = slots.map(({ local, note }) => (note === '' ? local : `${local} (${note})`))
  return texts.length === 0 ? undefined : texts.join(', ')
}

function resultFacts(schedule: Schedule, failed: Snapshot | undefined, nowMs: number): readonly Fact[] {
  const { lastSuccess, lastFailure, active = [], counts } = schedule.status ?? {}
  return [
    ['Takes', `snapshots of ${instanceOf(schedule)}, on claim ${claimOf(schedule)}`],
    ['Last good', lastSuccess && `${lastSuccess.name}, ${ageText(lastSuccess.completedAt, nowMs)} ago`],
    [
      'Last failure',
      lastFailure &&
        `${lastFailure.name}, ${ageText(lastFailure.completedAt, nowMs)} ago: ${lastFailure.reason}${failed === undefined ? '' : `: ${messageOf(failed)}`}`,
    ],
    ['Failing', failuresText(schedule)],
    ['Running', active.length === 0 ? undefined : active.join(', ')],
    [
      'Counts',
      counts &&
        `${countText(counts.created)} created, ${countText(counts.skipped)} skipped, ${countText(counts.missed)} missed, ${countText(counts.expired)} deleted by retention`,
    ],
  ]
}

const messageOf = ({ status }: Snapshot): string =>
  conditionNamed(status?.conditions, conditionTypes.Ready)?.message ?? ''

function retentionFacts(schedule: Schedule, nowMs: number): readonly Fact[] {
  const { kept, removing } = schedule.status ?? {}
  return [
    ['Retention', rulesText(schedule.spec.retention)],
    [
      'Kept',
      kept &&
        `${countText(kept.count)} good ones, ${kept.size}${kept.oldest === undefined ? '' : `, from ${kept.oldest} to ${kept.newest ?? ''}`}`,
    ],
    ['Forecast', forecastText(schedule.status?.forecast, nowMs)],
    ['Deleting', removing && `${removing.name}, for ${ageText(removing.startedAt, nowMs)}`],
    ...heldFacts(schedule, nowMs),
  ]
}

/** `keepLast 3, keepDaily 7; at least 1 good and 3 failed ones` */
export function rulesText(retention: Schedule['spec']['retention']): string {
  const rules = keepRules.flatMap((name) => {
    const value = retention?.[name]
    return value === undefined ? [] : [`${name} ${value}`]
  })
  if (retention === undefined || rules.length === 0) return 'none: nothing is ever deleted'
  const mode = retention.mode === 'DryRun' ? 'DryRun, nothing is deleted: ' : ''
  return `${mode}${rules.join(', ')}; at least ${retention.minimum} good and ${retention.failed} failed ones`
}

function forecastText(forecast: NonNullable<Schedule['status']>['forecast'], nowMs: number): string | undefined {
  if (forecast === undefined) return undefined
  const { nextBytes, steadyBytes, roomFor, fullAt } = forecast
  return [
    `next about ${sizeText(nextBytes)}`,
    ...(steadyBytes === undefined ? [] : [`${sizeText(steadyBytes)} in the end`]),
    ...(roomFor === undefined ? [] : [`room for ${countText(roomFor)} more`]),
    ...(fullAt === undefined ? [] : [`full ${untilText(fullAt, nowMs)} (${fullAt})`]),
  ].join(', ')
}

/** What is held, and what becomes of it once that is confirmed. */
export function heldLines(schedule: Schedule, nowMs: number): string[] {
  return [...factLines(heldFacts(schedule, nowMs)), ...expiringSection(schedule, nowMs), '']
}

function heldFacts(schedule: Schedule, nowMs: number): readonly Fact[] {
  const { status } = schedule
  if (status?.held === undefined) return []
  const { reason, since } = status.held
  const message = trueCondition(schedule, scheduleConditions.RetentionHeld)?.message
  return [
    ['Held', `${reason}, for ${ageText(since, nowMs)}${message === undefined ? '' : `: ${withoutStop(message)}`}`],
    ['Confirming', confirmText(schedule, reason)],
  ]
}

const confirmTexts: Readonly<Record<string, string>> = {
  [scheduleReasons.SnapshotsStopped]: 'retention goes on though snapshots have stopped: what no rule keeps is deleted',
  [scheduleReasons.DocumentsDropped]:
    'the newest snapshots count as good, however few documents they have, and fuller ones expire in time',
  [scheduleReasons.IndexVanished]:
    'the newest snapshots count as good without the index, and those that have it expire in time',
  [scheduleReasons.SourceChanged]:
    'the newest snapshots count as good though they are of another instance, and those of the one before expire in time',
  [scheduleReasons.RemovalRefused]: 'the deletion is tried again',
  [scheduleReasons.ClockSuspicious]:
    "the operator's clock counts as right: a slot that lies ahead of it was never real, and retention goes on",
}

/** So many names the status has at most. */
const listed = 100

/** What confirming does. */
function confirmText({ status, spec }: Schedule, reason: string): string {
  const count = status?.expiring?.length ?? 0
  const [who, are, their] =
    count === 1
      ? ['1 snapshot', 'is', 'its']
      : [`${countText(count)} ${count < listed ? '' : 'or more '}snapshots`, 'are', 'their']
  const going =
    spec.retention?.mode === 'DryRun'
      ? 'nothing is deleted, as the mode is DryRun'
      : `${who} that no rule keeps ${are} deleted with ${their} files, one at a time`
  return confirmTexts[reason] ?? going
}

function keptSection({ status }: Schedule): string[] {
  const { rules = [], more = 0 } = status?.kept ?? {}
  const rows = rules.map(({ name, by }) => [name, by.join(', ')])
  return [
    ...section('Kept', ['NAME', 'BY'], rows),
    ...(more > 0 ? [`  and ${countText(more)} more, which kubectl meili schedule preview lists`] : []),
  ]
}

function expiringSection({ spec, status }: Schedule, nowMs: number): string[] {
  const rows = (status?.expiring ?? []).map(({ name, reason, notBefore }) => [
    name,
    notBefore === undefined ? '' : untilText(notBefore, nowMs),
    reason,
  ])
  const title = spec.retention?.mode === 'DryRun' ? 'Would go (mode DryRun deletes nothing)' : 'Goes next'
  return section(title, ['NAME', 'WHEN', 'WHY'], rows)
}
