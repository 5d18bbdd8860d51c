// Doctor's checks of what users made: is each server reachable, its key good, its snapshots movable, is there space where they go? Pure.
import { instanceConditions, instanceReasons } from '../../api/instance.ts'
import { conditionTypes } from '../../api/meta.ts'
import type { Condition } from '../../api/meta.ts'
import { isFinished, snapshotReasons } from '../../api/snapshot.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import { sizeText } from '../../reconcile/format.ts'
import { serverIn } from '../../reconcile/server-reference.ts'
import { neededBytes } from '../../kinds/snapshot/before/reserve.ts'
import type { Instance, Snapshot } from '../cluster.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'
import { commandToMakeKey, commandToSetKey, meiliIn, operand, quote } from '../terminal/shell.ts'
import { falseConditions } from '../view/status-report.ts'
import { lastCompletedAt, newest, unprotectedText } from '../view/last-snapshot.ts'
import type { Seen } from '../view/last-snapshot.ts'
import { ageText, withoutStop } from '../terminal/format.ts'

export function diagnoseInstance(instance: Instance, seen: Seen, nowMs: number): Finding[] {
  const { metadata, status } = instance
  const what = `instance ${metadata.namespace}/${metadata.name}`
  if (status?.observedGeneration !== metadata.generation)
    return [
      problem(
        'instance',
        `${what}: the operator has not looked at it since its last change`,
        'see whether the operator runs, above; it may serve other namespaces (WATCH_NAMESPACES)',
      ),
    ]
  const bad = falseConditions(status.conditions).map((condition) => conditionProblem(what, instance, condition))
  if (bad.length > 0) return [...bad, ...foreignService(what, instance)]
  return [stateOf(what, instance), ...foreignService(what, instance), ...ageWarning(instance, seen, nowMs)]
}

function foreignService(what: string, { metadata: { namespace }, status }: Instance): Finding[] {
  const foreign = conditionNamed(status?.conditions, instanceConditions.ForeignService)
  return foreign === undefined
    ? []
    : [
        warning(
          'instance',
          `${what}: ${foreign.reason}: ${withoutStop(foreign.message)}`,
          `kubectl -n ${quote(namespace)} get services -o wide`,
        ),
      ]
}

/** Nothing is refused: but only what was seen to be well is said to be. */
function stateOf(what: string, instance: Instance): Finding {
  const { conditions, version } = instance.status ?? {}
  const conditionOf = (type: string): Condition | undefined => conditionNamed(conditions, type)
  const ready = conditionOf(conditionTypes.Ready)
  if (ready?.status === 'True' && ready.reason === instanceReasons.Suspended)
    return warning(
      'instance',
      `${what} is suspended: no server runs, so neither its key nor its snapshots could be checked`,
      `to start it: kubectl -n ${quote(instance.metadata.namespace)} patch ${objectOf(instance)} --type=merge -p '{"spec":{"managed":{"suspend":false}}}'`,
    )
  const unsure = [conditionTypes.Ready, instanceConditions.SnapshotVolumeReady].find(
    (type) => conditionOf(type)?.status !== 'True',
  )
  if (unsure !== undefined)
    return warning(
      'instance',
      `${what}: ${unsure} is ${conditionOf(unsure)?.status ?? 'not known'}: ${withoutStop(conditionOf(unsure)?.message ?? 'the operator has not written it yet')}`,
      lookAt(instance, conditionOf(unsure)?.reason),
    )
  const how =
    conditionOf(instanceConditions.SnapshotVolumeReady)?.reason === instanceReasons.StreamOnly
      ? 'streamed, where a MeiliSnapshot allows it (spec.mover.stream.mode: IfNeeded)'
      : 'moved'
  return ok(
    'instance',
    `${what}: Meilisearch ${version ?? 'of unknown version'} answers, ${serverIn(instance).apiKeySecretRef === undefined ? 'it asks for no key' : 'its key suffices'}, its snapshots can be ${how}`,
  )
}

/** They pass by themselves, and have deadlines of their own. */
const passing: ReadonlySet<string> = new Set([instanceReasons.Restoring, instanceReasons.Bootstrapping])

function conditionProblem(what: string, instance: Instance, { reason, message }: Condition): Finding {
  const grave = passing.has(reason) ? warning : problem
  return grave('instance', `${what}: ${reason}: ${withoutStop(message)}`, remedyOf(instance, reason))
}

const objectOf = ({ metadata: { name } }: Instance): string => `meiliinstance/${quote(name)}`

/** Where the message itself says what to change. */
function lookAt(instance: Instance, reason: string | undefined): string {
  const about = reason === undefined ? '' : `docs/failures.md, ${quote(reason)}; `
  return `${about}kubectl -n ${quote(instance.metadata.namespace)} describe ${objectOf(instance)}`
}

