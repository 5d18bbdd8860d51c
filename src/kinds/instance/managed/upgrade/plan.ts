// Describes where an upgrade stands, and builds its two outcomes: it goes on, or it stops with a way out. Pure.
import { serverContainer } from '../../../../reconcile/names/objects.ts'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../../api/instance.ts'
import type { Effect } from '../../../../reconcile/decision.ts'
import type { Managed } from '../../children/managed.ts'
import { pauses } from '../../status/pauses.ts'
import { upgradeVariable } from '../../children/server-settings.ts'
import { stalled, step } from '../../status/verdict.ts'
import type { Step } from '../../status/verdict.ts'

export type Upgrade = NonNullable<MeiliInstanceStatus['upgrade']>

export interface Plan {
  /** Runs now, or is to. */
  readonly version: string
  /** With the variables that let Meilisearch change its database. */
  readonly mayUpgrade: boolean
  /** As it is to stand in status. */
  readonly upgrade: Upgrade | undefined
  /** What the rung "upgrading" says. Undefined where no upgrade is on its way. */
  readonly verdict: Step | undefined
}

/** A step's outcome: where it stands now, or the next step, which follows in the same pass. */
export type Outcome = Plan | { readonly next: Upgrade }

export type At = Pick<Plan, 'version' | 'mayUpgrade'>

/** Once set the variables stay. */
export function hasUpgraded({ seen }: Managed): boolean {
  return (
    seen.statefulSet?.spec?.template.spec?.containers
      .find(({ name }) => name === serverContainer)
      ?.env?.some(({ name }) => name === upgradeVariable) ?? false
  )
}

/** As it was before the first step that needs the count; the last one compares. */
export function countsOf({ status }: MeiliInstance): Pick<Upgrade, 'indexes' | 'documents'> {
  return status?.database === undefined
    ? {}
    : { indexes: status.database.indexes, documents: status.database.documents }
}

export function continueUpgrade(
  at: At,
  upgrade: Upgrade,
  { message, effects = [] }: { message: string; effects?: readonly Effect[] },
): Plan {
  return {
    ...at,
    upgrade,
    verdict: step({
      reason: 'Upgrading',
      message: `From ${upgrade.from} to ${upgrade.to}, step ${upgrade.step}. ${message}`,
      effects,
      againMs: pauses.changeMs,
    }),
  }
}

/** It stops where it fails, until somebody does what the message says. */
export function stopUpgrade(at: At, upgrade: Upgrade, failure: string): Plan {
  return {
    ...at,
    upgrade: { ...upgrade, failure: failure.slice(0, 2000).toWellFormed() },
    verdict: stalled({
      reason: 'UpgradeFailed',
      message: `From ${upgrade.from} to ${upgrade.to}, step ${upgrade.step}. ${failure}`,
    }),
  }
}
