// The whole decision over one schedule: slots, runs, retention and forecast each say their part of status, and none waits for another. Pure.
import type { MeiliSnapshotScheduleStatus } from '../../api/schedule.ts'
import { conditionsOf, instant } from '../../api/status/conditions.ts'
import { overdueAt } from '../../api/status/overdue.ts'
import type { Decision } from '../../reconcile/decision.ts'
import { spanText } from '../../reconcile/format.ts'
import { planDrills } from './drills/plan.ts'
import { forecast } from './forecast/forecast.ts'
import type { ScheduleObservation } from './observation.ts'
import { planRetention } from './retention/plan.ts'
import type { RetentionPlan } from './retention/plan.ts'
import { planRemoval } from './retention/removal.ts'
import type { Removal } from './retention/removal.ts'
import { futureMs, noCounts } from './run.ts'
import { withoutClosed } from './runs/record.ts'
import { planRuns } from './runs/runs.ts'
import { createRun } from './runs/snapshot.ts'
import { planSlots } from './slots/plan.ts'
import type { SlotPlan } from './slots/plan.ts'
import { isProblem, readSlots } from './slots/slots.ts'
import { wantedConditions } from './status/conditions.ts'
import { historyOf } from './status/history.ts'
import { followedSince } from './status/since.ts'

type Status = MeiliSnapshotScheduleStatus

export function decideSchedule(observation: ScheduleObservation, nowMs: number): Decision<Status> {
  const { schedule, runs, drills = [] } = observation
  const before = schedule.status ?? {}
  // It has no finalizer, and what it made stays: nothing is begun any more.
  if (schedule.metadata.deletionTimestamp !== undefined) return { status: before, effects: [] }
  const slots = planSlots(withoutClosed(schedule), runs, nowMs) // which slot is due, and which comes next
  const created = planRuns({ schedule, runs, slots, nowMs, create: (name) => createRun(schedule, name) }) // which snapshot is created now, or tried again
  const retention = planRetention({
    schedule,
    runs,
    nowMs,
    intervalMs: slots.intervalMs,
    clockWentBack: slots.clockWentBack,
  }) // what stays, what goes, what holds that up
  const removal = removeRun(observation, retention, nowMs) // the one that is deleted, step by step
  const drilled = planDrills({ schedule, runs, drills, nowMs }) // which drill is due, how they ended
  const fields: Status = {
    ...created.status,
    ...slotFields(slots, before),
    ...retentionFields(retention),
    ...removalFields(removal, created.status),
    ...historyOf(before, runs, nowMs), // how they ended
    ...forecastFields(observation, { retention, nowMs }), // what space they take
    followedSince: followedSince(schedule, nowMs),
    drill: drilled.status,
  }
  const overdueAtMs = overdueAt({ ...schedule, status: fields })
  const { clockWentBack, problem = drilled.problem } = slots
  const { spec, metadata } = schedule
  const wanted = wantedConditions(
    { spec, status: fields, problem, held: retention.held, clockWentBack, overdueAtMs },
    nowMs,
  )
  const { generation } = metadata
  return {
    status: {
      ...fields,
      observedGeneration: generation,
      conditions: conditionsOf(before.conditions, wanted, { generation, nowMs }),
    },
    // What has a fence goes first: it does not keep for long.
    effects: [...created.effects, ...drilled.effects, ...removal.effects],
    requeueAfterMs: soonestMs(
      [
        slots.requeueAtMs,
        created.againAtMs,
        retention.againAtMs,
        againAtMs(removal, nowMs),
        overdueAtMs,
        ...drilled.againAtMs,
      ],
      nowMs,
    ),
  }
}

/** The interval as it is, or as it was last: what cannot be read any more gets late all the same. */
function slotFields({ nextRunMs, intervalMs }: SlotPlan, before: Status): Pick<Status, 'nextSlot' | 'interval'> {
  return {
    nextSlot: nextRunMs === undefined ? undefined : instant(nextRunMs),
    interval: intervalMs === undefined ? before.interval : spanText(intervalMs),
  }
}

/** What the plan does not say is to be absent. */
const retentionFields = ({ status }: RetentionPlan): Partial<Status> => ({
  kept: undefined,
  expiring: undefined,
  announced: undefined,
  held: undefined,
  confirmed: undefined,
  acceptedUntil: undefined,
  ...status,
})

/** Only from what the API server has right now. */
function removeRun({ schedule, fresh }: ScheduleObservation, { remove }: RetentionPlan, nowMs: number): Removal {
  const { removing } = schedule.status ?? {}
  if (fresh !== undefined) return planRemoval({ removing, remove, runs: fresh, nowMs })
  return { ...(removing === undefined ? {} : { removing }), effects: [], expired: 0 }
}

const removalFields = (
  { removing, expired }: Removal,
  { counts = noCounts }: Status,
): Pick<Status, 'removing' | 'counts'> => ({
  removing,
  counts: { ...counts, expired: counts.expired + expired },
})

const againAtMs = ({ againMs }: Removal, nowMs: number): number | undefined =>
  againMs === undefined ? undefined : nowMs + againMs

interface Plans {
  readonly retention: RetentionPlan
  readonly nowMs: number
}

function forecastFields(
  { schedule, runs, space }: ScheduleObservation,
  { retention: { status, held }, nowMs }: Plans,
): Partial<Status> {
  const slots = readSlots(schedule.spec)
  if (isProblem(slots)) return {}
  // What is being deleted still takes space.
  const good = runs.filter(({ phase, timeMs = 0 }) => phase === 'Completed' && timeMs <= nowMs + futureMs)
  return {
    sizes: undefined,
    forecast: undefined,
    ...forecast({
      schedule,
      runs: good,
      expiring: (status.expiring ?? []).map(({ name }) => name),
      deletes: schedule.spec.retention?.mode === 'Enforce' && held === undefined,
      observed: space,
      intervalMs: slots.meanMs,
    }),
  }
}

/** What has passed already does not wake anybody. */
function soonestMs(times: readonly (number | undefined)[], nowMs: number): number {
  const waits = times.map((timeMs = nowMs) => timeMs - nowMs)
  return Math.min(...waits.filter((waitMs) => waitMs > 0))
}
