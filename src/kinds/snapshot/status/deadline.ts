// Computes the deadlines, by our clock only: Meilisearch's times are compared with Meilisearch's alone. Pure.
import { durationMs } from '../../../api/meta.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'

/** When it left the queue; now, where it has not yet. */
export function startedMs({ status }: MeiliSnapshot, nowMs: number): number {
  return status?.startedAt === undefined ? nowMs : Date.parse(status.startedAt)
}

/** The clock of deadlines.start: a later attempt has its own. */
export function attemptStartedMs(snapshot: MeiliSnapshot, nowMs: number): number {
  const since = snapshot.status?.request?.startedAt
  return since === undefined ? startedMs(snapshot, nowMs) : Date.parse(since)
}

/** When the wait for the task ends: counted from its adoption, or from the request where no task is known. */
export function taskDeadlineMs({ spec, status }: MeiliSnapshot, nowMs: number): number {
  const since = status?.request?.adoptedAt ?? status?.request?.postedAt
  return (since === undefined ? nowMs : Date.parse(since)) + durationMs(spec.deadlines.task)
}

/** While it waits for its turn, the clock stands still. */
export function moveDeadlineMs({ spec, status }: MeiliSnapshot, nowMs: number): number {
  return clockStart(status?.move, nowMs) + durationMs(spec.deadlines.move)
}

export const bootDeadlineText = ({ spec }: MeiliSnapshot): string => spec.verification.boot?.deadline ?? '1h'

/** When the server on a copy must have been asked. */
export function bootDeadlineMs(snapshot: MeiliSnapshot, nowMs: number): number {
  const since = snapshot.status?.verification?.startedAt
  return (since === undefined ? nowMs : Date.parse(since)) + durationMs(bootDeadlineText(snapshot))
}

export type Move = NonNullable<MeiliSnapshotStatus['move']>

function clockStart(move: Pick<Move, 'startedAt' | 'queuedAt'> = {}, nowMs: number): number {
  const { startedAt, queuedAt } = move
  if (startedAt === undefined) return nowMs
  const waitedMs = queuedAt === undefined ? 0 : Math.max(0, nowMs - Date.parse(queuedAt))
  return Date.parse(startedAt) + waitedMs
}

/** It no longer waits for its turn: the clock of deadlines.move goes on where it stood. */
export function runMoveClock({ queuedAt, ...move }: Move, nowMs: number): Move {
  if (queuedAt === undefined && move.startedAt !== undefined) return move
  return { ...move, startedAt: instant(clockStart({ ...move, queuedAt }, nowMs)) }
}

const minuteMs = 60_000

/** A deadline as people read it: the next whole minute, so that it never names a time that has passed. */
export function deadlineText(timeMs: number): string {
  return `${instant(Math.ceil(timeMs / minuteMs) * minuteMs)
    .slice(0, 16)
    .replace('T', ' ')} UTC`
}
