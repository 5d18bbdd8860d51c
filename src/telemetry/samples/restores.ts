// Says of restores and drills what /metrics shows, from nothing but the objects. What has not happened is absent. Pure.
import { conditionTypes, durationMs } from '../../api/meta.ts'
import { inconclusiveDrills, restorePhases } from '../../api/restore.ts'
import type { MeiliRestore } from '../../api/restore.ts'
import { scheduleLabel } from '../../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../api/schedule.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import type { Sample } from '../families/family.ts'
import { keyOf, labelsOf } from './labels.ts'
import { secondsOf } from './snapshots.ts'

type Labels = Readonly<Record<string, string>>
type Figures = Readonly<Record<string, number | undefined>>
type Kind = 'InPlace' | 'Claim' | 'Drill'

/** Restores of one target, in no order. */
interface Target {
  readonly kind: Kind
  readonly namespace: string
  /** Of the instance or the claim; of a drill its schedule, empty for one by hand. */
  readonly name: string
  readonly restores: MeiliRestore[]
}

/** Costs what restores and schedules cost. */
export function restoreSamples(restores: Iterable<MeiliRestore>, schedules: Iterable<MeiliSnapshotSchedule>): Sample[] {
  const drilled = new Map<string, MeiliSnapshotSchedule>()
  for (const schedule of schedules)
    if (schedule.status?.drill !== undefined)
      drilled.set(keyOf(schedule.metadata.namespace, schedule.metadata.name), schedule)
  const targets = targetsOf(restores)
  const withDrills = new Set(targets.map(({ kind, namespace, name }) => `${kind}/${keyOf(namespace, name)}`))
  return [
    ...targets.flatMap((target) => samplesOf(target, drilled)),
    // Its MeiliRestores may have gone.
    ...[...drilled].flatMap(
      ([
        key,
        {
          metadata: { namespace, name },
        },
      ]) =>
        withDrills.has(`Drill/${key}`)
          ? []
          : drillSamples({ kind: 'Drill', namespace, name, restores: [] }, drilled.get(key)),
    ),
  ]
}

function samplesOf(target: Target, drilled: ReadonlyMap<string, MeiliSnapshotSchedule>): Sample[] {
  const ofPhases = phaseSamples(target)
  if (target.kind === 'Drill')
    return [...ofPhases, ...drillSamples(target, drilled.get(keyOf(target.namespace, target.name)))]
  return [...ofPhases, ...targetSamples(target), ...(target.kind === 'InPlace' ? instanceSamples(target) : [])]
}

function targetsOf(restores: Iterable<MeiliRestore>): readonly Target[] {
  const targets = new Map<string, Target>()
  for (const restore of restores) {
    const { namespace } = restore.metadata
    const [kind, name] = targetOf(restore)
    const key = `${kind}/${keyOf(namespace, name)}`
    const known = targets.get(key)
    if (known === undefined) targets.set(key, { kind, namespace, name, restores: [restore] })
    else known.restores.push(restore)
  }
  return [...targets.values()]
}

function targetOf({ metadata, spec: { target } }: MeiliRestore): readonly [Kind, string] {
  if (target.inPlace !== undefined) return ['InPlace', target.inPlace.instanceRef.name]
  if (target.claim !== undefined) return ['Claim', target.claim.name]
  return ['Drill', metadata.labels?.[scheduleLabel] ?? '']
}

function samplesWith(labels: Labels, figures: Figures): Sample[] {
  return Object.entries(figures).flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels, value }]))
}

function phaseSamples({ kind, namespace, name, restores }: Target): Sample[] {
  return restorePhases.map((phase) => ({
    name: 'meili_restore_phase',
    labels: { namespace, kind, target: name, phase },
    value: restores.filter(({ status }) => (status?.phase ?? 'Pending') === phase).length,
  }))
}

function targetSamples({ kind, namespace, name, restores }: Target): Sample[] {
  const filled = newest(restores, ({ status }) => secondsOf(status?.fill?.completedAt))?.status?.fill
  return samplesWith(
    { namespace, kind, target: name },
    {
      meili_restore_last_success_timestamp_seconds: latest(restores.filter(hasSucceeded)),
      meili_restore_last_failure_timestamp_seconds: latest(restores.filter(hasFailed)),
      meili_restore_oldest_unfinished_timestamp_seconds: oldest(
        restores.filter(isUnfinished).map(({ metadata }) => secondsOf(metadata.creationTimestamp)),
      ),
      meili_restore_fill_seconds: secondsIn(filled?.fetchMs, filled?.extractMs),
    },
  )
}

