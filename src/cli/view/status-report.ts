// Builds the report of `status`: each instance with its last snapshot, what is under way, and what is wrong. Pure.
import { instanceConditions } from '../../api/instance.ts'
import { conditionTypes } from '../../api/meta.ts'
import type { Condition } from '../../api/meta.ts'
import { hasSucceeded, isFinished } from '../../api/snapshot.ts'
import { conditionNamed, isTrue } from '../../api/status/conditions.ts'
import type { Instance, Restore, Schedule, Snapshot } from '../cluster.ts'
import { longAgoMs, newest, unprotectedText } from './last-snapshot.ts'
import { progressOf } from './progress.ts'
import { isAtWork, restoreProgress } from './restore/progress.ts'
import { oldDataWarning, restoreProblems, restoresByInstance } from './restore/subject.ts'
import { instanceOf, scheduleProblems, whenText } from './schedule.ts'
import { withoutStop } from '../terminal/format.ts'

export interface InstanceReport {
  readonly namespace: string
  readonly name: string
  readonly ready: boolean
  readonly version?: string | undefined
  readonly documents?: number | undefined
  readonly sizeBytes?: number | undefined
  readonly lastSnapshot?:
    | { readonly name: string; readonly completedAt: string; readonly sizeBytes: number | undefined }
    | undefined
  readonly running: readonly {
    readonly name: string
    readonly phase: string
    readonly percent: number | undefined
    readonly about: string
  }[]
  readonly schedules: readonly ScheduleReport[]
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

interface ScheduleReport {
  readonly name: string
  readonly when: string
  readonly suspended: boolean
  readonly nextSlot: string | undefined
  readonly lastSuccess: string | undefined
  readonly kept: number | undefined
}

export interface StatusWorld {
  readonly instances: readonly Instance[]
  readonly snapshots: readonly Snapshot[]
  /** Undefined where they could not be read. */
  readonly schedules: readonly Schedule[] | undefined
  readonly restores?: readonly Restore[] | undefined
}

/** What is of instances that are gone is reported under the name of the instance, which is then not ready. */
export function statusReport(
  { instances, snapshots, schedules, restores = [] }: StatusWorld,
  nowMs: number,
): InstanceReport[] {
  const snapshotsOf = Map.groupBy(snapshots, ({ metadata, spec }) => keyOf(metadata, spec.source.instanceRef.name))
  const schedulesOf = Map.groupBy(schedules ?? [], (schedule) => keyOf(schedule.metadata, instanceOf(schedule)))
  const restoresOf = restoresByInstance({ restores, snapshots, schedules: schedules ?? [] })
  const own = (key: string): Own => ({
    snapshots: snapshotsOf.get(key) ?? [],
    schedules: schedulesOf.get(key) ?? [],
    restores: restoresOf.get(key) ?? [],
  })
  const known = new Set(instances.map(({ metadata }) => keyOf(metadata, metadata.name)))
  const waiting = [...snapshotsOf].filter(([, list]) => !list.every(isFinished)).map(([key]) => key)
  const orphaned = new Set([...waiting, ...schedulesOf.keys()].filter((key) => !known.has(key)))
  const ageWarnings = (instance: Instance): string[] => {
    const text = unprotectedText(instance, { snapshots, schedules }, nowMs)
    const isYoung = nowMs - Date.parse(instance.metadata.creationTimestamp) <= longAgoMs
    return text === undefined || schedules === undefined || isYoung ? [] : [text]
  }
  return [
    ...instances.map((instance) => {
      const its = own(keyOf(instance.metadata, instance.metadata.name))
      const warnings = [...ageWarnings(instance), ...its.restores.flatMap(oldDataWarning)]
      return { ...instanceReport(instance, its), warnings }
    }),
    ...[...orphaned].map((key) => orphansReport(key, own(key))),
  ]
}

interface Own {
  readonly snapshots: readonly Snapshot[]
  readonly schedules: readonly Schedule[]
  readonly restores: readonly Restore[]
}

const keyOf = ({ namespace }: Instance['metadata'], instance: string): string => `${namespace}/${instance}`

function instanceReport(
  { metadata, status }: Instance,
  { snapshots, schedules, restores }: Own,
): Omit<InstanceReport, 'warnings'> {
  const last = newest(snapshots.filter(hasSucceeded))
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    ready: isTrue(status?.conditions, conditionTypes.Ready),
    version: status?.version,
    documents: status?.database?.documents,
    sizeBytes: status?.database?.sizeBytes,
    lastSnapshot: last && {
      name: last.metadata.name,
      completedAt: last.status?.completedAt ?? '',
      sizeBytes: last.status?.artifact?.sizeBytes,
    },
    running: running(snapshots, restores),
    schedules: schedules.map(scheduleReport),
    problems: [
      ...conditionProblems(status?.conditions),
      ...snapshotProblems(snapshots),
      ...restoreProblems(restores),
      ...schedules.flatMap(problemsOfSchedule),
    ],
  }
}

