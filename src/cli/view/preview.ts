// What a schedule will do: its next slots, what retention keeps and by which rule, what it drops now and after the next snapshot. Pure.
// By the operator's own functions, so that both say the same.
import { instant } from '../../api/status/conditions.ts'
import { sizeText, spanText } from '../../reconcile/format.ts'
import { planRetention } from '../../kinds/schedule/retention/plan.ts'
import { retain } from '../../kinds/schedule/retention/retain.ts'
import type { RetainedParts } from '../../kinds/schedule/retention/retain.ts'
import type { Run } from '../../kinds/schedule/run.ts'
import { jitterOf, jitterProblem } from '../../kinds/schedule/slots/jitter.ts'
import { isProblem, readSlots } from '../../kinds/schedule/slots/slots.ts'
import { wallOf, zoneNamed } from '../../kinds/schedule/slots/zone.ts'
import type { Zone } from '../../kinds/schedule/slots/zone.ts'
import type { Schedule } from '../cluster.ts'
import { countText } from '../terminal/format.ts'
import { calendarLines } from './calendar.ts'
import { section } from './description.ts'
import { nextSlots } from './next-slots.ts'
import type { NextSlots } from './next-slots.ts'
import { whenText } from './schedule.ts'
import { rulesText } from './schedule-description.ts'

export interface Preview extends NextSlots {
  readonly schedule: string
  readonly when: string
  /** So long after each slot its snapshot is made. */
  readonly jitterSeconds: number
  readonly retention: string
  /** Why nothing of it is deleted now. */
  readonly held?: string
  /** The newest first. */
  readonly snapshots: readonly PreviewedSnapshot[]
}

interface PreviewedSnapshot {
  readonly name: string
  readonly taken: string
  /** Of the schedule's time zone, such as 2026-03-01; empty where neither is known. */
  readonly day: string
  readonly sizeBytes?: number
  readonly documents?: number
  readonly verdict: 'keep' | 'expire' | 'expireAfterNext'
  /** The rules that keep it, or why none does. */
  readonly why: string
}

const shownSlots = 10

/** @param schedule with UID and status, where it is applied already */
export function previewOf(schedule: Schedule, runs: readonly Run[], nowMs: number): Preview {
  const { spec, metadata, status } = schedule
  const read = readSlots(spec)
  const jitterMs = jitterOf(schedule)
  const lastMs = Date.parse(status?.lastSlot ?? '')
  const afterMs = Number.isNaN(lastMs) ? nowMs - jitterMs : Math.max(nowMs - jitterMs, lastMs)
  const tooLong = isProblem(read) ? undefined : jitterProblem(schedule, read)?.message
  return {
    schedule: metadata.name,
    when: whenText(spec),
    jitterSeconds: jitterMs / 1000,
    ...(tooLong === undefined ? nextSlots(spec, afterMs, shownSlots) : { problem: tooLong, slots: [] }),
    retention: rulesText(spec.retention),
    ...judgeRuns(schedule, runs, nowMs),
  }
}

function judgeRuns(schedule: Schedule, runs: readonly Run[], nowMs: number): Pick<Preview, 'held' | 'snapshots'> {
  const { retention: rules, timeZone } = schedule.spec
  const read = readSlots(schedule.spec)
  const intervalMs = isProblem(read) ? undefined : read.longestMs
  const { held, flagged } = planRetention({ schedule, runs, intervalMs, nowMs })
  const parts: RetainedParts = { runs, rules, timeZone, nowMs, flagged: new Set(flagged) }
  const { keep, expire } = retain(parts)
  const nextMs = isProblem(read) ? undefined : read.nextAfter(nowMs)
  const later = new Map(expireAfter(parts, nextMs).map(({ name, reason }) => [name, reason]))
  const reasons = new Map(expire.map(({ name, reason }) => [name, reason]))
  const rulesOf = new Map(keep.map(({ name, by }) => [name, by.join(', ')]))
  const verdictOf = (name: string): Pick<PreviewedSnapshot, 'verdict' | 'why'> => {
    const why = rulesOf.get(name)
    if (why === undefined) return { verdict: 'expire', why: reasons.get(name) ?? 'it is being deleted' }
    return later.has(name) ? { verdict: 'expireAfterNext', why } : { verdict: 'keep', why }
  }
  const snapshots = runs
    .toSorted((one, other) => takenMs(other) - takenMs(one))
    .map((run) => ({ ...figuresOf(run, zoneNamed(timeZone)), ...verdictOf(run.name) }))
  return { ...(held === undefined ? {} : { held: held.message }), snapshots }
}

