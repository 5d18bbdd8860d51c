// From one version to a higher one: snapshot, start, database, documents, one step after the other, each on record. Pure.
// It stops where it fails: the message names the snapshot and what to do.
import type { ManagedServer, MeiliInstance, MeiliInstanceStatus } from '../api/instance.ts'
import { conditionTypes } from '../api/meta.ts'
import { meiliSnapshots } from '../api/snapshot.ts'
import { conditionNamed, instant } from '../reconcile/conditions.ts'
import type { Effect } from '../reconcile/decision.ts'
import { baseName, claimNameOf } from '../reconcile/names.ts'
import { alivePod, answeredVersion, compareVersions, databaseVersion, isOutdated } from './managed.ts'
import type { Managed, Step } from './managed.ts'
import { podTrouble } from './pod-trouble.ts'
import { hasSnapshotVolume } from './server-pod.ts'
import { upgradeVariable } from './server-settings.ts'

export type Upgrade = NonNullable<MeiliInstanceStatus['upgrade']>

export interface Plan {
  /** Runs now, or is to. */
  readonly version: string
  /** With the variables that let Meilisearch change its database. */
  readonly mayUpgrade: boolean
  /** As it is to stand in status. */
  readonly upgrade: Upgrade | undefined
  /** Undefined where no upgrade is on its way. */
  readonly step: Step | undefined
}

export function upgradePlan(managed: Managed, nowMs: number): Plan {
  const { instance, spec } = managed
  const recorded = instance.status?.upgrade
  const from = databaseVersion(managed)
  const current = recorded?.to === spec.version && recorded.step !== 'Done' ? recorded : undefined
  const done = recorded?.step === 'Done' ? recorded : undefined
  const settled = { version: spec.version, mayUpgrade: hasUpgraded(managed), step: undefined }
  if (from === undefined) return { ...settled, upgrade: undefined }
  if (current !== undefined) return follow(managed, current, nowMs)
  if (compareVersions(from, spec.version) >= 0) return { ...settled, upgrade: done }
  return follow(managed, begun(managed, from, nowMs), nowMs)
}

/** Once set the variables stay. */
function hasUpgraded({ seen }: Managed): boolean {
  return seen.statefulSet?.spec?.template.spec?.containers[0]?.env?.some(({ name }) => name === upgradeVariable) ?? false
}

function begun({ instance, spec }: Managed, from: string, nowMs: number): Upgrade {
  const { generation } = instance.metadata
  const first = { from, to: spec.version, generation, startedAt: instant(nowMs) }
  if (spec.upgrade.strategy === 'Direct') return { ...first, ...counted(instance), step: 'Start' }
  return { ...first, step: 'Snapshot', snapshot: `${baseName(instance)}-before-${spec.version.replaceAll('.', '-')}-${generation}` }
}

function counted({ status }: MeiliInstance): Pick<Upgrade, 'indexes' | 'documents'> {
  return status?.database === undefined ? {} : { indexes: status.database.indexes, documents: status.database.documents }
}

type Follow = (managed: Managed, upgrade: Upgrade, nowMs: number) => Plan

const steps: Readonly<Record<Upgrade['step'], Follow>> = { Snapshot: snapshotStep, Start: startStep, Database: databaseStep, Documents: documentsStep, Done: (managed, upgrade) => ({ version: upgrade.to, mayUpgrade: hasUpgraded(managed), upgrade, step: undefined }) }

function follow(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const { failure: _, ...going } = upgrade
  return steps[upgrade.step](managed, going, nowMs)
}

function snapshotStep(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const { instance, seen, spec } = managed
  const { snapshotBefore } = seen
  const name = upgrade.snapshot ?? ''
  const at = { version: upgrade.from, mayUpgrade: hasUpgraded(managed) }
  if (snapshotBefore === undefined) return waiting(at, upgrade, { message: `MeiliSnapshot ${name} is being taken first.`, effects: spec.suspend ? [] : [{ kind: 'CreateSnapshot', snapshot: snapshotBeforeUpgrade(instance, spec, upgrade) }] })
  if (snapshotBefore.status?.phase === 'Completed') return follow(managed, { ...upgrade, ...counted(instance), step: 'Start' }, nowMs)
  const ready = conditionNamed(snapshotBefore.status?.conditions, conditionTypes.Ready)
  if (snapshotBefore.status?.phase !== 'Failed') return waiting(at, upgrade, { message: `MeiliSnapshot ${name} is taken first: ${ready?.message ?? 'not looked at yet'}` })
  return failed(at, upgrade, `MeiliSnapshot ${name} failed: ${ready?.message ?? ''} Meilisearch ${upgrade.from} still runs, untouched. Delete MeiliSnapshot ${name} and another one is taken, or set version back to ${upgrade.from}.`)
}

