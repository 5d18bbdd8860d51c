// Decides what a MeiliInstance's status says and, for one that we run, what to do next. Pure.
// Ready speaks of the server alone; Applied, of managed instances, says whether all that spec asks for is in place.
import { instanceConditions, instanceReasons } from '../../api/instance.ts'
import type { InstanceReason, MeiliInstance, MeiliInstanceStatus } from '../../api/instance.ts'
import { conditionNamed, conditionsOf } from '../../api/status/conditions.ts'
import type { Wanted } from '../../api/status/conditions.ts'
import type { Decision, Fact } from '../../reconcile/decision.ts'
import { versionRecord } from './managed/child-changes.ts'
import { deleteManaged } from './managed/deletion.ts'
import { managedOf } from './children/managed.ts'
import type { InstanceObservation } from './observation.ts'
import { provision } from './managed/provision.ts'
import { deleteEarlierSnapshots } from './managed/upgrade/earlier-snapshots.ts'
import { upgradePlan } from './managed/upgrade/upgrade.ts'
import { decisionOf } from './status/verdict.ts'

export function decideInstance(observation: InstanceObservation, nowMs: number): Decision<MeiliInstanceStatus> {
  const managed = managedOf(observation)
  if (managed === undefined) return decisionOf(undefined, { observation }, nowMs)
  if (managed.instance.metadata.deletionTimestamp !== undefined)
    return decisionOf(deleteManaged(managed), { observation }, nowMs)
  const plan = upgradePlan(managed, nowMs)
  const { upgrade, effects } = deleteEarlierSnapshots(managed, plan.upgrade)
  return decisionOf(
    provision(managed, plan),
    { observation, managed, beside: { upgrade, effects: [...versionRecord(managed), ...effects] } },
    nowMs,
  )
}

/** A refusal by the API server or by Meilisearch, in its own words; it is tried again. */
export function applyRefusal({ metadata, status = {} }: MeiliInstance, fact: Fact, nowMs: number): MeiliInstanceStatus {
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
