// Maps changed objects to the MeiliSnapshotSchedules to reconcile: the schedule itself, and the one whose snapshot it is.
import { isDeepStrictEqual } from 'node:util'
import { confirmAnnotation, meiliSnapshotSchedules, runNowAnnotation, scheduleLabel } from '../../api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../api/schedule.ts'
import type { MeiliRestore } from '../../api/restore.ts'
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'
import type { KindReconciler } from '../../reconcile/kind.ts'
import { scheduleLabelValue } from '../../reconcile/names/schedule.ts'
import { applyFact } from './apply-fact.ts'
import { decideSchedule } from './decide.ts'
import { scheduleEvents } from './status/events.ts'
import type { ScheduleObservation } from './observation.ts'
import { observeSchedule, scheduleKeyOf } from './observe/observe.ts'
import type { ScheduleWorld } from './observe/observe.ts'
import { runOf } from './run.ts'
import { recordRefusedRead } from './status/refused-read.ts'

export function scheduleKind(
  world: ScheduleWorld,
): KindReconciler<MeiliSnapshotSchedule, ScheduleObservation, MeiliSnapshotScheduleStatus> {
  return {
    resource: meiliSnapshotSchedules,
    observe: (schedule) => observeSchedule(world, schedule),
    decide: decideSchedule,
    recordRefusedRead,
    applyFact,
    events: scheduleEvents,
  }
}

const readAnnotations: readonly string[] = [runNowAnnotation, confirmAnnotation]

/** For the cache: of annotations, in which strangers may lay up a quarter of a megabyte, those alone that are read. */
export function keepSchedule(schedule: MeiliSnapshotSchedule): MeiliSnapshotSchedule {
  const { annotations, ...metadata } = schedule.metadata
  const kept = Object.entries(annotations ?? {}).filter(([name]) => readAnnotations.includes(name))
  return {
    ...schedule,
    metadata: kept.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(kept) },
  }
}

/** Under what the cache finds schedules: what their snapshots carry in a label. */
export const scheduleIndexes = {
  label: ({ metadata }: MeiliSnapshotSchedule): string[] => [
    scheduleKeyOf(metadata.namespace, scheduleLabelValue(metadata.name)),
  ],
}

/** What a snapshot says of its schedule, for the index of snapshots: the same as `scheduleIndexes.label`. */
export function scheduleOfSnapshot({ metadata }: KnownSnapshot): string[] {
  const label = metadata.labels?.[scheduleLabel]
  return label === undefined ? [] : [scheduleKeyOf(metadata.namespace, label)]
}

/** The schedule whose snapshot it is. */
export function schedulesOf(
  withLabel: (label: string) => Iterable<MeiliSnapshotSchedule>,
): (snapshot: KnownSnapshot) => string[] {
  return (snapshot) =>
    scheduleOfSnapshot(snapshot)
      .flatMap((label) => [...withLabel(label)])
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

/** What a drill says of its schedule, for the index of restores: the same as `scheduleIndexes.label`. */
export function scheduleOfDrill({ metadata, spec }: MeiliRestore): string[] {
  const label = metadata.labels?.[scheduleLabel]
  return label === undefined || spec.target.scratch === undefined ? [] : [scheduleKeyOf(metadata.namespace, label)]
}

/** The schedule whose drill it is. */
export function schedulesOfDrill(
  withLabel: (label: string) => Iterable<MeiliSnapshotSchedule>,
): (drill: MeiliRestore) => string[] {
  return (drill) =>
    scheduleOfDrill(drill)
      .flatMap((label) => [...withLabel(label)])
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

interface Change<T> {
  readonly previous: T | undefined
  readonly current: T | undefined
}

/** A schedule reads little of a snapshot: how far a mover is, is no news. */
export function isNewsOfRun({ previous, current }: Change<KnownSnapshot>): boolean {
  if (previous === undefined || current === undefined) return true
  return (
    !isDeepStrictEqual(scheduleOfSnapshot(previous), scheduleOfSnapshot(current)) ||
    (scheduleOfSnapshot(current).length > 0 && !isDeepStrictEqual(runOf(previous), runOf(current)))
  )
}

/** How far a drill is, is no news: how it ended, and that it goes. */
export function isNewsOfDrill({ previous, current }: Change<MeiliRestore>): boolean {
  if (previous === undefined || current === undefined) return true
  return (
    previous.status?.phase !== current.status?.phase ||
    previous.metadata.deletionTimestamp !== current.metadata.deletionTimestamp ||
    !isDeepStrictEqual(scheduleOfDrill(previous), scheduleOfDrill(current))
  )
}

/** The two annotations that are read are heard at once, all others as `otherwise` says. */
export function isNewsOfSchedule(
  otherwise: (change: Change<MeiliSnapshotSchedule>) => boolean,
): (change: Change<MeiliSnapshotSchedule>) => boolean {
  return (change) => isAsked(change) || otherwise(change)
}

function isAsked({ previous, current }: Change<MeiliSnapshotSchedule>): boolean {
  return readAnnotations.some(
    (name) => current !== undefined && previous?.metadata.annotations?.[name] !== current.metadata.annotations?.[name],
  )
}
