// Decides what follows from the end of Meilisearch's task. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { SnapshotTask } from '../../../api/snapshot.ts'
import { taskDeadlineMs } from '../status/deadline.ts'
import { startMove } from '../move/move.ts'
import type { SnapshotObservation } from '../observation.ts'
import { sentence } from '../../../api/status/text.ts'
import { adoptTask } from './task.ts'
import { taskOf } from './task-seen.ts'
import { anew, failed } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

/** Success leads to the move, failure to the end. Cancelled by us is the end, too; cancelled by somebody else, another snapshot is asked for. */
export function taskEnded(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const task = taskOf(observation)
  if (task === undefined) return undefined
  if (task.status === 'succeeded') return startMove(observation, adoptTask(observation, task, nowMs), nowMs)
  if (task.status === 'canceled') return taskCanceled(observation, task, nowMs)
  return failed({ reason: snapshotReasons.SnapshotTaskFailed, message: whyFailed(task), changes: { task } })
}

/** The reply to a cancelling may be lost, too: past the deadline it was ours. */
function taskCanceled({ snapshot }: SnapshotObservation, task: SnapshotTask, nowMs: number): Verdict {
  const isOurs = snapshot.status?.request?.cancelTaskUid !== undefined || nowMs > taskDeadlineMs(snapshot, nowMs)
  return isOurs
    ? failed({
        reason: snapshotReasons.TaskDeadlineExceeded,
        message: `Task ${task.uid} was cancelled at the end of deadlines.task (${snapshot.spec.deadlines.task}).`,
        changes: { task },
      })
    : anew({
        reason: snapshotReasons.SnapshotTaskCanceled,
        message: `Task ${task.uid} was cancelled by somebody.`,
      })
}

function whyFailed({ uid, error }: SnapshotTask): string {
  if (error === undefined) return `Task ${uid} failed, and Meilisearch gives no reason.`
  const { code, message } = error
  return `Task ${uid} failed: ${code}. ${sentence(message)} ${diskHint(error)}`.trim()
}

const isFull =
  'Meilisearch stages a full copy of the database in TMPDIR (else /tmp), then writes the archive beside the old one in the snapshot directory: one of the two is full. Give it more space, or set TMPDIR to a volume.'

/** By Meilisearch's own code where it has one; else by the error of the operating system that it quotes behind the code `internal`. It never says which disk. */
function diskHint({ code, message }: NonNullable<SnapshotTask['error']>): string {
  const text = `${code} ${message}`
  if (/no_space_left_on_device|os error 28/.test(text)) return isFull
  if (/os error 30/.test(text)) return 'The snapshot directory or TMPDIR is read-only.'
  return /os error 2\b/.test(text) ? 'TMPDIR, or the snapshot directory, does not exist.' : ''
}
