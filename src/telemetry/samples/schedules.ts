// Says of each schedule what /metrics shows, from nothing but the object. What has not happened is absent; a count begins at 0. Pure.
import { conditionTypes, durationMs } from '../../api/meta.ts'
import { scheduleConditions, scheduleReasons } from '../../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../api/schedule.ts'
import { conditionNamed, isTrue } from '../../api/status/conditions.ts'
import { overdueAt } from '../../api/status/overdue.ts'
import type { Sample } from '../families/family.ts'
import { secondsOf } from './snapshots.ts'

type Figures = Readonly<Record<string, number | undefined>>
type Labels = Readonly<Record<string, string>>

/** Costs what the schedules cost, however many snapshots they have. */
export function scheduleSamples(schedules: Iterable<MeiliSnapshotSchedule>): Sample[] {
  const samples: Sample[] = []
  for (const schedule of schedules) {
    const { metadata } = schedule
    const labels = { namespace: metadata.namespace, schedule: metadata.name }
    samples.push(...withLabels(labels, schedule))
    const figures = { ...stateOf(schedule), ...timesOf(schedule), ...figuresOf(schedule), ...countsOf(schedule) }
    for (const [name, value] of Object.entries(figures)) if (value !== undefined) samples.push({ name, labels, value })
  }
  return samples
}

function withLabels(labels: Labels, { spec, status }: MeiliSnapshotSchedule): readonly Sample[] {
  const { source, destination } = spec.template.spec
  const of = { ...labels, instance: source.instanceRef.name, claim: destination.claim.name }
  const reason = holdReason(status)
  return [
    { name: 'meili_schedule_info', labels: of, value: 1 },
    { name: 'meili_schedule_retention_held', labels: { ...labels, reason }, value: reason === '' ? 0 : 1 },
  ]
}

type Status = MeiliSnapshotSchedule['status']
const known: ReadonlySet<string> = new Set(Object.values(scheduleReasons))

/** A label's values come from a closed list. */
function holdReason(status: Status): string {
  const condition = conditionNamed(status?.conditions, scheduleConditions.RetentionHeld)
  if (condition?.status !== 'True') return ''
  return known.has(condition.reason) ? condition.reason : 'Other'
}

const stateOf = ({ spec, status }: MeiliSnapshotSchedule): Figures => ({
  meili_schedule_ready: Number(isTrue(status?.conditions, conditionTypes.Ready)),
  meili_schedule_suspended: Number(spec.suspend),
  meili_schedule_overdue: Number(isTrue(status?.conditions, scheduleConditions.Overdue)),
})

function timesOf(schedule: MeiliSnapshotSchedule): Figures {
  const { metadata, status } = schedule
  // By the clock of whoever asks: it is seen also where no pass is made any more.
  const overdueMs = overdueAt(schedule)
  const { lastSlot, nextSlot, lastSuccess, lastFailure, forecast } = status ?? {}
  return {
    meili_schedule_created_timestamp_seconds: secondsOf(metadata.creationTimestamp),
    meili_schedule_interval_seconds: intervalSeconds(status),
    meili_schedule_last_slot_timestamp_seconds: secondsOf(lastSlot),
    meili_schedule_next_slot_timestamp_seconds: secondsOf(nextSlot),
    meili_schedule_last_success_timestamp_seconds: secondsOf(lastSuccess?.completedAt),
    meili_schedule_last_failure_timestamp_seconds: secondsOf(lastFailure?.completedAt),
    meili_schedule_overdue_from_timestamp_seconds: overdueMs === undefined ? undefined : overdueMs / 1000,
    meili_schedule_forecast_full_timestamp_seconds: secondsOf(forecast?.fullAt),
  }
}

function intervalSeconds(status: Status): number | undefined {
  const spanMs = durationMs(status?.interval ?? '')
  return spanMs === 0 ? undefined : spanMs / 1000
}

function figuresOf({ status }: MeiliSnapshotSchedule): Figures {
  const { kept, forecast } = status ?? {}
  return {
    meili_schedule_consecutive_failures: status?.consecutiveFailures ?? 0,
    meili_schedule_active: status?.active?.length ?? 0,
    meili_schedule_kept: kept?.count ?? 0,
    meili_schedule_kept_bytes: kept?.bytes ?? 0,
    meili_schedule_expiring: status?.expiring?.length ?? 0,
    meili_schedule_forecast_next_bytes: forecast?.nextBytes,
    meili_schedule_forecast_growth_bytes_per_day: forecast?.bytesPerDay,
    meili_schedule_forecast_steady_bytes: forecast?.steadyBytes,
    meili_schedule_forecast_space_bytes: forecast?.spaceBytes,
  }
}

function countsOf({ status }: MeiliSnapshotSchedule): Figures {
  const { created = 0, expired = 0, skipped = 0, missed = 0 } = status?.counts ?? {}
  return {
    meili_schedule_snapshots_created_total: created,
    meili_schedule_snapshots_expired_total: expired,
    meili_schedule_slots_skipped_total: skipped,
    meili_schedule_slots_missed_total: missed,
  }
}
