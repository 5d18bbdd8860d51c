// What a status says while the operator may not read what it needs. Deadlines count on; but what was at work on a file is never failed unseen. Pure.
import { isFinished, snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { durationMs } from '../../../api/meta.ts'
import { instant } from '../../../api/status/conditions.ts'
import { whyUnseen } from '../../../reconcile/refused-read.ts'
import type { RefusedRead } from '../../../reconcile/refused-read.ts'
import { isRequested } from './attempt.ts'
import { isBooting } from './booting.ts'
import { attemptStartedMs, deadlineText, moveDeadlineMs, taskDeadlineMs } from './deadline.ts'
import type { Changes } from './status.ts'
import { redact } from '../../../api/status/text.ts'
import { decisionOf, failed, late, step, unchanged } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export function recordRefusedRead(snapshot: MeiliSnapshot, refused: RefusedRead, nowMs: number): MeiliSnapshotStatus {
  const why = redact(whyUnseen(refused, snapshot.metadata.namespace), 1500)
  return decisionOf(judge(snapshot, why, nowMs), snapshot, nowMs).status
}

function judge(snapshot: MeiliSnapshot, why: string, nowMs: number): Verdict {
  const { metadata, status } = snapshot
  if (metadata.deletionTimestamp !== undefined) return late(`Its deletion waits. ${why}`, {})
  if (isFinished(snapshot)) return unchanged()
  if (!isRequested(snapshot)) return beforeRequest(snapshot, why, nowMs)
  if (isBooting(status)) return blind(snapshot, { why, untilMs: undefined })
  return status?.task?.status === 'succeeded' ? inMove(snapshot, why, nowMs) : inEngine(snapshot, why, nowMs)
}

function beforeRequest(snapshot: MeiliSnapshot, why: string, nowMs: number): Verdict {
  const { status, spec } = snapshot
  const untilMs = attemptStartedMs(snapshot, nowMs) + durationMs(spec.deadlines.start)
  const startedAt = startOf(snapshot, nowMs)
  const isQueued = (status?.request?.startedAt ?? startedAt) === undefined
  if (nowMs <= untilMs) return blind(snapshot, { why, untilMs: isQueued ? undefined : untilMs }, { startedAt })
  const message = `Nothing was asked for within deadlines.start (${spec.deadlines.start}). Last: ${why}`
  return failed({ reason: snapshotReasons.StartDeadlineExceeded, message })
}

/** One that Meilisearch was seen to work on has no deadline in Meilisearch either. */
function inEngine(snapshot: MeiliSnapshot, why: string, nowMs: number): Verdict {
  const { status, spec } = snapshot
  const untilMs = taskDeadlineMs(snapshot, nowMs)
  const isAtWork = status?.task?.status === 'processing'
  if (nowMs > untilMs && !isAtWork) {
    const message = `No word of the snapshot by the end of deadlines.task (${spec.deadlines.task}), and it may still be made. ${why}`
    return failed({ reason: snapshotReasons.TaskDeadlineExceeded, message })
  }
  const overdue = `Task ${status?.task?.uid ?? ''} was at work when it was last seen, and deadlines.task (${spec.deadlines.task}) is over. Nothing is given up before it can be seen.`
  return blind(
    snapshot,
    { why, untilMs, overdue: nowMs > untilMs ? overdue : undefined },
    { request: withoutMissing(status?.request) },
  )
}

function inMove(snapshot: MeiliSnapshot, why: string, nowMs: number): Verdict {
  const { status, spec } = snapshot
  const untilMs = moveDeadlineMs(snapshot, nowMs)
  const isQueued = status?.move?.startedAt === undefined || status.move.queuedAt !== undefined
  const overdue = `deadlines.move (${spec.deadlines.move}) is over. A mover may still be at work on the file, so nothing is given up before that can be seen.`
  return blind(snapshot, {
    why,
    untilMs: isQueued ? undefined : untilMs,
    overdue: nowMs > untilMs ? overdue : undefined,
  })
}

/** Phase and progress stay what was seen last. @param untilMs undefined while the clock of the deadline stands still: a time that moves on would be another sentence each minute */
function blind(
  snapshot: MeiliSnapshot,
  { why, untilMs, overdue }: { why: string; untilMs: number | undefined; overdue?: string | undefined },
  changes: Changes = {},
): Verdict {
  const { phase = 'Pending', progress } = snapshot.status ?? {}
  const until = untilMs === undefined ? '' : `, until ${deadlineText(untilMs)}`
  return step({
    phase: phase === 'Completed' || phase === 'Failed' || phase === 'Expired' ? 'Pending' : phase,
    reason: snapshotReasons.ReadRefused,
    message: `${why} ${overdue ?? `It goes on by itself${until}.`}`,
    changes: { ...changes, progress, waitingFor: why },
    keepsProgress: true,
    overdue,
  })
}

/** The clock of deadlines.start runs from the first look; it does not run for one that waited in the queue. */
function startOf({ status }: MeiliSnapshot, nowMs: number): string | undefined {
  return status?.conditions === undefined ? instant(nowMs) : status.startedAt
}

/** After a lost reply the server was not asked in this pass, so it counts as silent: the wait begins anew. */
function withoutMissing(request: MeiliSnapshotStatus['request']): MeiliSnapshotStatus['request'] {
  if (request === undefined) return undefined
  const { missingSince: _, ...kept } = request
  return kept
}
