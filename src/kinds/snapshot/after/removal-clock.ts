// How long the removal of an artifact may take, and when it is tried again. Pure.
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import { restOf } from '../../../reconcile/job/life.ts'
import { growing, pauseAfter, pauses } from '../status/pauses.ts'

export type DeleteArtifact = NonNullable<MeiliSnapshotStatus['deleteArtifact']>

export const maxAttempts = 3
/** An attempt that has not ended this long after its Job was to be made does not end: its node or its volume is away, or the Job is refused. For an expiry nobody waits, and a quota may be full for a night. */
const giveUpAfter = {
  deletion: { spanMs: 600_000, text: '10 minutes' },
  expiry: { spanMs: 86_400_000, text: '24 hours' },
} as const

const limitOf = ({ metadata }: MeiliSnapshot): (typeof giveUpAfter)[keyof typeof giveUpAfter] =>
  giveUpAfter[metadata.deletionTimestamp === undefined ? 'expiry' : 'deletion']

/** How long nobody looked, and how long others held the deletion up before the first attempt, does not count; nor what an expiry took before it. */
export function isTooLate(snapshot: MeiliSnapshot, { startedAt }: DeleteArtifact, nowMs: number): boolean {
  if (startedAt === undefined) return false
  const { expiry } = snapshot.status ?? {}
  const deletedMs = expiry === undefined ? NaN : Date.parse(snapshot.metadata.deletionTimestamp ?? '')
  const sinceMs = Math.max(Date.parse(startedAt), Number.isNaN(deletedMs) ? 0 : deletedMs)
  return nowMs - sinceMs > limitOf(snapshot).spanMs
}

/** Whoever deletes the object waits; an expiry is woken by its Job and its pod. */
export function lookAgainMs({ metadata, status }: MeiliSnapshot, nowMs: number): number {
  if (metadata.deletionTimestamp !== undefined) return pauses.changeMs
  return growing.turn(nowMs - Date.parse(status?.deleteArtifact?.startedAt ?? instant(nowMs)))
}

/** The long pauses of an expiry hold no deletion up. */
export function retryAtOf({ metadata, status }: MeiliSnapshot, nowMs: number): string | undefined {
  const retryAt = status?.deleteArtifact?.retryAt
  const isLong = restOf(retryAt, nowMs) > pauseAfter.removal(maxAttempts)
  return metadata.deletionTimestamp !== undefined && isLong ? undefined : retryAt
}

/** It no longer waits for its turn: where it was begun before, as a Job that was refused, the clock goes on where it stood. */
export function runClock({ queuedAt, startedAt, ...begun }: DeleteArtifact, nowMs: number): DeleteArtifact {
  const waitedMs = queuedAt === undefined ? 0 : Math.max(0, nowMs - Date.parse(queuedAt))
  return { ...begun, startedAt: instant(startedAt === undefined ? nowMs : Date.parse(startedAt) + waitedMs) }
}

export const tooLong = (snapshot: MeiliSnapshot, why = ''): string =>
  `It took longer than ${limitOf(snapshot).text}. ${why}`.trim()
