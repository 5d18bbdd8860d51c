// Computes the deadlines of a restore, by our clock only. Pure.
import { durationMs } from '../../../api/meta.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'

const timeMs = (since: string | undefined, nowMs: number): number => (since === undefined ? nowMs : Date.parse(since))

/** When it left the queue, or went on from a plan that somebody looked at; now, where it has not yet. */
export const startedMs = ({ status }: MeiliRestore, nowMs: number): number => timeMs(status?.startedAt, nowMs)

/** A snapshot that is taken first has deadlines of its own: the clock begins anew when it has ended. */
export function startDeadlineMs(restore: MeiliRestore, nowMs: number): number {
  const sinceMs = Math.max(startedMs(restore, nowMs), Date.parse(restore.status?.safety?.completedAt ?? '') || 0)
  return sinceMs + durationMs(restore.spec.deadlines.start)
}

/** Counted from the first claim or Job, whatever attempt it is. */
export const fillDeadlineMs = ({ spec, status }: MeiliRestore, nowMs: number): number =>
  timeMs(status?.fill?.startedAt, nowMs) + durationMs(spec.deadlines.fill)

/** Of a drill: of all its Jobs, from the first one on. */
export const drillDeadlineMs = (
  {
    spec,
    status,
  }: Pick<MeiliRestore, 'spec'> & { readonly status?: Pick<MeiliRestoreStatus, 'inspection'> | undefined },
  nowMs: number,
): number => timeMs(status?.inspection?.startedAt, nowMs) + durationMs(spec.deadlines.fill)

/** Counted from when the server was to stop. */
export const switchDeadlineMs = ({ spec, status }: MeiliRestore, nowMs: number): number =>
  timeMs(status?.switched?.stoppingAt, nowMs) + durationMs(spec.deadlines.switch)

const minuteMs = 60_000

/** A deadline as people read it: the next whole minute, so that it never names a time that has passed. */
export function deadlineText(endMs: number): string {
  return `${instant(Math.ceil(endMs / minuteMs) * minuteMs)
    .slice(0, 16)
    .replace('T', ' ')} UTC`
}