function startStep(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const at = { version: upgrade.to, mayUpgrade: true }
  if (answeredVersion(managed) === upgrade.to) return follow(managed, { ...upgrade, step: 'Database' }, nowMs)
  const pod = alivePod(managed)
  const trouble = pod === undefined || isOutdated(managed, pod) || pod.spec?.containers[0]?.image?.endsWith(`:v${upgrade.to}`) !== true ? undefined : podTrouble(pod)
  if (trouble?.isServers !== true) return waiting(at, upgrade, { message: `Meilisearch ${upgrade.to} is being started on the database of ${upgrade.from}. ${trouble?.message ?? ''}`.trim() })
  return failed(at, upgrade, `Meilisearch ${upgrade.to} does not start: ${trouble.message} ${remedy(upgrade)}`)
}

function databaseStep(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const at = { version: upgrade.to, mayUpgrade: true }
  const { server } = managed.observation
  const upgradeTask = server.state === 'Answered' ? (server.upgradeTask ?? 'NotAsked') : 'NotAsked'
  if (upgradeTask === 'NotAsked') return waiting(at, upgrade, { message: `Meilisearch ${upgrade.to} is to say whether its database is ready.` })
  if (upgradeTask === 'None' || upgradeTask.status === 'succeeded') return follow(managed, { ...upgrade, step: 'Documents' }, nowMs)
  if (upgradeTask.status === 'enqueued' || upgradeTask.status === 'processing') return waiting(at, upgrade, { message: `Meilisearch ${upgrade.to} is changing its database: task upgradeDatabase is ${upgradeTask.status}.` })
  return failed(at, upgrade, `Meilisearch's task upgradeDatabase ${upgradeTask.status}: ${upgradeTask.error ?? 'no reason given'}. ${remedy(upgrade)}`)
}

/** Fewer than before is suspicious, more is the work of applications. Whoever changes spec has seen it. */
function documentsStep(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const { observation, instance } = managed
  const at = { version: upgrade.to, mayUpgrade: true }
  if (observation.server.state !== 'Answered') return waiting(at, upgrade, { message: `The documents are to be counted.` })
  const { indexes, documents } = observation.server.database
  const { indexes: indexesBefore = 0, documents: documentsBefore = 0 } = upgrade
  if ((indexes >= indexesBefore && documents >= documentsBefore) || instance.metadata.generation !== upgrade.generation) {
    return { ...at, upgrade: { ...upgrade, step: 'Done', completedAt: instant(nowMs) }, step: undefined }
  }
  return failed(at, upgrade, `There were ${documentsBefore} documents in ${indexesBefore} indexes before, and there are ${documents} in ${indexes}. ${remedy(upgrade)} If it is right so, change anything in spec.`)
}

type At = Pick<Plan, 'version' | 'mayUpgrade'>

function waiting(at: At, upgrade: Upgrade, step: { message: string; effects?: readonly Effect[] }): Plan {
  return { ...at, upgrade, step: { reason: 'Upgrading', requeueAfterMs: 2000, ...step, message: `From ${upgrade.from} to ${upgrade.to}, step ${upgrade.step}. ${step.message}` } }
}

function failed(at: At, upgrade: Upgrade, failure: string): Plan {
  return { ...at, upgrade: { ...upgrade, failure: failure.slice(0, 2000).toWellFormed() }, step: { reason: 'UpgradeFailed', isStalled: true, message: `From ${upgrade.from} to ${upgrade.to}, step ${upgrade.step}. ${failure}` } }
}

function remedy({ from, snapshot }: Upgrade): string {
  const kept = snapshot === undefined ? 'No snapshot was taken before (strategy Direct).' : `MeiliSnapshot ${snapshot} holds everything as it was before.`
  return `${kept} Set version back to ${from}, which starts again if the database was not changed yet; else restore a snapshot into another MeiliInstance.`
}

function snapshotBeforeUpgrade(instance: MeiliInstance, spec: ManagedServer, { from, to, snapshot }: Upgrade): (Effect & { kind: 'CreateSnapshot' })['snapshot'] {
  const role = hasSnapshotVolume(spec) ? 'snapshots' : 'data'
  const named = role === 'snapshots' ? spec.snapshots?.claimName : spec.storage.claimName
  return {
    apiVersion: `${meiliSnapshots.group}/${meiliSnapshots.version}`,
    kind: meiliSnapshots.kind,
    metadata: {
      name: snapshot ?? '',
      namespace: instance.metadata.namespace,
      labels: { 'app.kubernetes.io/managed-by': 'meili-operator', 'meili-operator.dev/instance': baseName(instance), 'meili-operator.dev/upgrade-from': from, 'meili-operator.dev/upgrade-to': to },
    },
    spec: { source: { instanceRef: { name: instance.metadata.name } }, destination: spec.upgrade.destination ?? { claim: { name: named ?? claimNameOf(instance, role), path: 'upgrades' } } },
  }
}