/** A command where one helps. */
function remedyOf(instance: Instance, reason: string): string {
  const { status } = instance
  const namespace = quote(instance.metadata.namespace)
  switch (reason) {
    case instanceReasons.KeyMissing:
      return instance.spec.managed === undefined ? keyRemedy(instance, commandToMakeKey) : lookAt(instance, reason)
    case instanceReasons.KeyRefused:
    case instanceReasons.KeyTooWeak:
      // The key of a server that the operator runs is the operator's to make.
      return instance.spec.managed === undefined ? keyRemedy(instance, commandToSetKey) : lookAt(instance, reason)
    case instanceReasons.Unreachable:
      return status?.pod === undefined
        ? lookAt(instance, reason)
        : `kubectl -n ${namespace} logs pod/${quote(status.pod.name)}; kubectl -n ${namespace} get networkpolicies`
    case instanceReasons.Restoring:
      return `${meiliIn(instance.metadata.namespace)} restore list ${operand(instance.metadata.name)}`
    case instanceReasons.Bootstrapping:
    case instanceReasons.BootstrapFailed:
      return bootstrapRemedy(instance, reason)
    case instanceReasons.PodNotFound:
    case instanceReasons.PodAmbiguous:
      return `kubectl -n ${namespace} get pods --show-labels`
    default:
      return lookAt(instance, reason)
  }
}

/** A restore that has failed stays failed; without it another one is made. */
function bootstrapRemedy(instance: Instance, reason: string): string {
  const { restore } = instance.status?.bootstrap ?? {}
  const { namespace } = instance.metadata
  if (restore === undefined) return lookAt(instance, reason)
  return reason === instanceReasons.Bootstrapping
    ? `${meiliIn(namespace)} wait ${operand(`restore/${restore}`)}`
    : `${meiliIn(namespace)} restore describe ${operand(restore)}; to try again: kubectl -n ${quote(namespace)} delete meilirestore/${quote(restore)}`
}

function keyRemedy(instance: Instance, command: typeof commandToSetKey): string {
  const { namespace, name } = instance.metadata
  const reference = serverIn(instance).apiKeySecretRef
  if (reference === undefined)
    return `name this Secret in spec.existing.apiKeySecretRef, paste this, then the key, and press Enter: ${commandToMakeKey({ namespace, name: `${name}-keys`, key: 'MEILI_MASTER_KEY' })}`
  return `paste this, then the key, and press Enter: ${command({ namespace, ...reference })}`
}

function ageWarning(instance: Instance, seen: Seen, nowMs: number): Finding[] {
  const text = unprotectedText(instance, seen, nowMs)
  if (text === undefined) return []
  const { namespace, name } = instance.metadata
  const isFirst = lastCompletedAt(instance, seen.snapshots) === undefined
  const remedy = `kubectl meili -n ${quote(namespace)} snapshot create ${operand(name)}${isFirst ? ' --claim CLAIM' : ''}`
  const schedule = seen.schedules === undefined ? '' : '; by the clock: examples/nightly.yaml'
  return [warning('instance', `instance ${namespace}/${name}: ${text}`, `${remedy}${schedule}`)]
}

/** Claims as the movers saw them last: what is free there, and what the next snapshot needs. */
export function diagnoseDestinations(snapshots: readonly Snapshot[], nowMs: number): Finding[] {
  const byClaim = Map.groupBy(snapshots, ({ metadata, spec }) => `${metadata.namespace}/${spec.destination.claim.name}`)
  return [...byClaim].flatMap(([claim, list]) => diagnoseDestination(claim, list, nowMs))
}

function diagnoseDestination(claim: string, snapshots: readonly Snapshot[], nowMs: number): Finding[] {
  const [namespace = '', name = ''] = claim.split('/')
  const remedy = `delete snapshots that say deletionPolicy: Delete, or enlarge it: kubectl -n ${quote(namespace)} patch pvc/${quote(name)} -p '{"spec":{"resources":{"requests":{"storage":"…"}}}}'`
  const lacking = snapshots.find(
    (snapshot) => !isFinished(snapshot) && readyOf(snapshot)?.reason === snapshotReasons.InsufficientSpace,
  )
  if (lacking !== undefined)
    return [
      problem(
        'destination',
        `claim ${claim} is full, snapshot ${lacking.metadata.name} waits: ${withoutStop(readyOf(lacking)?.message ?? '')}`,
        remedy,
      ),
    ]
  const seen = latestSpace(snapshots)
  const sizeBytes = newest(snapshots.filter(({ status }) => status?.artifact !== undefined))?.status?.artifact
    ?.sizeBytes
  if (seen === undefined || sizeBytes === undefined) return []
  const needed = neededBytes(sizeBytes)
  const figure = `${sizeText(seen.freeBytes)} free ${ageText(seen.observedAt, nowMs)} ago`
  if (seen.freeBytes < needed)
    return [
      problem('destination', `claim ${claim}: ${figure}, the next snapshot needs about ${sizeText(needed)}`, remedy),
    ]
  const more = Math.floor((seen.freeBytes - needed) / Math.max(1, sizeBytes)) + 1
  // A claim has space for millions of snapshots of an empty server, which helps nobody to plan.
  return [
    ok(
      'destination',
      `claim ${claim}: ${figure}, space for ${more > 10_000 ? 'more than 10,000' : `about ${more}`} more`,
    ),
  ]
}

const readyOf = ({ status }: Snapshot): Condition | undefined =>
  conditionNamed(status?.conditions, conditionTypes.Ready)

function latestSpace(snapshots: readonly Snapshot[]): NonNullable<Snapshot['status']>['destination'] {
  const seen = snapshots.map(({ status }) => status?.destination).filter((space) => space !== undefined)
  return seen.toSorted((a, b) => Date.parse(b.observedAt) - Date.parse(a.observedAt))[0]
}
