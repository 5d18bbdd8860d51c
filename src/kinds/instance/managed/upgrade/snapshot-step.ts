// The first step of an upgrade: take a snapshot of everything as it is. Holds or stops the upgrade where none can be taken. Pure.
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import { isFinished } from '../../../../api/snapshot.ts'
import { conditionTypes } from '../../../../api/meta.ts'
import { conditionNamed } from '../../../../api/status/conditions.ts'
import type { Effect } from '../../../../reconcile/decision.ts'
import type { Managed } from '../../children/managed.ts'
import { isMisplaced, deleteSnapshot, createUpgradeSnapshot, whyHeld, whyNotYet } from './upgrade-snapshot.ts'
import { countsOf, hasUpgraded, stopUpgrade, continueUpgrade } from './plan.ts'
import type { At, Outcome, Plan, Upgrade } from './plan.ts'
import { stalled } from '../../status/verdict.ts'

export function snapshotStep(managed: Managed, upgrade: Upgrade): Outcome {
  const { instance, spec } = managed
  const upgradeSnapshot = snapshotOf(managed, upgrade)
  const at = { version: upgrade.from, mayUpgrade: hasUpgraded(managed) }
  if (upgradeSnapshot?.status?.phase === 'Completed')
    return { next: { ...upgrade, ...countsOf(instance), step: 'Start' } }
  if (spec.upgrade.strategy === 'Direct') return withoutSnapshot(managed, upgrade)
  if (upgradeSnapshot === undefined) return requireSnapshot(managed, at, upgrade)
  const name = upgrade.snapshot ?? ''
  const ready = conditionNamed(upgradeSnapshot.status?.conditions, conditionTypes.Ready)
  if (!isFinished(upgradeSnapshot))
    return continueUpgrade(
      at,
      upgrade,
      isMisplaced(managed, upgradeSnapshot)
        ? redirectSnapshot(upgradeSnapshot)
        : { message: `MeiliSnapshot ${name} is taken first: ${ready?.message ?? 'not looked at yet'}` },
    )
  const what = upgradeSnapshot.status?.phase === 'Expired' ? 'has no files any more' : 'failed'
  return stopUpgrade(
    at,
    upgrade,
    `MeiliSnapshot ${name} ${what}: ${ready?.message ?? ''} Meilisearch ${upgrade.from} still runs, untouched. Delete MeiliSnapshot ${name} and another one is taken; or ${alternativesText(upgrade)}.`,
  )
}

/** Only this upgrade's own. What was looked up is named in status, which in the pass that begins an upgrade still speaks of the one before: its finished snapshot, taken for this one's, would let the database be changed without a snapshot of it as it is now. */
function snapshotOf({ seen }: Managed, { snapshot }: Upgrade): MeiliSnapshot | undefined {
  return seen.recordedUpgradeSnapshot?.metadata.name === snapshot ? seen.recordedUpgradeSnapshot : undefined
}

function redirectSnapshot(snapshot: MeiliSnapshot): { message: string; effects: readonly Effect[] } {
  const { metadata } = snapshot
  return {
    message: `MeiliSnapshot ${metadata.name} is made anew, for the destination that spec names now.`,
    effects: metadata.deletionTimestamp === undefined ? [deleteSnapshot(snapshot)] : [],
  }
}

function requireSnapshot(managed: Managed, at: At, upgrade: Upgrade): Plan {
  const why = whyHeld(managed)
  if (why !== undefined) return holdUpgrade(managed, at, { upgrade, why })
  const name = upgrade.snapshot ?? ''
  const notYet = whyNotYet(managed)
  if (notYet !== undefined)
    return continueUpgrade(at, upgrade, {
      message: `MeiliSnapshot ${name} is to be taken first, and waits: ${notYet} To do without it, ${alternativesText(upgrade)}.`,
    })
  return continueUpgrade(at, upgrade, {
    message: `MeiliSnapshot ${name} is being taken first.`,
    effects: managed.spec.suspend ? [] : createUpgradeSnapshot(managed, upgrade),
  })
}

/** Nothing has begun: what is on record of an earlier upgrade stays. */
function holdUpgrade({ instance }: Managed, at: At, { upgrade, why }: { upgrade: Upgrade; why: string }): Plan {
  const { from, to } = upgrade
  const recorded = instance.status?.upgrade
  const onRecord = recorded?.to === to ? upgrade : undefined
  return {
    ...at,
    upgrade: recorded?.step === 'Done' ? recorded : onRecord,
    verdict: stalled({
      reason: 'UpgradeHeld',
      message: `From ${from} to ${to}: held before anything was changed. ${why}; or ${alternativesText(upgrade)}. It goes on as soon as one of these is done.`,
    }),
  }
}

const alternativesText = ({ from }: Upgrade): string =>
  `set upgrade.strategy: Direct, which upgrades without a snapshot, or set version back to ${from}`

/** Whoever says Direct meanwhile wants none. One that Meilisearch makes already is let end: a restart would cost it its work. */
function withoutSnapshot(managed: Managed, upgrade: Upgrade): Outcome {
  const upgradeSnapshot = snapshotOf(managed, upgrade)
  const { snapshot: _, ...rest } = upgrade
  if (upgradeSnapshot === undefined || isFinished(upgradeSnapshot))
    return { next: { ...rest, ...countsOf(managed.instance), step: 'Start' } }
  return continueUpgrade(
    { version: upgrade.from, mayUpgrade: hasUpgraded(managed) },
    upgrade,
    giveUpSnapshot(upgradeSnapshot),
  )
}

function giveUpSnapshot(snapshot: MeiliSnapshot): { message: string; effects: readonly Effect[] } {
  const { metadata, status } = snapshot
  if (status?.request !== undefined)
    return {
      message: `MeiliSnapshot ${metadata.name} is being taken already. It goes on when that has ended; delete it to go on without it.`,
      effects: [],
    }
  return {
    message: `MeiliSnapshot ${metadata.name} is given up, as upgrade.strategy is Direct.`,
    effects: metadata.deletionTimestamp === undefined ? [deleteSnapshot(snapshot)] : [],
  }
}
