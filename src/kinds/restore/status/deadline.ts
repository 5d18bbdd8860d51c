// Computes the deadlines of a restore, by our clock only. Pure.
import { durationMs } from '../../../api/meta.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'

const sinceMs = (since: string | undefined, nowMs: number): number => (since === undefined ? nowMs : Date.parse(since))

/** When it left the queue, or went on from a plan that somebody looked at; now, where it has not yet. */
export const startedMs = ({ status }: MeiliRestore, nowMs: number): number => sinceMs(status?.startedAt, nowMs)

export const startDeadlineMs = (restore: MeiliRestore, nowMs: number): number =>
  startedMs(restore, nowMs) + durationMs(restore.spec.deadlines.start)

/** Counted from the first claim or Job, whatever attempt it is. */
export const fillDeadlineMs = ({ spec, status }: MeiliRestore, nowMs: number): number =>
  sinceMs(status?.fill?.startedAt, nowMs) + durationMs(spec.deadlines.fill)

/** Counted from when the server was to stop. */
export const switchDeadlineMs = ({ spec, status }: MeiliRestore, nowMs: number): number =>
  sinceMs(status?.switched?.stoppingAt, nowMs) + durationMs(spec.deadlines.switch)

const minuteMs = 60_000

/** A deadline as people read it: the next whole minute, so that it never names a time that has passed. */
export function deadlineText(timeMs: number): string {
  return `${instant(Math.ceil(timeMs / minuteMs) * minuteMs)
    .slice(0, 16)
    .replace('T', ' ')} UTC`
}
