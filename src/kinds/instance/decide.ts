// What is true of a MeiliInstance, and for one that we run what follows, from what was seen of the world. Pure.
// Ready speaks of the server alone; Applied, of managed instances, says whether all that spec asks for is in place.
import { instanceConditions, instanceReasons } from '../../api/instance.ts'
import type { InstanceReason, MeiliInstance, MeiliInstanceStatus } from '../../api/instance.ts'
import { conditionTypes } from '../../api/meta.ts'
import { conditionNamed, conditionsOf } from '../../api/conditions.ts'
import type { Wanted } from '../../api/conditions.ts'
import type { Decision, Fact } from '../../reconcile/decision.ts'
import { authorized, podFound, reachable } from './status/checks.ts'
import { versionRecord } from './managed/children/child-changes.ts'
import { ended } from './managed/ending.ts'
import { managedOf } from './managed/managed.ts'
import type { Managed, Step } from './managed/managed.ts'
import type { InstanceObservation } from './observation.ts'
import { provision } from './managed/provision.ts'
import { withoutSuperseded } from './managed/upgrade/safety-copy.ts'
import { foreignService } from './managed/selected-by.ts'
import { settingsOf } from './managed/children/server-pod.ts'
import { statusOf } from './status/status.ts'
import { upgradePlan } from './managed/upgrade/upgrade.ts'
import { volumeReady } from './status/volume-checks.ts'

/** Not ready for this long is no longer "soon": kstatus is told that it failed. It recovers all the same. */
const stalledAfterMs = 10 * 60_000

export function decideInstance(observation: InstanceObservation, nowMs: number): Decision<MeiliInstanceStatus> {
  const managed = managedOf(observation)
  if (managed === undefined) return decided(observation, { applied: [], step: undefined }, nowMs)
  if (managed.instance.metadata.deletionTimestamp !== undefined) return ended(managed, nowMs)
  const plan = upgradePlan(managed, nowMs)
  const step = provision(managed, plan)
  const decision = decided(observation, { applied: appliedOf(managed, step), step }, nowMs)
  const { upgrade, effects } = withoutSuperseded(managed, plan.upgrade)
  return {
    ...decision,
    status: { ...decision.status, upgrade },
    effects: [...(step?.effects ?? []), ...versionRecord(managed), ...effects],
  }
}

interface Provisioned {
  /** Conditions that only managed instances have. */
  readonly applied: readonly Wanted[]
  readonly step: Step | undefined
}

function decided(
  observation: InstanceObservation,
  { applied, step }: Provisioned,
  nowMs: number,
): Decision<MeiliInstanceStatus> {
  const { instance } = observation
  const checks = [podFound(observation), reachable(observation), authorized(observation)]
  const ready = suspended(observation, step) ?? readiness(observation, checks, step)
  const waitedMs = notReadyForMs(instance, ready, nowMs)
  const wanted = [...progressOf(ready, waitedMs, step), ready, ...applied, ...checks, volumeReady(observation)]
  const again =
    ready.status === 'True'
      ? withJitter(observation.pollMs, instance.metadata.uid)
      : Math.min(30_000, Math.max(2000, waitedMs / 5))
  return {
    status: {
      ...statusOf(observation, nowMs),
      observedGeneration: instance.metadata.generation,
      conditions: conditionsOf(instance.status?.conditions, wanted, {
        generation: instance.metadata.generation,
        nowMs,
      }),
    },
    effects: [],
    requeueAfterMs: Math.min(again, step === undefined ? again : (step.requeueAfterMs ?? 15_000)),
  }
}

function appliedOf(managed: Managed, step: Step | undefined): Wanted[] {
  const { instance, spec } = managed
  const inPlace = {
    reason: instanceReasons.Applied,
    message: spec.suspend
      ? 'Suspended: no server runs, the data is kept.'
      : 'Everything that spec.managed asks for is in place.',
  }
  const { ignored } = settingsOf(instance, spec)
  const conflict = {
    type: instanceConditions.SettingsIgnored,
    status: 'True',
    reason: instanceReasons.SettingsConflict,
    message: `Left out, as the operator sets them itself: ${ignored.join(', ')}.`,
  } as const
  return [
    {
      type: instanceConditions.Applied,
      status: step === undefined ? 'True' : 'False',
      reason: (step ?? inPlace).reason,
      message: (step ?? inPlace).message,
    },
    ...(ignored.length === 0 ? [] : [conflict]),
    ...foreignService(managed),
  ]
}

