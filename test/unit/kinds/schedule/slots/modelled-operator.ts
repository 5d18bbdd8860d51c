// A schedule and its operator, as far as slots are concerned: what planSlots says is written, then carried out, by an operator that may be killed
// between any two writes, whose clock may stand wrong, and to which the API server may refuse what it creates.
import { instant } from '../../../../../src/api/status/conditions.ts'
import type { MeiliSnapshotSchedule } from '../../../../../src/api/schedule.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import { planSlots } from '../../../../../src/kinds/schedule/slots/plan.ts'
import type { SlotPlan } from '../../../../../src/kinds/schedule/slots/plan.ts'
import { aRun, aSchedule } from '../../../../support/builders/schedules.ts'

type Status = NonNullable<MeiliSnapshotSchedule['status']>

/** How far a pass comes: it is killed after its first write, after it has created the run, or the run is refused. */
export type Pass = 'whole' | 'killed' | 'killed after create' | 'refused'

export interface Creation {
  readonly name: string
  readonly slotMs: number
  /** By the API server's clock. */
  readonly realMs: number
  /** By the operator's. */
  readonly clockMs: number
}

export const startMs = Date.parse('2026-11-29T12:34:56Z')

export class ModelledOperator {
  realMs = startMs
  skewMs = 0
  runs: Run[] = []
  readonly creations: Creation[] = []
  /** Names under which something was to be created that was there already. */
  readonly again: string[] = []
  /** By its clock. */
  readonly suspensions: [fromMs: number, toMs: number][] = []
  plan: SlotPlan | undefined
  #schedule: MeiliSnapshotSchedule

  constructor(spec: object) {
    this.#schedule = aSchedule({ metadata: { creationTimestamp: instant(startMs) }, spec })
  }

  get clockMs(): number {
    return this.realMs + this.skewMs
  }

  get schedule(): MeiliSnapshotSchedule {
    return this.#schedule
  }

  change(spec: object): void {
    this.#schedule = { ...this.#schedule, spec: { ...this.#schedule.spec, ...spec } }
  }

  /** It sees that at once. */
  suspend(suspend: boolean): void {
    const isSuspended = this.#schedule.spec.suspend
    if (suspend && !isSuspended) this.suspensions.push([this.clockMs, Infinity])
    const last = this.suspensions.at(-1)
    if (!suspend && isSuspended && last !== undefined) last[1] = this.clockMs
    this.change({ suspend })
    this.pass()
  }

  endRuns(): void {
    this.runs = this.runs.map((run) => ({ ...run, phase: 'Completed' }))
  }

  pass(kind: Pass = 'whole'): SlotPlan {
    const plan = planSlots(this.#schedule, this.runs, this.clockMs)
    this.plan = plan
    this.#write(afterPlan(this.#schedule.status ?? {}, plan, { runs: this.runs, nowMs: this.clockMs }))
    if (plan.due === undefined || kind === 'killed' || kind === 'refused') return plan
    this.#create(plan.due)
    if (kind === 'whole') {
      const { run: _, ...status } = this.#schedule.status ?? {}
      this.#write({ ...status, lastSlot: instant(plan.due.slotMs), lastRunName: plan.due.name })
    }
    return plan
  }

  /** It looks whenever it said that it would. */
  attend(untilMs: number, isEnded: boolean): void {
    while (this.realMs < untilMs) {
      const { requeueAtMs } = this.pass()
      if (isEnded) this.endRuns()
      this.realMs = Math.min(untilMs, Math.max(this.realMs + 1000, requeueAtMs - this.skewMs))
    }
    this.pass()
    if (isEnded) this.endRuns()
  }

  #write(status: Status): void {
    this.#schedule = { ...this.#schedule, status }
  }

  #create({ name, slotMs }: { readonly name: string; readonly slotMs: number }): void {
    if (this.runs.some((run) => run.name === name)) {
      this.again.push(name)
      return
    }
    this.runs.push(aRun({ name, createdMs: Math.floor(this.realMs / 1000) * 1000, phase: 'Pending' }))
    this.creations.push({ name, slotMs, realMs: this.realMs, clockMs: this.clockMs })
  }
}

interface Seen {
  readonly runs: readonly Run[]
  readonly nowMs: number
}

/** As the docstring of planSlots says. */
function afterPlan(before: Status, plan: SlotPlan, seen: Seen): Status {
  const { lastSlot, lastRunName, run, ...rest } = settle(before, seen)
  const last = plan.takeBack === undefined ? { lastSlot, lastRunName } : {}
  const endedMs = Math.max(plan.skip?.slotMs ?? -Infinity, plan.giveUp?.slotMs ?? -Infinity)
  const open = run?.slot !== undefined && Date.parse(run.slot) <= endedMs ? undefined : run
  const { due } = plan
  const next =
    due === undefined
      ? open
      : { name: due.name, slot: instant(due.slotMs), tries: (open?.tries ?? 0) + 1, startedAt: instant(seen.nowMs) }
  return JSON.parse(
    JSON.stringify({ ...rest, ...last, run: next, observed: plan.observed, slotsAfter: instant(plan.slotsAfterMs) }),
  ) as Status
}

function settle(before: Status, { runs }: Seen): Status {
  const { run, ...rest } = before
  if (run?.slot === undefined || !runs.some(({ name }) => name === run.name)) return before
  return { ...rest, lastSlot: run.slot, lastRunName: run.name }
}
