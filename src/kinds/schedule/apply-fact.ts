// Adds the answer to an effect to a schedule's status, in the same pass. Conditions follow in the next one, which that write wakes. Pure.
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../api/schedule.ts'
import type { Fact } from '../../reconcile/decision.ts'
import { recordRefusal } from './retention/hold.ts'
import { refuse, settle } from './runs/record.ts'

type Status = MeiliSnapshotScheduleStatus

export function applyFact({ status = {} }: MeiliSnapshotSchedule, fact: Fact, nowMs: number): Status {
  switch (fact.kind) {
    case 'SnapshotCreated':
      return status.run?.name === fact.name ? settle(status, status.run) : status
    case 'Refused':
      return applyRefusal(status, fact, nowMs)
    default:
      return status
  }
}

function applyRefusal(status: Status, { effect, message, cause }: Fact & { kind: 'Refused' }, nowMs: number): Status {
  const { run, removing } = status
  if ((effect === 'PatchSnapshot' || effect === 'DeleteSnapshot') && removing !== undefined)
    return { ...status, held: recordRefusal(status, message, nowMs) }
  if (effect !== 'CreateSnapshot' || run === undefined) return status
  return refuse(status, { run, reason: cause === 'NameTaken' ? 'NameTaken' : 'RunRefused', message, nowMs })
}
