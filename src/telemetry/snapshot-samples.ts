// Sums up all snapshots of one instance. Takes one object after the other, so that ten thousand are one pass. Pure.
import { snapshotConditions } from '../api/snapshot.ts'
import type { MeiliSnapshot, SnapshotPhase } from '../api/snapshot.ts'
import { isTrue } from '../api/conditions.ts'
import type { Sample } from './family.ts'

const phases: readonly SnapshotPhase[] = ['Pending', 'Snapshotting', 'Moving', 'Verifying', 'Completed', 'Failed']

/** What is gathered of one instance. Times are Unix seconds. */
export interface Gathered {
  readonly phases: Map<SnapshotPhase, number>
  overdue: number
  lastAttempt?: number
  lastFailure?: number
  lastSuccess?: number
  oldestUnfinished?: number
  /** The newest that completed; the end of an object of the same second does not matter. */
  good?: MeiliSnapshot
}

export function nothingGathered(): Gathered {
  return { phases: new Map(phases.map((phase) => [phase, 0])), overdue: 0 }
}

/** Undefined where nothing is on record, or nothing that is a time. */
export function secondsOf(time: string | undefined): number | undefined {
  const timeMs = time === undefined ? NaN : Date.parse(time)
  return Number.isNaN(timeMs) ? undefined : timeMs / 1000
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}

/** An object without a phase has not been looked at yet: it waits. */
export function gather(into: Gathered, snapshot: MeiliSnapshot): void {
  const { metadata, status } = snapshot
  const phase = status?.phase ?? 'Pending'
  into.phases.set(phase, (into.phases.get(phase) ?? 0) + 1)
  assign(into, 'lastAttempt', latest(into.lastAttempt, secondsOf(status?.startedAt)))
  if (isTrue(status?.conditions, snapshotConditions.Overdue)) into.overdue += 1
  const ended = secondsOf(status?.completedAt)
  if (phase === 'Failed') assign(into, 'lastFailure', latest(into.lastFailure, ended))
  else if (phase === 'Completed') gatherSuccess(into, snapshot, ended)
  else {
    const created = secondsOf(metadata.creationTimestamp) ?? Infinity
    if (created < (into.oldestUnfinished ?? Infinity)) into.oldestUnfinished = created
  }
}

function gatherSuccess(into: Gathered, snapshot: MeiliSnapshot, ended: number | undefined): void {
  if (ended === undefined || ended < (secondsOf(into.good?.status?.completedAt) ?? -Infinity)) return
  into.good = snapshot
  assign(into, 'lastSuccess', latest(into.lastSuccess, ended))
}

/** The instance remembers its last good snapshot when the object is gone. */
export function gatherLastSuccess(into: Gathered, completedAt: string | undefined): void {
  assign(into, 'lastSuccess', latest(into.lastSuccess, secondsOf(completedAt)))
}

function assign(
  into: Gathered,
  member: 'lastAttempt' | 'lastFailure' | 'lastSuccess',
  seconds: number | undefined,
): void {
  if (seconds !== undefined) into[member] = seconds
}

export function snapshotSamples(labels: Readonly<Record<string, string>>, gathered: Gathered): Sample[] {
  const { good } = gathered
  const figures: readonly (readonly [string, number | undefined])[] = [
    ['meili_snapshot_last_success_timestamp_seconds', gathered.lastSuccess],
    ['meili_snapshot_last_failure_timestamp_seconds', gathered.lastFailure],
    ['meili_snapshot_last_attempt_timestamp_seconds', gathered.lastAttempt],
    ['meili_snapshot_oldest_unfinished_timestamp_seconds', gathered.oldestUnfinished],
    ['meili_snapshot_overdue', gathered.overdue],
    ['meili_snapshot_size_bytes', good?.status?.artifact?.sizeBytes],
  ]
  return [
    ...figures.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels, value }])),
    ...[...gathered.phases].map(([phase, value]) => ({
      name: 'meili_snapshot_phase',
      labels: { ...labels, phase },
      value,
    })),
    ...(good === undefined ? [] : durations(labels, good)),
  ]
}

/** The times on record, each from our own clock but the first, which is the API server's. */
function durations(labels: Readonly<Record<string, string>>, { metadata, status }: MeiliSnapshot): Sample[] {
  const steps = [
    ['Pending', metadata.creationTimestamp, status?.request?.postedAt],
    ['Snapshotting', status?.request?.postedAt, status?.move?.startedAt],
    ['Moving', status?.move?.startedAt, status?.completedAt],
  ] as const
  return steps.flatMap(([phase, from, until]) => {
    const [start, end] = [secondsOf(from), secondsOf(until)]
    if (start === undefined || end === undefined) return []
    return [
      { name: 'meili_snapshot_phase_duration_seconds', labels: { ...labels, phase }, value: Math.max(0, end - start) },
    ]
  })
}
