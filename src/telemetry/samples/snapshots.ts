// Says of the snapshots of one instance what /metrics shows. Looks at those that have not ended, and at the newest of each end. Pure.
import type { SnapshotPhase } from '../../api/snapshot.ts'
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'
import type { Sample } from '../families/family.ts'
import { labelsOf } from './labels.ts'

const phases: readonly SnapshotPhase[] = [
  'Pending',
  'Snapshotting',
  'Moving',
  'Verifying',
  'Completed',
  'Failed',
  'Expired',
]

/** What is known of all snapshots without a look at each. An instance and a claim are named by `namespace/name`. */
export interface KnownSnapshots {
  /** All that a snapshot names. */
  instances(): Iterable<string>
  /** All of which a mover said what is free. */
  claims(): Iterable<string>
  listUnfinished(instance: string): Iterable<KnownSnapshot>
  lastCompleted(instance: string): KnownSnapshot | undefined
  lastFailed(instance: string): KnownSnapshot | undefined
  /** On which a server was started that said whether it serves. */
  lastBooted(instance: string): KnownSnapshot | undefined
  /** On which work began last. */
  lastBegun(instance: string): KnownSnapshot | undefined
  /** Whose mover saw last what is free on the claim. */
  lastOnClaim(claim: string): KnownSnapshot | undefined
  inPhase(instance: string, phase: SnapshotPhase): number
  overdue(instance: string): number
}

/** Undefined where nothing is on record, or nothing that is a time. */
export function secondsOf(time: string | undefined): number | undefined {
  const timeMs = time === undefined ? NaN : Date.parse(time)
  return Number.isNaN(timeMs) ? undefined : timeMs / 1000
}

/** @param remembered when the last good one completed, as the instance remembers it when the object is gone */
export function snapshotSamples(known: KnownSnapshots, key: string, remembered: string | undefined): Sample[] {
  const labels = labelsOf(key)
  const good = known.lastCompleted(key)
  const figures: readonly (readonly [string, number | undefined])[] = [
    [
      'meili_snapshot_last_success_timestamp_seconds',
      latest(secondsOf(good?.status?.completedAt), secondsOf(remembered)),
    ],
    ['meili_snapshot_last_failure_timestamp_seconds', secondsOf(known.lastFailed(key)?.status?.completedAt)],
    ['meili_snapshot_last_attempt_timestamp_seconds', secondsOf(known.lastBegun(key)?.status?.startedAt)],
    ['meili_snapshot_oldest_unfinished_timestamp_seconds', oldestOf(known.listUnfinished(key))],
    ['meili_snapshot_overdue', known.overdue(key)],
    ['meili_snapshot_size_bytes', good?.status?.artifact?.sizeBytes],
    ...provedBy(known.lastBooted(key)),
    ['meili_snapshot_boot_inconclusive', unprovedIn(good)],
  ]
  return [
    ...figures.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels, value }])),
    ...phases.map((phase) => ({
      name: 'meili_snapshot_phase',
      labels: { ...labels, phase },
      value: known.inPhase(key, phase),
    })),
    ...(good === undefined ? [] : durations(labels, good)),
  ]
}

/** One that said nothing changes nothing of what the one before said. */
function provedBy(newest: KnownSnapshot | undefined): readonly (readonly [string, number | undefined])[] {
  if (newest?.status?.verification === undefined) return []
  const { result, at, restoreDuration } = newest.status.verification
  return [
    ['meili_snapshot_boot_passed', Number(result === 'Passed')],
    ['meili_snapshot_boot_timestamp_seconds', secondsOf(at)],
    ['meili_snapshot_recovery_seconds', restoreDuration && restoreDuration.totalMs / 1000],
  ]
}

/** Undefined where none was started. */
function unprovedIn(good: KnownSnapshot | undefined): number | undefined {
  const { result = 'Skipped' } = good?.status?.verification ?? {}
  return result === 'Skipped' ? undefined : Number(result === 'Inconclusive')
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}

function oldestOf(unfinished: Iterable<KnownSnapshot>): number | undefined {
  let oldest: number | undefined
  for (const { metadata } of unfinished) {
    const created = secondsOf(metadata.creationTimestamp)
    if (created !== undefined && created < (oldest ?? Infinity)) oldest = created
  }
  return oldest
}

/** The times on record, each from our own clock but the first, which is the API server's. */
function durations(labels: Readonly<Record<string, string>>, { metadata, status }: KnownSnapshot): Sample[] {
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
