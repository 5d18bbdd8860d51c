// What a schedule reads of one of its drills, and what a drill's MeiliRestore looks like. Pure.
import { createHash } from 'node:crypto'
import { apiVersion } from '../../../api/group.ts'
import { withoutUndefined } from '../../../api/json.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { meiliRestores } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { meiliSnapshotSchedules, scheduleLabel, scheduleUidLabel } from '../../../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../api/schedule.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { scheduleLabelValue } from '../../../reconcile/names/schedule.ts'
import type { Drill, Run } from '../run.ts'

/** A restore of another target that carries the label is none, whoever put it there. */
export function drillsAmong(restores: Iterable<MeiliRestore>): readonly Drill[] {
  return [...restores].filter(({ spec }) => spec.target.scratch !== undefined).map(drillOf)
}

function drillOf({ metadata, status }: MeiliRestore): Drill {
  const completedMs = Date.parse(status?.completedAt ?? '')
  const { total, totalMs } = status?.inspection?.restoreDuration ?? {}
  return withoutUndefined<Drill>({
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    phase: phases[status?.phase ?? 'Pending'] ?? 'Pending',
    createdMs: Date.parse(metadata.creationTimestamp),
    completedMs: Number.isNaN(completedMs) ? undefined : completedMs,
    isPinned: false,
    isBeingDeleted: metadata.deletionTimestamp !== undefined,
    reason: conditionNamed(status?.conditions, conditionTypes.Ready)?.reason,
    of: status?.resolved?.name.slice(0, 253).toWellFormed(),
    duration: total,
    durationMs: totalMs,
  })
}

/** As far as a schedule asks: how it ended. */
const phases: Readonly<Partial<Record<NonNullable<MeiliRestore['status']>['phase'] & string, Run['phase']>>> = {
  Completed: 'Completed',
  Failed: 'Failed',
  RolledBack: 'Failed',
}

interface DrillMade {
  readonly schedule: MeiliSnapshotSchedule
  /** The schedule's snapshots. */
  readonly runs: readonly Run[]
}

/** The performer leaves one of that name alone which is of another schedule. It goes with its schedule: it is a record, and holds nothing. */
export function createDrill({ schedule, runs }: DrillMade, name: string): Effect {
  const { metadata, spec } = schedule
  const { kind } = meiliSnapshotSchedules
  return {
    kind: 'CreateDrill',
    schedule: scheduleLabelValue(metadata.name),
    drill: {
      apiVersion,
      kind: meiliRestores.kind,
      metadata: {
        name,
        namespace: metadata.namespace,
        labels: {
          'app.kubernetes.io/managed-by': 'meili-operator',
          [scheduleLabel]: scheduleLabelValue(metadata.name),
          [scheduleUidLabel]: metadata.uid,
        },
        ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true }],
      },
      spec: { ...whatIsDrilled({ schedule, runs }, name), mover: spec.template.spec.mover },
    },
  }
}

/** Each drill looks anew. Where there is no good snapshot it finds none, and fails: that is what drills are for. */
function whatIsDrilled({ schedule, runs }: DrillMade, name: string): { source: object; target: object } {
  const { of = 'Latest', maxAge, size, storageClassName, resources, queries, egress } = schedule.spec.drill ?? {}
  const chosen = of === 'Latest' ? undefined : chooseOne(runs, of, name)
  const scratch = withoutUndefined<object>({ size, storageClassName, resources, queries, egress })
  return {
    source:
      chosen === undefined
        ? { latestOf: { schedule: { name: schedule.metadata.name } } }
        : { snapshotRef: { name: chosen.name } },
    target: { scratch: of === 'Latest' ? { ...scratch, maxAge } : scratch },
  }
}

function chooseOne(runs: readonly Run[], of: 'Oldest' | 'Random', name: string): Run | undefined {
  const good = runs
    .filter(({ phase, isBeingDeleted }) => phase === 'Completed' && !isBeingDeleted)
    .toSorted((a, b) => timeOf(a) - timeOf(b) || (a.name < b.name ? -1 : 1))
  return of === 'Oldest' ? good[0] : good[chanceOf(name) % Math.max(1, good.length)]
}

const timeOf = ({ timeMs, createdMs }: Run): number => timeMs ?? createdMs

/** The same for the same drill, however often it is asked. */
const chanceOf = (name: string): number => createHash('sha256').update(name).digest().readUIntBE(0, 6)
