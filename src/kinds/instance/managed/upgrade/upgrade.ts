// From one version to a higher one: snapshot, start, database, documents, one step after the other, each on record. Pure.
// It stops where it fails: the message names the snapshot and what to do.
import type { MeiliInstance, MeiliInstanceStatus } from '../../../../api/instance.ts'
import { conditionTypes } from '../../../../api/meta.ts'
import { isFinished } from '../../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { conditionNamed, instant } from '../../../../api/conditions.ts'
import type { Effect } from '../../../../reconcile/decision.ts'
import { alivePod, answeredVersion, compareVersions, databaseVersion, isOutdated } from '../managed.ts'
import type { Managed, Step } from '../managed.ts'
import { podTrouble } from '../pod-trouble.ts'
import { isMisplaced, removal, safetyCopy, safetyCopyName, whyHeld, whyNotYet } from './safety-copy.ts'
import { upgradeVariable } from '../children/server-settings.ts'

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
  return (
    seen.statefulSet?.spec?.template.spec?.containers[0]?.env?.some(({ name }) => name === upgradeVariable) ?? false
  )
}

function begun({ instance, spec }: Managed, from: string, nowMs: number): Upgrade {
  const { generation } = instance.metadata
  const first = { from, to: spec.version, generation, startedAt: instant(nowMs) }
  if (spec.upgrade.strategy === 'Direct') return { ...first, ...counted(instance), step: 'Start' }
  return { ...first, step: 'Snapshot', snapshot: safetyCopyName(instance, spec.version) }
}

function counted({ status }: MeiliInstance): Pick<Upgrade, 'indexes' | 'documents'> {
  return status?.database === undefined
    ? {}
    : { indexes: status.database.indexes, documents: status.database.documents }
}

type Follow = (managed: Managed, upgrade: Upgrade, nowMs: number) => Plan

const steps: Readonly<Record<Upgrade['step'], Follow>> = {
  Snapshot: snapshotStep,
  Start: startStep,
  Database: databaseStep,
  Documents: documentsStep,
  Done: (managed, upgrade) => ({ version: upgrade.to, mayUpgrade: hasUpgraded(managed), upgrade, step: undefined }),
}

function follow(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const { failure: _, ...going } = upgrade
  return steps[upgrade.step](managed, going, nowMs)
}

function snapshotStep(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const { instance, spec } = managed
  const snapshotBefore = snapshotOf(managed, upgrade)
  const at = { version: upgrade.from, mayUpgrade: hasUpgraded(managed) }
  if (snapshotBefore?.status?.phase === 'Completed')
    return follow(managed, { ...upgrade, ...counted(instance), step: 'Start' }, nowMs)
  if (spec.upgrade.strategy === 'Direct') return withoutSnapshot(managed, upgrade, nowMs)
  if (snapshotBefore === undefined) return snapshotWanted(managed, at, upgrade)
  const name = upgrade.snapshot ?? ''
  const ready = conditionNamed(snapshotBefore.status?.conditions, conditionTypes.Ready)
  if (snapshotBefore.status?.phase !== 'Failed')
    return waiting(
      at,
      upgrade,
      isMisplaced(managed, snapshotBefore)
        ? redirected(snapshotBefore)
        : { message: `MeiliSnapshot ${name} is taken first: ${ready?.message ?? 'not looked at yet'}` },
    )
  return failed(
    at,
    upgrade,
    `MeiliSnapshot ${name} failed: ${ready?.message ?? ''} Meilisearch ${upgrade.from} still runs, untouched. Delete MeiliSnapshot ${name} and another one is taken; or ${everyWayOut(upgrade)}.`,
  )
}

/** What was looked up is that of the upgrade on record: when another one begins, of the one before. */
function snapshotOf({ seen }: Managed, { snapshot }: Upgrade): MeiliSnapshot | undefined {
  return seen.snapshotBefore?.metadata.name === snapshot ? seen.snapshotBefore : undefined
}

function redirected(snapshot: MeiliSnapshot): { message: string; effects: readonly Effect[] } {
  const { metadata } = snapshot
  return {
    message: `MeiliSnapshot ${metadata.name} is made anew, for the destination that spec names now.`,
    effects: metadata.deletionTimestamp === undefined ? [removal(snapshot)] : [],
  }
}

function snapshotWanted(managed: Managed, at: At, upgrade: Upgrade): Plan {
  const why = whyHeld(managed)
  if (why !== undefined) return held(managed, at, { upgrade, why })
  const name = upgrade.snapshot ?? ''
  const notYet = whyNotYet(managed)
  if (notYet !== undefined)
    return waiting(at, upgrade, {
      message: `MeiliSnapshot ${name} is to be taken first, and waits: ${notYet} To do without it, ${everyWayOut(upgrade)}.`,
    })
  return waiting(at, upgrade, {
    message: `MeiliSnapshot ${name} is being taken first.`,
    effects: managed.spec.suspend ? [] : safetyCopy(managed, upgrade),
  })
}

/** Nothing has begun: what is on record of an earlier upgrade stays. */
function held({ instance }: Managed, at: At, { upgrade, why }: { upgrade: Upgrade; why: string }): Plan {
  const { from, to } = upgrade
  const recorded = instance.status?.upgrade
  const onRecord = recorded?.to === to ? upgrade : undefined
  return {
    ...at,
    upgrade: recorded?.step === 'Done' ? recorded : onRecord,
    step: {
      reason: 'UpgradeHeld',
      isStalled: true,
      message: `From ${from} to ${to}: held before anything was changed. ${why}; or ${everyWayOut(upgrade)}. It goes on as soon as one of these is done.`,
    },
  }
}

