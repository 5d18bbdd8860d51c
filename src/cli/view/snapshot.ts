// Shows MeiliSnapshots to people: a table of many, or everything known of one. Pure.
import { isPinned, keepAnnotation, scheduleLabel } from '../../api/schedule.ts'
import { isFinished } from '../../api/snapshot.ts'
import type { Schedule, Snapshot } from '../cluster.ts'
import { sizeText } from '../../reconcile/format.ts'
import { scheduleLabelValue } from '../../reconcile/names/schedule.ts'
import { conditionSection, eventSection, factLines } from './description.ts'
import type { Fact, KubeEvent } from './description.ts'
import { progressOf } from './progress.ts'
import { tableLines, withoutEmptyColumns } from '../terminal/table.ts'
import { ageText, countText } from '../terminal/format.ts'

export function snapshotTable(
  snapshots: readonly Snapshot[],
  { withNamespace, nowMs }: { withNamespace: boolean; nowMs: number },
): string[] {
  const rows = snapshots.map((snapshot) => {
    const { metadata, spec, status } = snapshot
    const { phase, percent } = progressOf(snapshot)
    const own = [
      metadata.name,
      spec.source.instanceRef.name,
      phase,
      percent === undefined ? '-' : `${percent} %`,
      status?.artifact?.size ?? '-',
      status?.duration ?? '-',
      status?.artifact?.claimName ?? spec.destination.claim.name,
      [metadata.labels?.[scheduleLabel], isPinned(snapshot.metadata) ? '(pinned)' : undefined]
        .flatMap((text) => text ?? [])
        .join(' '),
      ageText(metadata.creationTimestamp, nowMs),
    ]
    return withNamespace ? [metadata.namespace, ...own] : own
  })
  const head = ['NAME', 'INSTANCE', 'PHASE', 'PROGRESS', 'SIZE', 'DURATION', 'CLAIM', 'SCHEDULE', 'AGE']
  const shown = withoutEmptyColumns([...(withNamespace ? ['NAMESPACE'] : []), ...head], rows)
  return tableLines(shown.head, shown.rows)
}

export interface SnapshotContext {
  readonly events: readonly KubeEvent[]
  /** Undefined where they could not be read. */
  readonly schedules: readonly Schedule[] | undefined
}

/** Facts that are known, each on its line; then conditions, then Events. */
export function snapshotDescription(
  snapshot: Snapshot,
  { events, schedules }: SnapshotContext,
  nowMs: number,
): string[] {
  return [
    ...factLines([...factsOf(snapshot, nowMs), ...scheduleFacts(snapshot, schedules)]),
    ...conditionSection(snapshot.status?.conditions),
    ...eventSection(events, nowMs),
  ]
}

function factsOf(snapshot: Snapshot, nowMs: number): readonly Fact[] {
  const { metadata, spec } = snapshot
  const { status } = snapshot
  const { phase, about } = progressOf(snapshot)
  return [
    ['Name', `${metadata.namespace}/${metadata.name}`],
    ['Instance', spec.source.instanceRef.name],
    [
      'Phase',
      status?.duration === undefined
        ? phase
        : `${phase}, in ${status.duration}, ${ageText(status.completedAt, nowMs)} ago`,
    ],
    ['Now', isFinished(snapshot) ? undefined : about],
    ['Estimated end', isFinished(snapshot) ? undefined : status?.progress?.estimatedCompletion],
    ['Task', taskFact(status)],
    ['Attempts', attemptsFact(status)],
    [
      'Policies',
      `source ${spec.sourcePolicy}, deletion ${spec.deletionPolicy}, verification ${spec.verification.mode}`,
    ],
    ['Expires', expiryFact(snapshot)],
    ...artifactFacts(status),
    [
      'Free then',
      status?.destination &&
        `${sizeText(status.destination.freeBytes)} on the claim, ${ageText(status.destination.observedAt, nowMs)} ago`,
    ],
    ['Own file', status?.removeSource?.outcome && `Meilisearch's own file: ${status.removeSource.outcome}`],
  ]
}

type Status = Snapshot['status']

/** Only where it is to, or did. */
function expiryFact(snapshot: Snapshot): string | undefined {
  const { spec, status } = snapshot
  if (status?.expiry?.endedAt !== undefined)
    return `${status.expiry.endedAt}: ${status.expiry.outcome === 'Removed' ? 'the files are gone' : 'the files could not be removed'}`
  if (spec.expiresAfter === undefined || status?.phase === 'Failed') return undefined
  if (isPinned(snapshot.metadata)) return `not while it is annotated with ${keepAnnotation}=true`
  return `${spec.expiresAfter} after its completion${status?.expiry === undefined ? '' : ', which is now'}`
}

function taskFact(status: Status): string | undefined {
  if (status?.task === undefined) return undefined
  const { uid, batchUid, error } = status.task
  return `${uid} ${status.task.status}${batchUid === undefined ? '' : ` (batch ${batchUid})`}${error === undefined ? '' : `: ${error.code}: ${error.message}`}`
}

/** Only where the first one was not enough. */
function attemptsFact(status: Status): string | undefined {
  const { request, move } = status ?? {}
  const again = [
    ...((request?.attempt ?? 1) > 1 ? [`snapshot ${request?.attempt ?? 0}: ${request?.failure ?? ''}`] : []),
    ...((move?.attempt ?? 1) > 1 ? [`mover ${move?.attempt ?? 0}: ${move?.failure ?? ''}`] : []),
  ]
  return again.length === 0 ? undefined : again.join('; ')
}

function artifactFacts(status: Status): readonly Fact[] {
  const artifact = status?.artifact
  if (artifact === undefined) return []
  const contents =
    artifact.indexes === undefined || artifact.documents === undefined
      ? ''
      : `, ${countText(artifact.indexes)} ${artifact.indexes === 1 ? 'index' : 'indexes'}, ${countText(artifact.documents)} documents`
  return [
    ['Stored', `${artifact.size}, Meilisearch ${artifact.meilisearchVersion}${contents}`],
    ['Where', `claim ${artifact.claimName}, ${artifact.path}/${artifact.fileName}`],
    ['SHA256', artifact.sha256],
    ['Checked', artifact.verification === 'Archive' ? 'read back: gzip, tar, version' : 'size and sha256'],
  ]
}

/** Of which schedule it is, and whether its retention keeps it. */
function scheduleFacts(snapshot: Snapshot, schedules: SnapshotContext['schedules']): readonly Fact[] {
  const { name, namespace, labels } = snapshot.metadata
  const label = labels?.[scheduleLabel]
  const owner = schedules?.find(
    ({ metadata }) => metadata.namespace === namespace && scheduleLabelValue(metadata.name) === label,
  )
  const isGone = owner === undefined && schedules !== undefined
  return [
    ['Schedule', label === undefined ? undefined : `${label}${isGone ? ', which does not exist' : ''}`],
    ['Retention', isPinned(snapshot.metadata) ? 'pinned: no retention deletes it' : owner && verdictText(owner, name)],
  ]
}

function verdictText({ spec, status }: Schedule, name: string): string | undefined {
  const expiring = status?.expiring?.find((each) => each.name === name)
  const by = status?.kept?.rules?.find((each) => each.name === name)?.by
  if (expiring !== undefined)
    return `${spec.retention?.mode === 'DryRun' ? 'would go (mode DryRun)' : 'goes next'}: ${expiring.reason}`
  return by && `kept by ${by.join(', ')}`
}
