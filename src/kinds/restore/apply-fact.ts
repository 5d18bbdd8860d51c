// Adds the answer to an effect to a restore's status, in the same pass. Pure.
import { restoreReasons } from '../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus, RestoreReason } from '../../api/restore.ts'
import { sentence } from '../../api/status/text.ts'
import type { Effect, Fact } from '../../reconcile/decision.ts'
import { exchangeOf } from './exchange/exchange.ts'
import { startServer } from './exchange/switch.ts'
import { decisionOf, step, unchanged } from './status/verdict.ts'
import type { Verdict } from './status/verdict.ts'

export function applyFact(restore: MeiliRestore, fact: Fact, nowMs: number): MeiliRestoreStatus {
  return decisionOf(verdictOn(fact, restore, nowMs), restore, nowMs).status
}

type Refusal = Fact & { kind: 'Refused' }

/** What the API server may refuse for a time: a quota, a webhook. It is tried again. */
const refused: Partial<Record<Effect['kind'], { readonly reason: RestoreReason; readonly what: string }>> = {
  CreateClaim: { reason: restoreReasons.ClaimNotReady, what: 'The claim could not be created: ' },
  CreateJob: { reason: restoreReasons.MoverRefused, what: '' },
  CreateSnapshot: {
    reason: restoreReasons.SafetySnapshotRefused,
    what: 'The snapshot before the restore could not be created: ',
  },
}

function verdictOn(fact: Fact, restore: MeiliRestore, nowMs: number): Verdict {
  if (fact.kind === 'Refused') return refusal(fact, restore)
  return fact.kind === 'DataSwitched' ? applySwitch(fact.claimName, restore, nowMs) : unchanged()
}

/** Else the next pass reads it on the claim, and no server runs until then. */
function applySwitch(claimName: string, restore: MeiliRestore, nowMs: number): Verdict {
  const exchange = exchangeOf(restore.status)
  return restore.status?.phase === 'Switching' && exchange?.to.claimName === claimName
    ? startServer(restore, exchange, nowMs)
    : unchanged()
}

function refusal(fact: Refusal, { metadata, status }: MeiliRestore): Verdict {
  if (fact.effect === 'SwitchData') return switchRefused(fact, status)
  const said = refused[fact.effect]
  const { phase = 'Pending', progress } = status ?? {}
  if (phase === 'Completed' || phase === 'RolledBack' || phase === 'Failed') return unchanged()
  if (said === undefined || metadata.deletionTimestamp !== undefined) return unchanged()
  const message = sentence(fact.message)
  return step({
    phase,
    reason: said.reason,
    message: `${said.what}${message} It is tried again.`,
    changes: { progress, waitingFor: message },
  })
}

/** A server that is stopped waits for it: it is tried again, until deadlines.switch. */
function switchRefused({ message }: Refusal, status: MeiliRestoreStatus | undefined): Verdict {
  if (status?.phase !== 'Switching') return unchanged()
  const why = sentence(message)
  return step({
    phase: 'Switching',
    reason: status.rollback?.to === undefined ? restoreReasons.Switching : restoreReasons.RollingBack,
    message: `The claim could not be exchanged: ${why} It is tried again.`,
    changes: { waitingFor: why },
  })
}