const everyWayOut = ({ from }: Upgrade): string =>
  `set upgrade.strategy: Direct, which upgrades without a snapshot, or set version back to ${from}`

/** Whoever says Direct meanwhile wants none. One that Meilisearch makes already is let end: a restart would cost it its work. */
function withoutSnapshot(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const snapshotBefore = snapshotOf(managed, upgrade)
  const { snapshot: _, ...rest } = upgrade
  if (snapshotBefore === undefined || isFinished(snapshotBefore))
    return follow(managed, { ...rest, ...counted(managed.instance), step: 'Start' }, nowMs)
  return waiting({ version: upgrade.from, mayUpgrade: hasUpgraded(managed) }, upgrade, givenUp(snapshotBefore))
}

function givenUp(snapshot: MeiliSnapshot): { message: string; effects: readonly Effect[] } {
  const { metadata, status } = snapshot
  if (status?.request !== undefined)
    return {
      message: `MeiliSnapshot ${metadata.name} is being taken already. It goes on when that has ended; delete it to go on without it.`,
      effects: [],
    }
  return {
    message: `MeiliSnapshot ${metadata.name} is given up, as upgrade.strategy is Direct.`,
    effects: metadata.deletionTimestamp === undefined ? [removal(snapshot)] : [],
  }
}

function startStep(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const at = { version: upgrade.to, mayUpgrade: true }
  if (answeredVersion(managed) === upgrade.to) return follow(managed, { ...upgrade, step: 'Database' }, nowMs)
  const pod = alivePod(managed)
  const trouble =
    pod === undefined ||
    isOutdated(managed, pod) ||
    pod.spec?.containers[0]?.image?.endsWith(`:v${upgrade.to}`) !== true
      ? undefined
      : podTrouble(pod)
  if (trouble?.isServers !== true)
    return waiting(at, upgrade, {
      message:
        `Meilisearch ${upgrade.to} is being started on the database of ${upgrade.from}. ${trouble?.message ?? ''}`.trim(),
    })
  return failed(at, upgrade, `Meilisearch ${upgrade.to} does not start: ${trouble.message} ${remedy(upgrade)}`)
}

function databaseStep(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const at = { version: upgrade.to, mayUpgrade: true }
  const { server } = managed.observation
  const upgradeTask = server.state === 'Answered' ? (server.upgradeTask ?? 'NotAsked') : 'NotAsked'
  if (upgradeTask === 'NotAsked')
    return waiting(at, upgrade, { message: `Meilisearch ${upgrade.to} is to say whether its database is ready.` })
  if (upgradeTask === 'None' || upgradeTask.status === 'succeeded')
    return follow(managed, { ...upgrade, step: 'Documents' }, nowMs)
  if (upgradeTask.status === 'enqueued' || upgradeTask.status === 'processing')
    return waiting(at, upgrade, {
      message: `Meilisearch ${upgrade.to} is changing its database: task upgradeDatabase is ${upgradeTask.status}.`,
    })
  return failed(
    at,
    upgrade,
    `Meilisearch's task upgradeDatabase ${upgradeTask.status}: ${upgradeTask.error ?? 'no reason given'}. ${remedy(upgrade)}`,
  )
}

/** Fewer than before is suspicious, more is the work of applications. Whoever changes spec has seen it. */
function documentsStep(managed: Managed, upgrade: Upgrade, nowMs: number): Plan {
  const { observation, instance } = managed
  const at = { version: upgrade.to, mayUpgrade: true }
  if (observation.server.state !== 'Answered')
    return waiting(at, upgrade, { message: `The documents are to be counted.` })
  const { indexes, documents } = observation.server.database
  const { indexes: indexesBefore = 0, documents: documentsBefore = 0 } = upgrade
  if (
    (indexes >= indexesBefore && documents >= documentsBefore) ||
    instance.metadata.generation !== upgrade.generation
  ) {
    return { ...at, upgrade: { ...upgrade, step: 'Done', completedAt: instant(nowMs) }, step: undefined }
  }
  return failed(
    at,
    upgrade,
    `There were ${documentsBefore} documents in ${indexesBefore} indexes before, and there are ${documents} in ${indexes}. ${remedy(upgrade)} If it is right so, change anything in spec.`,
  )
}

type At = Pick<Plan, 'version' | 'mayUpgrade'>

function waiting(at: At, upgrade: Upgrade, step: { message: string; effects?: readonly Effect[] }): Plan {
  return {
    ...at,
    upgrade,
    step: {
      reason: 'Upgrading',
      requeueAfterMs: 2000,
      ...step,
      message: `From ${upgrade.from} to ${upgrade.to}, step ${upgrade.step}. ${step.message}`,
    },
  }
}

function failed(at: At, upgrade: Upgrade, failure: string): Plan {
  return {
    ...at,
    upgrade: { ...upgrade, failure: failure.slice(0, 2000).toWellFormed() },
    step: {
      reason: 'UpgradeFailed',
      isStalled: true,
      message: `From ${upgrade.from} to ${upgrade.to}, step ${upgrade.step}. ${failure}`,
    },
  }
}

function remedy({ from, snapshot }: Upgrade): string {
  const kept =
    snapshot === undefined
      ? 'No snapshot was taken before (strategy Direct).'
      : `MeiliSnapshot ${snapshot} holds everything as it was before.`
  return `${kept} Set version back to ${from}, which starts again if the database was not changed yet; else restore a snapshot into another MeiliInstance.`
}
