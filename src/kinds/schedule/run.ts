// What a schedule reads of one of its snapshots. Pure.
import { isPinned } from '../../api/schedule.ts'
import type { MeiliSnapshotScheduleStatus } from '../../api/schedule.ts'
import { snapshotConditions } from '../../api/snapshot.ts'
import type { SnapshotPhase } from '../../api/snapshot.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import { conditionTypes } from '../../api/meta.ts'
import type { Condition } from '../../api/meta.ts'
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'

/** In ms. A time that lies further ahead is the word of a clock that stood wrong. */
export const futureMs = 3_600_000

export interface Run {
  readonly name: string
  readonly uid: string
  readonly phase: SnapshotPhase
  /** By the API server's clock. */
  readonly createdMs: number
  /** When the engine began the task: its age for all rules, by the server's clock, but not before the object was made. Absent before that. */
  readonly timeMs?: number
  /** When it ended, well or not, by the operator's clock. */
  readonly completedMs?: number
  readonly sizeBytes?: number
  /** Of which MeiliInstance. */
  readonly instance?: string
  /** Where its files are. */
  readonly claim?: string
  readonly documents?: number
  readonly indexes?: number
  /** A person keeps it. */
  readonly isPinned: boolean
  readonly isBeingDeleted: boolean
  /** Of Ready. */
  readonly reason?: string
  /** Of verification.mode Boot. */
  readonly boot?: 'Passed' | 'Failed' | 'Skipped' | 'Inconclusive'
}

/** A drill of the schedule: to slots and records it is as a snapshot is. */
export interface Drill extends Run {
  readonly resourceVersion: string
  /** The MeiliSnapshot that was started, else what was read in its place. */
  readonly of?: string
  /** Measured: from the stored file to the first answer. */
  readonly duration?: string
  readonly durationMs?: number
}

/** Of a schedule that has done nothing yet. */
export const noCounts: NonNullable<MeiliSnapshotScheduleStatus['counts']> = {
  created: 0,
  skipped: 0,
  missed: 0,
  expired: 0,
}

export function runOf({ metadata, spec, status }: KnownSnapshot): Run {
  const artifact = status?.artifact
  const createdMs = Date.parse(metadata.creationTimestamp)
  const completed = timeIn('completedMs', status?.completedAt)
  const began = timeIn('timeMs', status?.task?.startedAt)
  return {
    name: metadata.name,
    uid: metadata.uid,
    phase: phaseOf(status),
    createdMs,
    instance: spec.source.instanceRef.name,
    ...notBefore(createdMs, began, completed),
    ...completed,
    ...(artifact === undefined ? {} : figuresOf(artifact)),
    isPinned: isPinned(metadata),
    isBeingDeleted: metadata.deletionTimestamp !== undefined,
    ...reasonIn(status),
    ...(status?.verification?.result === undefined ? {} : { boot: status.verification.result }),
  }
}

type Status = NonNullable<KnownSnapshot['status']>

/** A good one whose files are being removed, past its own expiresAfter, is no backup any more. */
function phaseOf(status: Status | undefined): SnapshotPhase {
  const available = conditionNamed(conditionsIn(status), snapshotConditions.ArtifactAvailable)
  if (available !== undefined && available.status !== 'True') return 'Expired'
  return status?.phase ?? 'Pending'
}

const conditionsIn = (status: Status | undefined): readonly Pick<Condition, 'type' | 'status' | 'reason'>[] =>
  status?.conditions ?? []

/** A server whose clock was put back would make its newest snapshot the oldest, which goes first. One that was completed before its object was made is older than that object, and has its own time. */
function notBefore(
  createdMs: number,
  began: Pick<Run, 'timeMs'>,
  { completedMs = -Infinity }: Pick<Run, 'completedMs'>,
): Pick<Run, 'timeMs'> {
  if (began.timeMs === undefined || completedMs < createdMs) return began
  return { timeMs: Math.max(began.timeMs, createdMs) }
}

function timeIn<Field extends string>(field: Field, text: string | undefined): { readonly [_ in Field]?: number } {
  const timeMs = Date.parse(text ?? '')
  return (Number.isNaN(timeMs) ? {} : { [field]: timeMs }) as { readonly [_ in Field]?: number }
}

function figuresOf({ claimName, sizeBytes, documents, indexes }: NonNullable<Status['artifact']>): Partial<Run> {
  return {
    sizeBytes,
    claim: claimName,
    ...(documents === undefined ? {} : { documents }),
    ...(indexes === undefined ? {} : { indexes }),
  }
}

function reasonIn(status: Status | undefined): { readonly reason?: string } {
  const ready = conditionNamed(conditionsIn(status), conditionTypes.Ready)
  return ready === undefined ? {} : { reason: ready.reason }
}
