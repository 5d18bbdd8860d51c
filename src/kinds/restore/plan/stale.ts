// The rungs of a plan that somebody looked at: mode DryRun ends with it, and Apply carries out that one, or says what has changed. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant, isTrue } from '../../../api/status/conditions.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { failed, planned, settled, step } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'
import { keysLost } from './keys-lost.ts'
import { newClaimOf } from '../fill/new-claim.ts'

const isLookedAt = ({ status }: MeiliRestore): boolean => status?.phase === 'Planned' && status.plan !== undefined

/** Also where somebody has changed status: a DryRun never goes on from its plan. */
export const dryRun: Rung = ({ restore }) => {
  const { plan } = restore.status ?? {}
  if (restore.spec.mode !== 'DryRun' || plan === undefined) return undefined
  return isLookedAt(restore) ? settled() : planned({ message: plan.summary ?? '' })
}

export const planApplied: Rung = ({ restore }, nowMs) => {
  const { spec, status } = restore
  if (spec.mode !== 'Apply' || !isLookedAt(restore) || !isTrue(status?.conditions, conditionTypes.Ready))
    return undefined
  return step({
    phase: 'Planned',
    reason: restoreReasons.Planned,
    message: `The plan of ${status?.plan?.madeAt ?? ''} is carried out.`,
    changes: { startedAt: instant(nowMs) },
    againMs: pauses.nextMs,
  })
}

/** Of one that was never looked at nobody was promised anything: it is made again. */
export const planStale: Rung = (observation) => {
  const { restore } = observation
  const { plan } = restore.status ?? {}
  if (plan === undefined) return undefined
  const why = whyStale(observation, plan)
  if (why === undefined) return undefined
  if (isLookedAt(restore))
    return failed({
      reason: restoreReasons.PlanStale,
      message: `What the plan of ${plan.madeAt} was made for has changed, and nothing was done. ${why} Create another MeiliRestore with mode: DryRun, and look at its plan.`,
    })
  return step({
    phase: 'Pending',
    reason: restoreReasons.Planned,
    message: `The plan is made again. ${why}`,
    changes: { plan: undefined, safety: undefined, startedAt: restore.status?.startedAt },
    againMs: pauses.nextMs,
  })
}

type Plan = NonNullable<MeiliRestoreStatus['plan']>

/** A sentence. What is written to a server all the time is no news: what was planned says that it is lost. */
function whyStale(observation: RestoreObservation, plan: Plan): string | undefined {
  const { restore, target } = observation
  if (restore.spec.target.inPlace === undefined) return undefined
  const [data] = target.data
  const claimName = data?.claim.metadata?.name
  if (claimName !== plan.to.claimName || data?.generation !== plan.to.generation)
    return `The data of the server was on claim ${plan.to.claimName ?? '(none)'}, and is on ${claimName ?? '(none)'}.`
  const version = target.instance?.spec.managed?.version
  if (version !== plan.to.version)
    return `The server was to run Meilisearch ${plan.to.version ?? ''}, and is to run ${version ?? ''}.`
  const newClaim = newClaimOf(observation)
  if (newClaim?.claimName !== plan.newClaim?.claimName)
    return `Claim ${plan.newClaim?.claimName ?? ''}, on which the data was to be unpacked, is there by now and is not of this MeiliRestore.`
  return isLookedAt(restore) ? moreKeysLost(observation, plan) : undefined
}

function moreKeysLost(observation: RestoreObservation, plan: Plan): string | undefined {
  const { keysLost: names = [], keysLostCount = 0 } = keysLost(observation)
  if (plan.keysLostCount === undefined || keysLostCount <= plan.keysLostCount) return undefined
  const news = names.filter((name) => plan.keysLost?.includes(name) !== true)
  return `API keys were created since, and would be lost, too: ${news.join(', ')}.`
}
