// Adds the answer to an effect to a restore's status, in the same pass. Pure.
import { restoreReasons } from '../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus, RestoreReason } from '../../api/restore.ts'
import { sentence } from '../../api/status/text.ts'
import type { Effect, Fact } from '../../reconcile/decision.ts'
import { decisionOf, step, unchanged } from './status/verdict.ts'
import type { Verdict } from './status/verdict.ts'

export function applyFact(restore: MeiliRestore, fact: Fact, nowMs: number): MeiliRestoreStatus {
  return decisionOf(verdictOn(fact, restore), restore, nowMs).status
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

function verdictOn(fact: Fact, restore: MeiliRestore): Verdict {
  return fact.kind === 'Refused' ? refusal(fact, restore) : unchanged()
}

function refusal(fact: Refusal, { metadata, status }: MeiliRestore): Verdict {
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