function instanceSamples({ namespace, name, restores }: Target): Sample[] {
  const exchanged = restores.filter(({ status }) => status?.switched?.downtimeMs !== undefined)
  const kept = restores.flatMap(({ status }) => (status?.oldData === undefined ? [] : [status.oldData]))
  const last = newest(exchanged, ({ status }) => secondsOf(status?.switched?.at))
  return samplesWith(labelsOf(keyOf(namespace, name)), {
    meili_restore_downtime_seconds: secondsIn(last?.status?.switched?.downtimeMs),
    meili_restore_old_data_claims: kept.length,
    meili_restore_old_data_bytes: kept.reduce((bytes, { capacityBytes = 0 }) => bytes + capacityBytes, 0),
    meili_restore_old_data_since_timestamp_seconds: oldest(kept.map(({ keptSince }) => secondsOf(keptSince))),
  })
}

/** Of one schedule, or by hand: what the MeiliRestores that are there say, and what the schedule remembers. */
function drillSamples({ namespace, name, restores }: Target, schedule: MeiliSnapshotSchedule | undefined): Sample[] {
  const good = newest(restores.filter(hasSucceeded), endedAt)
  const { lastSuccess, lastFailure } = schedule?.status?.drill ?? {}
  const goodMs = good?.status?.inspection?.restoreDuration?.totalMs
  const failed = restores.filter(hasFailed)
  const lastOf = (isMeant: (reason: string) => boolean): number | undefined =>
    later(
      latest(failed.filter((restore) => isMeant(reasonOf(restore)))),
      lastFailure !== undefined && isMeant(lastFailure.reason) ? secondsOf(lastFailure.completedAt) : undefined,
    )
  return samplesWith(
    { namespace, schedule: name },
    {
      meili_drill_last_success_timestamp_seconds: later(good && endedAt(good), secondsOf(lastSuccess?.completedAt)),
      meili_drill_last_failure_timestamp_seconds: lastOf((reason) => !inconclusiveDrills.has(reason)),
      meili_drill_last_inconclusive_timestamp_seconds: lastOf((reason) => inconclusiveDrills.has(reason)),
      meili_drill_duration_seconds: secondsIn(goodMs ?? lastSuccess?.durationMs),
      meili_drill_overdue_from_timestamp_seconds: schedule && overdueFrom(schedule),
    },
  )
}

/** Two of the last intervals, and startingDeadline, after the last good one. */
function overdueFrom({ spec, status }: MeiliSnapshotSchedule): number | undefined {
  const { lastSuccess, lastSlot, nextSlot } = status?.drill ?? {}
  const times = [lastSuccess?.completedAt, lastSlot, nextSlot].map(secondsOf)
  const [goodAt, last, next] = times
  if (spec.suspend || goodAt === undefined || last === undefined || next === undefined) return undefined
  return goodAt + 2 * (next - last) + durationMs(spec.startingDeadline) / 1000
}

const reasonOf = ({ status }: MeiliRestore): string =>
  conditionNamed(status?.conditions, conditionTypes.Ready)?.reason ?? ''

const hasSucceeded = ({ status }: MeiliRestore): boolean => status?.phase === 'Completed'

/** A server that was put back because somebody asked for it is no failure. */
const hasFailed = ({ status }: MeiliRestore): boolean =>
  status?.phase === 'Failed' || (status?.phase === 'RolledBack' && !['Asked', 'Deleted'].includes(causeOf(status)))

const causeOf = (status: NonNullable<MeiliRestore['status']>): string => status.rollback?.cause ?? ''

/** A plan waits for nobody but a person. */
const isUnfinished = (restore: MeiliRestore): boolean =>
  !hasSucceeded(restore) &&
  !['Failed', 'RolledBack'].includes(restore.status?.phase ?? '') &&
  !(restore.status?.phase === 'Planned' && restore.spec.mode === 'DryRun')

const endedAt = ({ status }: MeiliRestore): number | undefined => secondsOf(status?.completedAt)

function newest(
  restores: readonly MeiliRestore[],
  timeOf: (restore: MeiliRestore) => number | undefined,
): MeiliRestore | undefined {
  const timed = restores.filter((restore) => timeOf(restore) !== undefined)
  return timed.toSorted((a, b) => (timeOf(b) ?? 0) - (timeOf(a) ?? 0))[0]
}

const latest = (restores: readonly MeiliRestore[]): number | undefined => {
  const last = newest(restores, endedAt)
  return last && endedAt(last)
}

const later = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a

const oldest = (times: readonly (number | undefined)[]): number | undefined =>
  times.reduce((first, time) => (time === undefined || (first !== undefined && first < time) ? first : time), undefined)

/** Undefined where none of them is known. */
function secondsIn(...spansMs: readonly (number | undefined)[]): number | undefined {
  const known = spansMs.filter((spanMs) => spanMs !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, spanMs) => sum + spanMs, 0) / 1000
}
