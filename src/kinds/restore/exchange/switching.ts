// The rungs of a switch that was begun: done, undone, or tried again. Which of the three stands on the claim. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import { isFilledOnly } from '../status/own-claim.ts'
import { pauses } from '../status/pauses.ts'
import { unchanged } from '../status/verdict.ts'
import type { RestoreObservation } from '../observation.ts'
import type { Rung } from '../status/verdict.ts'
import { endUnchanged, whyNoLonger } from './ends.ts'
import type { Why } from './ends.ts'
import { claimNamed, isGone, seenAs, isOver } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { during, exchangeUnknown } from './rung.ts'
import { dataSwitched, noWayBack, serverEnding, targetGone, whyUnfit } from './stop.ts'
import { betweenTriesMs, switchNow } from './switch.ts'

/** The write may still be on its way: the claim that it is for goes first, and with it what the write would change. */
const undoing = during((observation, exchange, nowMs) => {
  if (exchange.isBack) return targetGone(observation) ?? noWayBack(observation, exchange)
  const why = whyUndone(observation, exchange, nowMs)
  if (why === undefined) return undefined
  const claim = claimNamed(observation.target, exchange.to.claimName)
  // To one that is another by now, or was changed, that write comes too late: it was for the claim as it was seen.
  if (claim === undefined || isGone(claim) || !isFilledOnly(observation.restore, claim)) return endUnchanged(why, nowMs)
  return unchanged({ effects: [{ kind: 'DeleteClaim', claim: seenAs(claim) }], againMs: pauses.answerMs })
})

function whyUndone(observation: RestoreObservation, exchange: Exchange, nowMs: number): Why | undefined {
  const { restore } = observation
  const late: Why = {
    reason: restoreReasons.SwitchDeadlineExceeded,
    message: `The claim could not be exchanged within deadlines.switch (${restore.spec.deadlines.switch}). ${restore.status?.waitingFor ?? ''}`,
  }
  return (
    whyNoLonger(observation) ?? (isOver(restore, exchange, nowMs) ? late : undefined) ?? whyUnfit(observation, exchange)
  )
}

const triedJustNow = during((_, { triedAt }, nowMs) => {
  const restMs = triedAt === undefined ? 0 : Date.parse(triedAt) + betweenTriesMs - nowMs
  return restMs > 0 ? unchanged({ againMs: Math.min(restMs, betweenTriesMs) }) : undefined
})

export const switchingRungs: readonly Rung[] = [
  exchangeUnknown, // it is on record what is exchanged with what
  dataSwitched, // what was done is done, whoever died meanwhile
  undoing, // what nobody wants, or cannot be done, is undone before the server starts
  serverEnding, // still no pod has the data
  triedJustNow, // a reply has its time
  during(switchNow), // it is tried again, on the claim as it is now
]