/** As it was asked for: nothing is wrong, and nothing is to come. */
function suspended({ instance, pods }: InstanceObservation, step: Step | undefined): Wanted | undefined {
  if (instance.spec.managed?.suspend !== true || pods.length > 0 || step !== undefined) return undefined
  return {
    type: conditionTypes.Ready,
    status: 'True',
    reason: instanceReasons.Suspended,
    message: 'Suspended: no server runs, the data is kept.',
  }
}

/** What has failed stands before what was not checked: a missing Secret is why the server was not asked. What we do about it stands before both. */
function readiness(
  { rival, server, endpoint }: InstanceObservation,
  checks: readonly Wanted[],
  step: Step | undefined,
): Wanted {
  const type = conditionTypes.Ready
  if (rival !== undefined) {
    return {
      type,
      status: 'False',
      reason: instanceReasons.PodAlreadyClaimed,
      message: `MeiliInstance ${rival} is older and stands for the same pod. Delete one of the two.`,
    }
  }
  const failed = checks.find(({ status }) => status === 'False') ?? checks.find(({ status }) => status !== 'True')
  if (failed !== undefined)
    return { ...(step === undefined ? failed : { reason: step.reason, message: step.message }), type, status: 'False' }
  const version = server.state === 'Answered' ? server.version : ''
  return {
    type,
    status: 'True',
    reason: instanceReasons.Ready,
    message: `Meilisearch ${version} answers at ${endpoint ?? ''}.`,
  }
}

function notReadyForMs(instance: MeiliInstance, ready: Wanted, nowMs: number): number {
  const before = conditionNamed(instance.status?.conditions, conditionTypes.Ready)
  if (ready.status === 'True' || before?.status !== 'False') return 0
  return nowMs - Date.parse(before.lastTransitionTime)
}

/** At most one of Reconciling and Stalled: while it is not ready, or not as spec asks. */
function progressOf(ready: Wanted, waitedMs: number, step: Step | undefined): Wanted[] {
  const why = ready.status === 'True' ? step : ready
  if (why === undefined) return []
  const stalled =
    step?.isStalled === true || ready.reason === instanceReasons.PodAlreadyClaimed || waitedMs > stalledAfterMs
  return [
    {
      reason: why.reason,
      message: why.message,
      type: stalled ? conditionTypes.Stalled : conditionTypes.Reconciling,
      status: 'True',
    },
  ]
}

/** A refusal by the API server or by Meilisearch, in its own words; it is tried again. */
export function learnRefusal({ metadata, status = {} }: MeiliInstance, fact: Fact, nowMs: number): MeiliInstanceStatus {
  if (fact.kind !== 'Refused') return status
  // Of an upgrade that is done: the server is as it should be, so no condition speaks of it.
  if (fact.effect === 'DeleteSnapshot' && status.upgrade?.step === 'Done')
    return { ...status, upgrade: { ...status.upgrade, failure: fact.message.slice(0, 2000).toWellFormed() } }
  const before = status.conditions ?? []
  const said: { reason: InstanceReason; message: string } = {
    reason: instanceReasons.ObjectRefused,
    message: `${fact.message}${fact.cause === 'NotExpandable' ? ' The claim stays as it is: set its size back, or allow its StorageClass to expand volumes (allowVolumeExpansion).' : ''}`,
  }
  const step = conditionNamed(before, instanceConditions.Applied)
  // Ready and Reconciling speak of the same step.
  const wanted = before.map((condition): Wanted =>
    condition.reason === step?.reason ? { ...condition, ...said } : condition,
  )
  return { ...status, conditions: conditionsOf(before, wanted, { generation: metadata.generation, nowMs }) }
}

/** Spreads the polls of many instances over time; the same for one instance each time. */
function withJitter(pollMs: number, uid: string): number {
  const spread = Number.parseInt(uid.replaceAll(/[^0-9a-f]/g, '').slice(0, 6), 16) / 0xffffff
  return Math.round(pollMs * (0.9 + 0.2 * (Number.isNaN(spread) ? 0.5 : spread)))
}
