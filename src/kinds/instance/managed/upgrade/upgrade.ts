// Upgrades a server to a higher version: snapshot, start, database, documents, one step after the other, each on record. Pure.
// It stops where a step fails: the message names the snapshot and what to do.
import type { V1StatefulSet } from '@kubernetes/client-node'
import { instant } from '../../../../api/status/conditions.ts'
import { isOfEarlierData } from '../../../../api/status/restored-from.ts'
import { serverContainer, upgradeSnapshotName } from '../../../../reconcile/names/objects.ts'
import { compareVersions } from '../../../../reconcile/names/version.ts'
import { alivePod, answeredVersion, databaseVersion, isOutdated } from '../../children/managed.ts'
import type { Managed } from '../../children/managed.ts'
import { podTrouble } from '../pod-trouble.ts'
import { heldUntil } from '../restoring.ts'
import { waiting } from '../../status/verdict.ts'
import type { Step } from '../../status/verdict.ts'
import { countsOf, hasUpgraded, stopUpgrade, continueUpgrade } from './plan.ts'
import type { Outcome, Plan, Upgrade } from './plan.ts'
import { snapshotStep } from './snapshot-step.ts'

export function upgradePlan(managed: Managed, nowMs: number): Plan {
  const { spec, seen } = managed
  const to = seen.hold === undefined ? spec.version : (versionOf(seen.statefulSet) ?? spec.version)
  const recorded = recordOf(managed)
  const from = databaseVersion(managed)
  const current = recorded?.to === to && recorded.step !== 'Done' ? recorded : undefined
  const done = recorded?.step === 'Done' ? recorded : undefined
  const settled = { version: to, mayUpgrade: hasUpgraded(managed), verdict: awaitRestore(managed, to) }
  if (from === undefined) return { ...settled, upgrade: undefined }
  if (current !== undefined) return follow(managed, current, nowMs)
  if (compareVersions(from, to) >= 0) return { ...settled, upgrade: seen.hold === undefined ? done : recorded }
  return follow(managed, beginUpgrade(managed, { from, to }, nowMs), nowMs)
}

/** One that a restore has cut short, or found where it stood still, speaks of data that is the data no more: neither its counts nor its failure are of this one. */
function recordOf({ instance, seen }: Managed): Upgrade | undefined {
  const { upgrade } = instance.status ?? {}
  const isGone =
    upgrade !== undefined && upgrade.step !== 'Done' && isOfEarlierData(seen.claims.data, upgrade.startedAt)
  return isGone ? undefined : upgrade
}

/** What the StatefulSet runs, or ran last: while a restore is at work it goes on with that, whatever spec says meanwhile. */
function versionOf(statefulSet: V1StatefulSet | undefined): string | undefined {
  const container = statefulSet?.spec?.template.spec?.containers.find(({ name }) => name === serverContainer)
  return /:v([^:@/]+)$/.exec(container?.image ?? '')?.[1]
}

function awaitRestore(managed: Managed, to: string): Step | undefined {
  const until = heldUntil(managed)
  return until === undefined || managed.spec.version === to
    ? undefined
    : waiting({
        reason: 'Restoring',
        message: `The upgrade from ${to} to ${managed.spec.version} begins when ${until}.`,
      })
}

/** What a restore has brought back is on record where it came from, and is counted by the restore. */
function beginUpgrade(
  { instance, spec, seen }: Managed,
  { from, to }: Pick<Upgrade, 'from' | 'to'>,
  nowMs: number,
): Upgrade {
  const { generation } = instance.metadata
  const first = { from, to, generation, startedAt: instant(nowMs) }
  if (seen.hold !== undefined) return { ...first, step: 'Start' }
  if (spec.upgrade.strategy === 'Direct') return { ...first, ...countsOf(instance), step: 'Start' }
  return { ...first, step: 'Snapshot', snapshot: upgradeSnapshotName(instance, spec.version) }
}

type Follow = (managed: Managed, upgrade: Upgrade, nowMs: number) => Outcome

