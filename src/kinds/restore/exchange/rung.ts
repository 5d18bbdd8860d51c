// What the rungs of every step of an exchange begin with: which exchange it is. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { step } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'
import { exchangeOf } from './exchange.ts'
import type { Exchange } from './exchange.ts'

export type ExchangeRung = (observation: RestoreObservation, exchange: Exchange, nowMs: number) => Verdict | undefined

/** Silent where status names no exchange: `exchangeUnknown` stands above. */
export const during =
  (rung: ExchangeRung): Rung =>
  (observation, nowMs) => {
    const exchange = exchangeOf(observation.restore.status)
    return exchange === undefined ? undefined : rung(observation, exchange, nowMs)
  }

/** Somebody has changed status. What was filled is looked at again. */
export const exchangeUnknown: Rung = ({ restore: { status } }) => {
  if (exchangeOf(status) !== undefined) return undefined
  const isFilled = status?.fill?.completedAt !== undefined && status.plan !== undefined
  return step({
    phase: isFilled ? 'Verifying' : 'Pending',
    reason: isFilled ? restoreReasons.Verifying : restoreReasons.Resolving,
    message: 'The record of the exchange is lost. It is begun anew.',
    againMs: pauses.nextMs,
  })
}
