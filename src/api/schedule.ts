// MeiliSnapshotSchedule: snapshots by the clock, and how many are kept.
import { z } from 'zod'
import { cronSchedule, drill, retention, snapshotTemplate, timeZone } from './fields/schedule.ts'
import { group, version } from './group.ts'
import type { apiVersion, Kind } from './group.ts'
import { duration } from './meta.ts'
import type { ObjectMeta } from './meta.ts'
import { scheduleStatus } from './status/schedule.ts'
import type { MeiliSnapshotScheduleStatus } from './status/schedule.ts'

export { scheduleConditions, scheduleReasons } from './reasons/schedule.ts'
export type { MeiliSnapshotScheduleStatus } from './status/schedule.ts'

/** On each MeiliSnapshot of a schedule: its name, cut with a hash where it is too long for a label. */
export const scheduleLabel = 'meili-operator.dev/schedule'
/** Beside it: the UID of the schedule that made it. One made again under the same name takes it over. */
export const scheduleUidLabel = 'meili-operator.dev/schedule-uid'
/** On a MeiliSnapshot: `true` keeps it out of all retention, for ever. */
export const keepAnnotation = 'meili-operator.dev/keep'
/** Of a MeiliSnapshot: a person keeps it. Whoever writes `yes` means it, too: only what takes it back is no pin. */
export const isPinned = ({ annotations }: Pick<ObjectMeta, 'annotations'>): boolean =>
  !['', 'false'].includes((annotations?.[keepAnnotation] ?? '').toLowerCase())
/** On a schedule: each new value makes one snapshot at once. */
export const runNowAnnotation = 'meili-operator.dev/run-now'
/** On a schedule: the hash in `status.held`, so that retention goes on. */
export const confirmAnnotation = 'meili-operator.dev/confirm'

const spec = z.object({
  schedule: cronSchedule,
  timeZone,
  jitter: duration
    .describe(
      'Spreads schedules with the same slot: each comes later by a part of this that is always the same for one object. Less than half the shortest time between two slots.',
    )
    .optional(),
  startingDeadline: duration.default('6h').describe('How late the newest slot that was missed may still run.'),
  suspend: z.boolean().default(false).describe('Slots that pass meanwhile never run.'),
  template: snapshotTemplate,
  retention: retention.optional(),
  drill: drill.optional(),
})

/** The fields of retention that are rules. */
export const keepRules = [
  'keepLast',
  'keepHourly',
  'keepDaily',
  'keepWeekly',
  'keepMonthly',
  'keepYearly',
  'keepWithin',
] as const
type KeepRules = Readonly<Partial<Record<(typeof keepRules)[number], unknown>>>

/** Without a rule nothing is ever deleted. A floor is none: alone it would let go what nobody asked to let go. */
export function hasRule<Rules extends KeepRules>(rules: Rules | undefined): rules is Rules {
  return rules !== undefined && keepRules.some((rule) => rules[rule] !== undefined)
}

export type MeiliSnapshotScheduleSpec = z.output<typeof spec>

export interface MeiliSnapshotSchedule {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'MeiliSnapshotSchedule'
  readonly metadata: ObjectMeta
  readonly spec: MeiliSnapshotScheduleSpec
  readonly status?: MeiliSnapshotScheduleStatus
}

export const meiliSnapshotSchedules = {
  group,
  version,
  kind: 'MeiliSnapshotSchedule',
  plural: 'meilisnapshotschedules',
  singular: 'meilisnapshotschedule',
  shortNames: ['msched'],
  description: 'Snapshots of a Meilisearch server by the clock, and how many of them are kept.',
  spec,
  status: scheduleStatus,
  columns: [
    { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
    { name: 'Time Zone', type: 'string', jsonPath: '.spec.timeZone' },
    { name: 'Suspend', type: 'boolean', jsonPath: '.spec.suspend' },
    { name: 'Last Success', type: 'date', jsonPath: '.status.lastSuccess.completedAt' },
    { name: 'Next', type: 'string', jsonPath: '.status.nextSlot' },
    { name: 'Kept', type: 'integer', jsonPath: '.status.kept.count' },
    { name: 'Size', type: 'string', jsonPath: '.status.kept.size' },
    { name: 'Instance', type: 'string', jsonPath: '.spec.template.spec.source.instanceRef.name', priority: 1 },
    { name: 'Destination', type: 'string', jsonPath: '.spec.template.spec.destination.claim.name', priority: 1 },
    { name: 'Last Failure', type: 'date', jsonPath: '.status.lastFailure.completedAt', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason", priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies Kind
