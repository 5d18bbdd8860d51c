// Adds the answer to an effect to a schedule's status, in the same pass. Conditions follow in the next one, which that write wakes. Pure.
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../api/schedule.ts'
import type { Fact } from '../../reconcile/decision.ts'
import { fieldsOf, statusOf } from './drills/clock.ts'
import { recordRefusal } from './retention/hold.ts'
import { refuse, settle } from './runs/record.ts'

type Status = MeiliSnapshotScheduleStatus

export function applyFact({ status = {} }: MeiliSnapshotSchedule, fact: Fact, nowMs: number): Status {
  switch (fact.kind) {
    case 'SnapshotCreated':
      return status.run?.name === fact.name ? settle(status, status.run) : status
    case 'DrillCreated':
      return onDrill(status, (drill) => (drill.run?.name === fact.name ? settle(drill, drill.run) : drill))
    case 'Refused':
      return applyRefusal(status, fact, nowMs)
    default:
      return status
  }
}

function applyRefusal(status: Status, { effect, message, cause }: Fact & { kind: 'Refused' }, nowMs: number): Status {
  if (effect === 'CreateDrill') return onDrill(status, (drill) => refuseRun(drill, { message, cause }, nowMs))
  const { removing } = status
  if ((effect === 'PatchSnapshot' || effect === 'DeleteSnapshot') && removing !== undefined)
    return { ...status, held: recordRefusal(status, message, nowMs) }
  return effect === 'CreateSnapshot' ? refuseRun(status, { message, cause }, nowMs) : status
}

type Refusal = Pick<Fact & { kind: 'Refused' }, 'message' | 'cause'>

function refuseRun(status: Status, { message, cause }: Refusal, nowMs: number): Status {
  const { run } = status
  if (run === undefined) return status
  return refuse(status, { run, reason: cause === 'NameTaken' ? 'NameTaken' : 'RunRefused', message, nowMs })
}

/** Records of drills are kept as those of snapshots are. */
function onDrill(status: Status, change: (drill: Status) => Status): Status {
  const { drill } = status
  return drill === undefined ? status : { ...status, drill: { ...drill, ...fieldsOf(change(statusOf(drill))) } }
}
