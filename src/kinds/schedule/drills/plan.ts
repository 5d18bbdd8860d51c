// Which drill is created now, how the ones before it ended, and which records of them go. Pure.
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import type { Drill, Run } from '../run.ts'
import { withoutClosed } from '../runs/record.ts'
import { planRuns } from '../runs/runs.ts'
import { planSlots } from '../slots/plan.ts'
import type { SlotProblem } from '../slots/problems.ts'
import { historyOf } from '../status/history.ts'
import { asSchedule, fieldsOf } from './clock.ts'
import type { DrillStatus } from './clock.ts'
import { createDrill } from './drill.ts'

export interface DrillPlan {
  /** Absent where no drills are asked for. */
  readonly status?: DrillStatus
  readonly effects: readonly Effect[]
  readonly problem?: SlotProblem
  /** When to look again, in ms. */
  readonly againAtMs: readonly (number | undefined)[]
}

interface Seen {
  readonly schedule: MeiliSnapshotSchedule
  /** Its snapshots. */
  readonly runs: readonly Run[]
  readonly drills: readonly Drill[]
  readonly nowMs: number
}

export function planDrills(seen: Seen): DrillPlan {
  const { schedule, drills, nowMs } = seen
  const { drill } = schedule.spec
  if (drill === undefined) return { effects: [], againAtMs: [] }
  const clock = asSchedule(schedule, drill.schedule, nowMs)
  const slots = planSlots(withoutClosed(clock), drills, nowMs)
  const created = planRuns({
    schedule: clock,
    runs: drills,
    slots,
    nowMs,
    create: (name) => createDrill(seen, name),
  })
  return {
    status: {
      ...fieldsOf(created.status),
      nextSlot: slots.nextRunMs === undefined ? undefined : instant(slots.nextRunMs),
      ...endsOf(schedule.status?.drill ?? {}, drills, nowMs),
    },
    // What has a fence goes first: it does not keep for long.
    effects: [...created.effects, ...removals(drills, drill.failed)],
    ...(slots.problem === undefined ? {} : { problem: ofDrill(slots.problem) }),
    againAtMs: [slots.requeueAtMs, created.againAtMs],
  }
}

const ofDrill = ({ reason, message }: SlotProblem): SlotProblem => ({
  reason,
  message: message.replace('spec.schedule', 'spec.drill.schedule'),
})

type Ends = Pick<DrillStatus, 'lastSuccess' | 'lastFailure' | 'active'>

/** Also of those that are gone since. */
function endsOf(before: DrillStatus, drills: readonly Drill[], nowMs: number): Ends {
  const { lastSuccess, lastFailure } = before
  const ended = historyOf({ lastSuccess, lastFailure }, drills, nowMs)
  return {
    lastSuccess: withFigures(ended.lastSuccess, before, drills),
    lastFailure: ended.lastFailure,
    active: ended.active?.[0],
  }
}

function withFigures(
  last: Ends['lastSuccess'],
  { lastSuccess }: DrillStatus,
  drills: readonly Drill[],
): Ends['lastSuccess'] {
  if (last === undefined) return undefined
  const { name, completedAt } = last
  const { of, duration, durationMs } =
    drills.find((drill) => drill.name === name) ?? (lastSuccess?.name === name ? lastSuccess : {})
  return { name, completedAt, of, duration, durationMs }
}

/** So many records at most go in one pass. */
const mostRemoved = 10

/** The newest good one stays, and some of those that failed. Each goes only as it was seen. */
function removals(drills: readonly Drill[], failed: number): readonly Effect[] {
  const newestFirst = drills
    .filter(({ isBeingDeleted }) => !isBeingDeleted)
    .toSorted((a, b) => endOf(b) - endOf(a) || b.createdMs - a.createdMs)
  const inPhase = (phase: Run['phase']): readonly Drill[] => newestFirst.filter((drill) => drill.phase === phase)
  return [...inPhase('Completed').slice(1), ...inPhase('Failed').slice(failed)]
    .slice(0, mostRemoved)
    .map(({ name, uid, resourceVersion }) => ({ kind: 'DeleteDrill', name, uid, resourceVersion }))
}

const endOf = ({ completedMs, createdMs }: Drill): number => completedMs ?? createdMs