const takenMs = ({ timeMs, createdMs }: Run): number => timeMs ?? createdMs

function figuresOf(run: Run, zone: Zone | undefined): Omit<PreviewedSnapshot, 'verdict' | 'why'> {
  const { name, sizeBytes, documents } = run
  const taken = takenMs(run)
  const isKnown = !Number.isNaN(taken)
  return {
    name,
    taken: isKnown ? instant(taken) : '',
    day: isKnown && zone !== undefined ? new Date(wallOf(zone, taken)).toISOString().slice(0, 10) : '',
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(documents === undefined ? {} : { documents }),
  }
}

/** What no rule keeps any more once the next one is good as well. */
function expireAfter(parts: RetainedParts, nextMs: number | undefined): ReturnType<typeof retain>['expire'] {
  if (nextMs === undefined) return []
  const next: Run = {
    name: '',
    uid: '',
    phase: 'Completed',
    createdMs: nextMs,
    timeMs: nextMs,
    completedMs: nextMs,
    isPinned: false,
    isBeingDeleted: false,
  }
  return retain({ ...parts, runs: [...parts.runs, next], nowMs: nextMs }).expire
}

/** Of several of one day the first that is true counts. */
const marks: readonly (readonly [string, string, (one: PreviewedSnapshot) => boolean])[] = [
  ['◆', 'kept for a month or a year', ({ verdict, why }) => verdict === 'keep' && /monthly|yearly/.test(why)],
  ['◐', 'for a week', ({ verdict, why }) => verdict === 'keep' && why.includes('weekly')],
  ['●', 'kept else', ({ verdict, why }) => verdict === 'keep' && why !== 'failed'],
  ['○', 'goes', ({ verdict }) => verdict !== 'keep'],
  ['✗', 'failed', ({ why }) => why === 'failed'],
]
const shownMonths = 3

/** The days of the schedule's time zone. */
function calendarSection({ snapshots }: Preview): string[] {
  const byDay = Map.groupBy(snapshots, ({ day }) => day)
  byDay.delete('')
  const signs = [...byDay].map(([day, list]) => {
    const found = marks.find(([, , isTrue]) => list.some(isTrue))
    return [day, found?.[0] ?? '·'] as const
  })
  const lines = calendarLines(new Map(signs), shownMonths).map((line) => `  ${line}`)
  const legend = marks.map(([sign, meaning]) => `${sign} ${meaning}`).join('   ')
  return lines.length === 0 ? [] : ['', ...lines, '', `  ${legend}   · none`]
}

const verdicts = { keep: 'kept', expire: 'goes', expireAfterNext: 'goes after the next' } as const

export function previewLines(preview: Preview): string[] {
  const { schedule, when, problem, slots, retention, held, snapshots, jitterSeconds } = preview
  const later = jitterSeconds === 0 ? '' : `; each snapshot ${spanText(jitterSeconds * 1000)} after its slot`
  const slotRows = slots.map(({ local, slot, note }) => [local, slot, note])
  const rows = snapshots.map(({ name, taken, sizeBytes, documents, verdict, why }) => [
    name,
    taken,
    sizeBytes === undefined ? '-' : sizeText(sizeBytes),
    documents === undefined ? '-' : countText(documents),
    verdicts[verdict],
    why,
  ])
  return [
    `${schedule}: ${when}${later}`,
    ...(problem === undefined ? [] : [`No slot: ${problem}`]),
    ...section('Next slots', ['LOCAL', 'UTC', 'NOTE'], slotRows),
    '',
    `Retention: ${retention}`,
    ...(held === undefined ? [] : [`Held: ${held}`]),
    ...calendarSection(preview),
    ...section('Snapshots', ['NAME', 'TAKEN', 'SIZE', 'DOCUMENTS', 'RETENTION', 'BY'], rows),
  ]
}