const steps: Readonly<Record<Upgrade['step'], Follow>> = {
  Snapshot: snapshotStep, // everything is kept as it was
  Start: startStep, // the new version starts on the database
  Database: databaseStep, // Meilisearch has changed its database
  Documents: documentsStep, // no document is missing
  Done: (managed, upgrade) => ({ version: upgrade.to, mayUpgrade: hasUpgraded(managed), upgrade, verdict: undefined }),
}

function follow(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const { failure: _, ...going } = upgrade
  const outcome = steps[upgrade.step](managed, going, nowMs)
  return 'next' in outcome ? follow(managed, outcome.next, nowMs) : outcome
}

function startStep(managed: Managed, upgrade: Upgrade): Outcome {
  const at = { version: upgrade.to, mayUpgrade: true }
  if (answeredVersion(managed) === upgrade.to) return { next: { ...upgrade, step: 'Database' } }
  const pod = alivePod(managed)
  const trouble =
    pod === undefined ||
    isOutdated(managed, pod) ||
    pod.spec?.containers.find(({ name }) => name === serverContainer)?.image?.endsWith(`:v${upgrade.to}`) !== true
      ? undefined
      : podTrouble(pod)
  if (trouble?.isServers !== true)
    return continueUpgrade(at, upgrade, {
      message:
        `Meilisearch ${upgrade.to} is being started on the database of ${upgrade.from}. ${trouble?.message ?? ''}`.trim(),
    })
  return stopUpgrade(at, upgrade, `Meilisearch ${upgrade.to} does not start: ${trouble.message} ${remedy(upgrade)}`)
}

function databaseStep(managed: Managed, upgrade: Upgrade): Outcome {
  const at = { version: upgrade.to, mayUpgrade: true }
  const { server } = managed.observation
  const upgradeTask = server.state === 'Answered' ? (server.upgradeTask ?? 'NotAsked') : 'NotAsked'
  if (upgradeTask === 'NotAsked')
    return continueUpgrade(at, upgrade, {
      message: `Meilisearch ${upgrade.to} is to say whether its database is ready.`,
    })
  if (upgradeTask === 'None' || upgradeTask.status === 'succeeded') return { next: { ...upgrade, step: 'Documents' } }
  if (upgradeTask.status === 'enqueued' || upgradeTask.status === 'processing')
    return continueUpgrade(at, upgrade, {
      message: `Meilisearch ${upgrade.to} is changing its database: task upgradeDatabase is ${upgradeTask.status}.`,
    })
  return stopUpgrade(
    at,
    upgrade,
    `Meilisearch's task upgradeDatabase ${upgradeTask.status}: ${upgradeTask.error ?? 'no reason given'}. ${remedy(upgrade)}`,
  )
}

/** Fewer than before is suspicious, more is the work of applications. Whoever changes spec has seen it. */
function documentsStep(managed: Managed, upgrade: Upgrade, nowMs: number): Outcome {
  const { observation, instance } = managed
  const at = { version: upgrade.to, mayUpgrade: true }
  if (observation.server.state !== 'Answered')
    return continueUpgrade(at, upgrade, { message: `The documents are to be counted.` })
  const { indexes, documents } = observation.server.database
  const { indexes: indexesBefore = 0, documents: documentsBefore = 0 } = upgrade
  if (
    (indexes >= indexesBefore && documents >= documentsBefore) ||
    instance.metadata.generation !== upgrade.generation
  ) {
    return { ...at, upgrade: { ...upgrade, step: 'Done', completedAt: instant(nowMs) }, verdict: undefined }
  }
  return stopUpgrade(
    at,
    upgrade,
    `There were ${documentsBefore} documents in ${indexesBefore} indexes before, and there are ${documents} in ${indexes}. ${remedy(upgrade)} If it is right so, change anything in spec.`,
  )
}

function remedy({ from, snapshot }: Upgrade): string {
  const kept =
    snapshot === undefined
      ? 'No snapshot was taken before (strategy Direct).'
      : `MeiliSnapshot ${snapshot} holds everything as it was before.`
  return `${kept} Set version back to ${from}, which starts again if the database was not changed yet; else restore a snapshot into another MeiliInstance.`
}
