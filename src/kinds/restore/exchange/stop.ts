// The rungs while the server is being stopped: from the word on record until no pod has its data any more. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { failed, step } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'
import { endUnchanged, instanceGone, whyNoLonger } from './ends.ts'
import type { Why } from './ends.ts'
import {
  claimNamed,
  highestGeneration,
  instanceName,
  isGone,
  isGoingInstance,
  isSwitched,
  isOver,
  untilText,
} from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { during, exchangeUnknown } from './rung.ts'
import { whyNotEnded } from './server-end.ts'
import { startServer, switchNow } from './switch.ts'

/** What was filled and checked becomes the data: first of all the server stops. */
export function beginExchange(observation: RestoreObservation, nowMs: number): Verdict {
  const { restore, target } = observation
  const { plan, fill } = restore.status ?? {}
  const [data] = target.data
  const from =
    data === undefined ? undefined : { claimName: data.claim.metadata?.name ?? '', generation: data.generation }
  const to = {
    claimName: fill?.claimName ?? plan?.newClaim?.claimName ?? '',
    generation: plan?.newClaim?.generation ?? highestGeneration(target) + 1,
  }
  const why = whyNoLonger(observation) ?? whyUnfit(observation, { from, to })
  if (why !== undefined) return endUnchanged(why, nowMs)
  return step({
    phase: 'Stopping',
    reason: restoreReasons.Stopping,
    message: `The data is on claim ${to.claimName}. The server of MeiliInstance ${instanceName(restore)} is being stopped.`,
    changes: { switched: { from, to, stoppingAt: instant(nowMs) } },
    againMs: pauses.nextMs,
  })
}

/** Whether the claims are still those that were planned with. */
export function whyUnfit(
  { restore, target }: RestoreObservation,
  { from, to }: Pick<Exchange, 'from' | 'to'>,
): Why | undefined {
  const current = target.data[0]?.claim.metadata?.name
  if (current !== from?.claimName || to.generation <= highestGeneration(target))
    return {
      reason: restoreReasons.PlanStale,
      message: `The data of the server is on claim ${current ?? '(none)'} by now, generation ${highestGeneration(target)}: something has exchanged it since the plan was made. Create another MeiliRestore.`,
    }
  const claim = claimNamed(target, to.claimName)
  const uid = restore.status?.fill?.claimUid
  return isGone(claim) || (uid !== undefined && claim?.metadata?.uid !== uid)
    ? {
        reason: restoreReasons.ClaimNotReady,
        message: `Claim ${to.claimName}, which was filled, is gone, or is being deleted.`,
      }
    : undefined
}

/** Nothing has been exchanged yet, so nothing has to be undone. */
const noLongerWanted = during((observation, { isBack }, nowMs) => {
  if (isBack) return targetGone(observation)
  const why = whyNoLonger(observation)
  return why === undefined ? undefined : endUnchanged(why, nowMs)
})

/** The way back is gone to its end, also where the MeiliRestore is being deleted. */
export function targetGone(observation: RestoreObservation): Verdict | undefined {
  return isGoingInstance(observation)
    ? failed({ reason: restoreReasons.TargetNotFound, message: instanceGone })
    : undefined
}

const claimsUnfit = during((observation, exchange, nowMs) => {
  if (exchange.isBack) return noWayBack(observation, exchange)
  const why = whyUnfit(observation, exchange)
  return why === undefined ? undefined : endUnchanged(why, nowMs)
})

/** The data from before must be there, and what is the data now must be what this restore made it. */
export function noWayBack({ target }: RestoreObservation, { from, to }: Exchange): Verdict | undefined {
  const current = target.data[0]?.claim.metadata?.name
  const isOurs = current === from?.claimName || current === to.claimName
  if (!isGone(claimNamed(target, to.claimName)) && isOurs && to.generation > highestGeneration(target)) return undefined
  return failed({
    reason: restoreReasons.RollbackImpossible,
    message: isOurs
      ? `Claim ${to.claimName} with the data from before is gone, or is being deleted. The server goes on with claim ${current ?? '(none)'}.`
      : `The data of the server is on claim ${current ?? '(none)'} by now: another restore has exchanged it since. Roll that one back first.`,
  })
}

