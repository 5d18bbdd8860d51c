// Builds the report of `status`: each instance with its last snapshot, what is under way, and what is wrong. Pure.
import { instanceConditions } from '../../api/instance.ts'
import { conditionTypes } from '../../api/meta.ts'
import type { Condition } from '../../api/meta.ts'
import { hasSucceeded, isFinished } from '../../api/snapshot.ts'
import { conditionNamed, isTrue } from '../../api/status/conditions.ts'
import type { Instance, Snapshot } from '../cluster.ts'
import { progressOf } from './progress.ts'
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
  readonly problems: readonly string[]
}

/** Snapshots of instances that are gone are reported under the name of the instance, which is then not ready. */
export function statusReport(instances: readonly Instance[], snapshots: readonly Snapshot[]): InstanceReport[] {
  const byInstance = Map.groupBy(snapshots, instanceKey)
  const known = new Set(instances.map(keyOf))
  const orphaned = [...byInstance].filter(([key, list]) => !known.has(key) && !list.every(isFinished))
  return [
    ...instances.map((instance) => instanceReport(instance, byInstance.get(keyOf(instance)) ?? [])),
    ...orphaned.map(([, list]) => orphansReport(list)),
  ]
}

const keyOf = ({ metadata }: Instance): string => `${metadata.namespace}/${metadata.name}`
const instanceKey = ({ metadata, spec }: Snapshot): string => `${metadata.namespace}/${spec.source.instanceRef.name}`

function instanceReport({ metadata, status }: Instance, snapshots: readonly Snapshot[]): InstanceReport {
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
    running: running(snapshots),
    problems: [...conditionProblems(status?.conditions), ...snapshotProblems(snapshots)],
  }
}

function orphansReport(snapshots: readonly Snapshot[]): InstanceReport {
  const [first] = snapshots
  const name = first?.spec.source.instanceRef.name ?? ''
  return {
    namespace: first?.metadata.namespace ?? '',
    name,
    ready: false,
    running: running(snapshots),
    problems: [`There is no MeiliInstance ${name}, but snapshots that wait for it.`],
  }
}

/** By the time of their end, the last one. */
export function newest(ended: readonly Snapshot[]): Snapshot | undefined {
  const endedMs = ({ status }: Snapshot): number => Date.parse(status?.completedAt ?? '')
  return ended.reduce<Snapshot | undefined>(
    (last, next) => (last === undefined || endedMs(next) > endedMs(last) ? next : last),
    undefined,
  )
}

function running(snapshots: readonly Snapshot[]): InstanceReport['running'] {
  const open = snapshots.filter((snapshot) => !isFinished(snapshot))
  return open.map((snapshot) => {
    const { phase, percent, about } = progressOf(snapshot)
    return { name: snapshot.metadata.name, phase, percent, about }
  })
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
