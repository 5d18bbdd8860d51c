// How the snapshots of a schedule ended, also those that are gone since: status remembers them. Pure.
import { isFinished } from '../../../api/snapshot.ts'
import type { MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import { futureMs } from '../run.ts'
import type { Run } from '../run.ts'

type Status = MeiliSnapshotScheduleStatus
type History = Pick<Status, 'lastSuccess' | 'lastFailure' | 'consecutiveFailures' | 'active'>

const mostActive = 10

interface Ended {
  readonly name: string
  readonly reason: string
  readonly endedMs: number
  readonly boot?: Run['boot']
}

export function historyOf(status: Status, runs: readonly Run[], nowMs: number): History {
  const before = { success: believe(status.lastSuccess, nowMs), failure: believe(status.lastFailure, nowMs) }
  const success = newestOf(runs, 'Completed', nowMs)[0]
  const failed = newestOf(runs, 'Failed', nowMs)
  const isNewSuccess = success !== undefined && success.endedMs > timeOf(before.success)
  const lastSuccess = isNewSuccess ? successOf(success) : before.success
  const [failure] = failed
  const isNewFailure = failure !== undefined && failure.endedMs > timeOf(before.failure)
  const inRow = failed.filter(({ endedMs }) => endedMs > timeOf(lastSuccess))
  const unseen = inRow.filter(({ endedMs }) => endedMs > timeOf(before.failure))
  const counted = isNewSuccess ? 0 : (status.consecutiveFailures ?? 0)
  return {
    lastSuccess,
    lastFailure: isNewFailure ? { ...recordOf(failure), reason: failure.reason } : before.failure,
    // Retention leaves only some of those that failed.
    consecutiveFailures: Math.max(inRow.length, counted + unseen.length),
    active: activeIn(runs),
  }
}

type Recorded = { readonly name: string; readonly completedAt: string }

const timeOf = (recorded: Recorded | undefined): number => Date.parse(recorded?.completedAt ?? '') || -Infinity

const recordOf = ({ name, endedMs }: Ended): Recorded => ({ name, completedAt: instant(endedMs) })

const successOf = ({ boot, ...ended }: Ended): Status['lastSuccess'] & Recorded => ({
  ...recordOf(ended),
  ...(boot === undefined ? {} : { boot }),
})

function believe<R extends Recorded>(recorded: R | undefined, nowMs: number): R | undefined {
  return timeOf(recorded) > nowMs + futureMs ? undefined : recorded
}

/** In whole seconds, as on record: else one that is on record already were newer than itself. */
function newestOf(runs: readonly Run[], phase: Run['phase'], nowMs: number): readonly Ended[] {
  return runs
    .filter((run) => run.phase === phase)
    .map(({ name, reason = '', boot, completedMs = Infinity, createdMs }) => {
      const endedMs = completedMs > nowMs + futureMs ? createdMs : completedMs
      return { name, reason, boot, endedMs: Math.floor(endedMs / 1000) * 1000 }
    })
    .filter(({ endedMs }) => endedMs <= nowMs + futureMs)
    .toSorted((a, b) => b.endedMs - a.endedMs)
}

function activeIn(runs: readonly Run[]): string[] | undefined {
  const active = runs.filter((run) => !isFinished({ status: run }) && !run.isBeingDeleted)
  if (active.length === 0) return undefined
  return active
    .toSorted((a, b) => a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1))
    .slice(0, mostActive)
    .map(({ name }) => name)
}