const inExchange: ReadonlySet<string | undefined> = new Set(['Stopping', 'Switching', 'Starting'])

/** The way back goes first: whatever is restored meanwhile was planned for other data. Of two of a kind the first by name. */
function yields(restore: MeiliRestore, isBack: boolean, other: MeiliRestore): boolean {
  const isOtherBack = other.status?.rollback?.to !== undefined
  return isBack === isOtherBack ? other.metadata.name < restore.metadata.name : isOtherBack
}

/** Both had said that they stop the server before they looked at each other: so one of them at least sees the other. */
const rivalAtWork = during(({ restore, target }, { isBack, to }, nowMs) => {
  const rival = target.others.find((other) => inExchange.has(other.status?.phase))
  if (rival === undefined) return undefined
  const message = `MeiliRestore ${rival.metadata.name} exchanges the data of this server.`
  if (!yields(restore, isBack, rival))
    return step({
      phase: 'Stopping',
      reason: restoreReasons.TargetBusy,
      message: `${message} It goes on when that has ended.`,
      changes: { waitingFor: message },
      againMs: pauses.answerMs,
    })
  return isBack
    ? failed({ reason: restoreReasons.RollbackImpossible, message: `${message} Claim ${to.claimName} stays.` })
    : endUnchanged({ reason: restoreReasons.PlanStale, message }, nowMs)
})

/** A server that does not end is not taken its data: it goes on. Where it cannot go on, because the restored data does not start, the wait has no end. */
const pastDeadline = during((observation, exchange, nowMs) => {
  const { restore } = observation
  if (!isOver(restore, exchange, nowMs)) return undefined
  const why = whyNotEnded(observation, exchange, nowMs)
  if (why === undefined) return undefined
  const message = `The server did not stop within deadlines.switch (${restore.spec.deadlines.switch}). ${why}`
  if (!exchange.isBack) return endUnchanged({ reason: restoreReasons.SwitchDeadlineExceeded, message }, nowMs)
  // What has served once serves again; any other restored data is not gone back to.
  return restore.status?.rollback?.cause === 'Asked' && restore.status.switched?.servingAt !== undefined
    ? failed({
        reason: restoreReasons.SwitchDeadlineExceeded,
        message: `${message} It goes on with claim ${exchange.from?.claimName ?? ''}; claim ${exchange.to.claimName} with the data from before stays.`,
      })
    : undefined
})

/** As it is: a status from a backup, or a write whose reply was lost. */
export const dataSwitched = during(({ restore, target }, exchange, nowMs) =>
  isSwitched(target, exchange) ? startServer(restore, exchange, nowMs) : undefined,
)

export const serverEnding = during((observation, exchange, nowMs) => {
  const why = whyNotEnded(observation, exchange, nowMs)
  if (why === undefined) return undefined
  return step({
    phase: observation.restore.status?.phase === 'Switching' ? 'Switching' : 'Stopping',
    reason: exchange.isBack ? restoreReasons.RollingBack : restoreReasons.Stopping,
    message: `The server is being stopped, ${untilText(observation.restore, exchange)}. ${why}`,
    changes: { waitingFor: why },
    againMs: pauses.answerMs,
  })
})

export const stoppingRungs: readonly Rung[] = [
  exchangeUnknown, // it is on record what is exchanged with what
  dataSwitched, // what the claim says stands above what status says
  noLongerWanted, // nothing is exchanged that nobody wants any more
  claimsUnfit, // both claims are those that were planned with
  rivalAtWork, // one exchange of a server at a time
  pastDeadline, // no server stands still for ever
  serverEnding, // no pod has the data
  during(switchNow), // one write makes the other claim the data
]