function orphansReport(key: string, { snapshots, schedules, restores }: Own): InstanceReport {
  const [namespace = '', name = ''] = key.split('/')
  const waiting = snapshots.every(isFinished) ? [] : ['snapshots that wait for it']
  const what = [...waiting, ...schedules.map(({ metadata }) => `schedule ${metadata.name}`)]
  return {
    namespace,
    name,
    ready: false,
    running: running(snapshots, restores),
    schedules: schedules.map(scheduleReport),
    problems: [
      `There is no MeiliInstance ${name}, but ${what.join(' and ')}.`,
      ...schedules.flatMap(problemsOfSchedule),
    ],
    warnings: [],
  }
}

function scheduleReport({ metadata, spec, status }: Schedule): ScheduleReport {
  return {
    name: metadata.name,
    when: whenText(spec),
    suspended: spec.suspend,
    nextSlot: spec.suspend ? undefined : status?.nextSlot,
    lastSuccess: status?.lastSuccess?.completedAt,
    kept: status?.kept?.count,
  }
}

const problemsOfSchedule = (schedule: Schedule): string[] =>
  scheduleProblems(schedule).map((text) => `schedule ${schedule.metadata.name}: ${text}`)

function running(snapshots: readonly Snapshot[], restores: readonly Restore[]): InstanceReport['running'] {
  const taken = snapshots.filter((snapshot) => !isFinished(snapshot)).map((one) => [one, '', progressOf(one)] as const)
  const brought = restores.filter(isAtWork).map((one) => [one, 'restore/', restoreProgress(one)] as const)
  return [...taken, ...brought].map(([{ metadata }, kind, { phase, percent, about }]) => ({
    name: `${kind}${metadata.name}`,
    phase,
    percent,
    about,
  }))
}

const conditionText = ({ reason, message }: Condition): string => `${reason}: ${message}`

function conditionProblems(conditions: readonly Condition[] | undefined): string[] {
  if (conditionNamed(conditions, conditionTypes.Ready) === undefined) return ['The operator has not looked at it yet.']
  return falseConditions(conditions).map(conditionText)
}

/** What an instance lacks: to be Ready, to be all that was asked for, to have snapshots that can be moved. What two of them say is said once. */
export function falseConditions(conditions: readonly Condition[] | undefined): Condition[] {
  const types = [conditionTypes.Ready, instanceConditions.Applied, instanceConditions.SnapshotVolumeReady]
  const found = types
    .map((type) => conditionNamed(conditions, type))
    .filter((condition) => condition?.status === 'False') as Condition[]
  return found.filter(({ message }, index) => found.findIndex((other) => other.message === message) === index)
}

/** The last one that ended, where it failed; and what is overdue or lacks space now. */
function snapshotProblems(snapshots: readonly Snapshot[]): string[] {
  const last = newest(snapshots.filter(isFinished))
  const ready = conditionNamed(last?.status?.conditions, conditionTypes.Ready)
  const failed =
    last?.status?.phase === 'Failed' && ready !== undefined
      ? [`snapshot ${last.metadata.name} failed: ${conditionText(ready)}`]
      : []
  const overdue = snapshots.flatMap(({ metadata, status }) => {
    const late = conditionNamed(status?.conditions, 'Overdue')
    return late?.status === 'True' ? [`snapshot ${metadata.name} is overdue: ${withoutStop(late.message)}.`] : []
  })
  return [...failed, ...overdue]
}
