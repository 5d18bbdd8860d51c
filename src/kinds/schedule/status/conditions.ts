// A schedule's conditions: Ready speaks of the schedule alone, the others of its snapshots and of retention. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { inconclusiveDrills } from '../../../api/restore.ts'
import { scheduleConditions, scheduleReasons } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Wanted } from '../../../api/status/conditions.ts'

type Status = MeiliSnapshotScheduleStatus
type Said = Pick<Wanted, 'reason' | 'message'>

export interface Judged {
  readonly spec: MeiliSnapshotSchedule['spec']
  /** As it is to be written. */
  readonly status: Status
  /** Why the schedule cannot be followed. */
  readonly problem?: Said | undefined
  readonly held?: Said | undefined
  readonly clockWentBack?: { readonly message: string } | undefined
  readonly overdueAtMs?: number | undefined
}

/** Those that are absent unless true stand where they belong in the order, Reconciling or Stalled first (kstatus). */
export function wantedConditions(judged: Judged, nowMs: number): readonly Wanted[] {
  const { held, clockWentBack } = judged
  return [
    ...readiness(judged),
    ...lastSnapshot(judged.status),
    ...lastDrill(judged.status),
    ...overdue(judged, nowMs),
    ...abnormal(scheduleConditions.RetentionHeld, held),
    ...abnormal(
      scheduleConditions.ClockWentBack,
      clockWentBack && { reason: scheduleReasons.ClockWentBack, message: clockWentBack.message },
    ),
  ]
}

const abnormal = (type: string, said: Said | undefined): readonly Wanted[] =>
  said === undefined ? [] : [{ type, status: 'True', reason: said.reason, message: said.message }]

const { Ready, Reconciling, Stalled } = conditionTypes

/** A suspended schedule is as it was asked for, and one whose snapshots fail follows the clock all the same: else a tool would roll its release back. */
function readiness({ spec, status, problem }: Judged): readonly Wanted[] {
  const refused = refusedRun(status)
  const why = problem ?? refused
  if (why !== undefined) {
    // A quota that has room again, or a webhook that answers, ends it: no deploy has failed of that.
    const goesOn = problem === undefined && status.run?.retryAt !== undefined
    return [
      ...abnormal(goesOn ? Reconciling : Stalled, why),
      { type: Ready, status: 'False', reason: why.reason, message: why.message },
    ]
  }
  const said = spec.suspend
    ? { reason: scheduleReasons.Suspended, message: 'Suspended: slots that pass meanwhile never run.' }
    : {
        reason: scheduleReasons.Scheduled,
        message:
          status.nextSlot === undefined ? 'No further slot.' : `The next snapshot is made at ${status.nextSlot}.`,
      }
  return [{ type: Ready, status: 'True', ...said }]
}

function refusedRun({ run }: Status): Said | undefined {
  if (run?.failure === undefined) return undefined
  const again = run.retryAt === undefined ? 'The next slot has a snapshot of its own.' : 'It is tried again.'
  return {
    reason: run.reason ?? scheduleReasons.RunRefused,
    message: `MeiliSnapshot ${run.name} could not be created: ${run.failure} ${again}`,
  }
}

function lastSnapshot({ lastSuccess, lastFailure, consecutiveFailures = 0 }: Status): readonly Wanted[] {
  const type = scheduleConditions.LastSnapshotSucceeded
  if (consecutiveFailures > 0 && lastFailure !== undefined) {
    const inRow = consecutiveFailures > 1 ? ` ${consecutiveFailures} failed in a row.` : ''
    const message = `MeiliSnapshot ${lastFailure.name} failed: ${lastFailure.reason}.${inRow}`
    return [{ type, status: 'False', reason: scheduleReasons.SnapshotFailed, message }]
  }
  if (lastSuccess === undefined) return []
  const { name, boot = 'Passed' } = lastSuccess
  const message =
    boot === 'Passed'
      ? `MeiliSnapshot ${name} is stored and verified.`
      : `MeiliSnapshot ${name} is stored, and its archive was checked; no server has proved it (${boot}): kubectl describe msnap ${name}`
  return [{ type, status: 'True', reason: scheduleReasons.SnapshotSucceeded, message }]
}

/** What cannot even be made has not shown that anything comes back. */
function lastDrill({ drill = {} }: Status): readonly Wanted[] {
  const type = scheduleConditions.DrillSucceeded
  const { run, lastSuccess, lastFailure } = drill
  if (run?.failure !== undefined) {
    const message = `MeiliRestore ${run.name} could not be created: ${run.failure}`
    return [{ type, status: 'False', reason: scheduleReasons.DrillRefused, message }]
  }
  if (
    lastFailure !== undefined &&
    !(Date.parse(lastSuccess?.completedAt ?? '') > Date.parse(lastFailure.completedAt))
  ) {
    const { name, reason: why } = lastFailure
    const isKnown = !inconclusiveDrills.has(why)
    const what = isKnown ? 'failed' : 'could not be carried out, and nothing is known of the snapshot'
    const message = `Drill ${name} ${what}: ${why}. Look at it: kubectl describe mrestore ${name}`
    const reason = isKnown ? scheduleReasons.DrillFailed : scheduleReasons.DrillInconclusive
    return [{ type, status: 'False', reason, message }]
  }
  if (lastSuccess === undefined) return []
  const { name, of, duration } = lastSuccess
  const took = duration === undefined ? '' : `, which took ${duration}`
  const message = `Drill ${name} started a server on ${of ?? 'a snapshot'}${took}.`
  return [{ type, status: 'True', reason: scheduleReasons.DrillPassed, message }]
}

function overdue({ spec, status: { lastSuccess }, overdueAtMs }: Judged, nowMs: number): readonly Wanted[] {
  if (overdueAtMs === undefined || nowMs < overdueAtMs) return []
  const last = lastSuccess === undefined ? 'None has succeeded' : `The last good one is of ${lastSuccess.completedAt}`
  return abnormal(scheduleConditions.Overdue, {
    reason: scheduleReasons.NoRecentSuccess,
    message: `${last}: no snapshot has succeeded for two intervals and startingDeadline (${spec.startingDeadline}), since before ${instant(overdueAtMs)}.`,
  })
}
