// Doctor's look at what users made: is each server reachable, its key good, its snapshots movable, is there room where they go? Pure.
import { instanceConditions, instanceReasons } from '../api/instance.ts'
import { conditionTypes } from '../api/meta.ts'
import type { Condition } from '../api/meta.ts'
import { isFinished, snapshotReasons } from '../api/snapshot.ts'
import { conditionNamed } from '../reconcile/conditions.ts'
import { sizeText } from '../reconcile/format.ts'
import { serverIn } from '../reconcile/server.ts'
import { neededBytes } from '../snapshot/reserve.ts'
import type { Instance, Snapshot } from './cluster.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'
import { falseConditions, newest } from './status-report.ts'
import { ageText, withoutStop } from './words.ts'

/** An instance whose newest snapshot is older than this is worth a word. */
const longAgoMs = 7 * 24 * 3600_000

export function diagnoseInstance(instance: Instance, snapshots: readonly Snapshot[], nowMs: number): Finding[] {
  const { metadata, status } = instance
  const what = `instance ${metadata.namespace}/${metadata.name}`
  if (status?.observedGeneration !== metadata.generation) return [problem('instance', `${what}: the operator has not looked at it since its last change`, 'see whether the operator runs, above; it may serve other namespaces (WATCH_NAMESPACES)')]
  const bad = falseConditions(status.conditions).map((condition) => conditionProblem(what, instance, condition))
  if (bad.length > 0) return [...bad, ...foreignService(what, instance)]
  return [ok('instance', `${what}: Meilisearch ${status.version ?? ''} answers, its key suffices, its snapshots can be moved`), ...foreignService(what, instance), ...ageWarning(instance, snapshots, nowMs)]
}

function foreignService(what: string, { metadata: { namespace }, status }: Instance): Finding[] {
  const foreign = conditionNamed(status?.conditions, instanceConditions.ForeignService)
  return foreign === undefined ? [] : [warning('instance', `${what}: ${foreign.reason}: ${withoutStop(foreign.message)}`, `kubectl -n ${namespace} get services -o wide`)]
}

function conditionProblem(what: string, instance: Instance, { reason, message }: Condition): Finding {
  return problem('instance', `${what}: ${reason}: ${withoutStop(message)}`, remedyOf(instance, reason))
}

/** A command where one helps; the message itself says what to change. */
function remedyOf(instance: Instance, reason: string): string {
  const { metadata: { namespace, name }, status } = instance
  const look = `kubectl -n ${namespace} describe meiliinstance ${name}; docs/failures.md, ${reason}`
  // The key of a server that the operator runs is the operator's to make.
  if (instance.spec.managed !== undefined) return look
  const { apiKeySecretRef: key } = serverIn(instance)
  const write = `kubectl -n ${namespace} create secret generic ${key?.name ?? `${name}-keys`} --from-literal=${key?.key ?? 'MEILI_MASTER_KEY'}=…`
  switch (reason) {
    case instanceReasons.KeyMissing:
      return write
    case instanceReasons.KeyRefused:
    case instanceReasons.KeyTooWeak:
      return key === undefined ? `${write}, and name it in spec.existing.apiKeySecretRef` : `${write} --dry-run=client -o yaml | kubectl apply -f -`
    case instanceReasons.Unreachable:
      return `kubectl -n ${namespace} logs ${status?.pod?.name ?? ''}; kubectl -n ${namespace} get networkpolicies`
    case instanceReasons.PodNotFound:
    case instanceReasons.PodAmbiguous:
      return `kubectl -n ${namespace} get pods --show-labels`
    default:
      return look
  }
}

function ageWarning({ metadata: { namespace, name } }: Instance, snapshots: readonly Snapshot[], nowMs: number): Finding[] {
  const own = snapshots.filter((snapshot) => snapshot.metadata.namespace === namespace && snapshot.spec.source.instanceRef.name === name)
  const last = newest(own.filter(({ status }) => status?.phase === 'Completed'))?.status?.completedAt
  const remedy = `kubectl meili -n ${namespace} snapshot create ${name}`
  if (last === undefined) return [warning('instance', `instance ${namespace}/${name}: no snapshot of it has ever been stored`, `${remedy} --claim CLAIM`)]
  return nowMs - Date.parse(last) > longAgoMs ? [warning('instance', `instance ${namespace}/${name}: its last snapshot is ${ageText(last, nowMs)} old`, remedy)] : []
}

/** Claims as the movers saw them last: what is free there, and what the next snapshot needs. */
export function diagnoseDestinations(snapshots: readonly Snapshot[], nowMs: number): Finding[] {
  const byClaim = Map.groupBy(snapshots, ({ metadata, spec }) => `${metadata.namespace}/${spec.destination.claim.name}`)
  return [...byClaim].flatMap(([claim, list]) => diagnoseDestination(claim, list, nowMs))
}

function diagnoseDestination(claim: string, snapshots: readonly Snapshot[], nowMs: number): Finding[] {
  const [namespace = '', name = ''] = claim.split('/')
  const remedy = `enlarge it: kubectl -n ${namespace} patch pvc ${name} -p '{"spec":{"resources":{"requests":{"storage":"…"}}}}'; or delete snapshots that say deletionPolicy: Delete`
  const lacking = snapshots.find((snapshot) => !isFinished(snapshot) && readyOf(snapshot)?.reason === snapshotReasons.InsufficientSpace)
  if (lacking !== undefined) return [problem('destination', `claim ${claim} is full, snapshot ${lacking.metadata.name} waits: ${withoutStop(readyOf(lacking)?.message ?? '')}`, remedy)]
  const seen = latestRoom(snapshots)
  const sizeBytes = newest(snapshots.filter(({ status }) => status?.artifact !== undefined))?.status?.artifact?.sizeBytes
  if (seen === undefined || sizeBytes === undefined) return []
  const needed = neededBytes(sizeBytes)
  const figure = `${sizeText(seen.freeBytes)} free ${ageText(seen.observedAt, nowMs)} ago`
  if (seen.freeBytes < needed) return [problem('destination', `claim ${claim}: ${figure}, the next snapshot needs about ${sizeText(needed)}`, remedy)]
  const more = Math.floor((seen.freeBytes - needed) / Math.max(1, sizeBytes)) + 1
  // Of empty servers' snapshots there is room for millions, which helps nobody to plan.
  return [ok('destination', `claim ${claim}: ${figure}, room for ${more > 10_000 ? 'more than 10,000' : `about ${more}`} more`)]
}

const readyOf = ({ status }: Snapshot): Condition | undefined => conditionNamed(status?.conditions, conditionTypes.Ready)

function latestRoom(snapshots: readonly Snapshot[]): NonNullable<Snapshot['status']>['destination'] {
  const seen = snapshots.map(({ status }) => status?.destination).filter((room) => room !== undefined)
  return seen.toSorted((a, b) => Date.parse(b.observedAt) - Date.parse(a.observedAt))[0]
}
