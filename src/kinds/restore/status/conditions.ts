// Builds the conditions of a restore: what is said, and the claim that is kept. Pure.
import { hasRestoreEnded, restoreConditions, restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus, RestoreReason } from '../../../api/restore.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'

/** The length that the schema allows, with some to spare. */
const maxMessage = 2000

interface Words {
  readonly reason: RestoreReason
  readonly message: string
}

export const condition = (type: string, status: 'True' | 'False', { reason, message }: Words): Wanted => ({
  type,
  status,
  reason,
  message: redact(message, maxMessage),
})

export function oldDataKept(status: MeiliRestoreStatus): readonly Wanted[] {
  const { oldData, phase, waitingFor } = status
  if (oldData === undefined) return []
  const which = phase === 'RolledBack' ? 'the data that was restored' : 'the data from before'
  const why = hasRestoreEnded({ status }) && waitingFor !== undefined ? ` ${waitingFor}` : ''
  return [
    condition(restoreConditions.OldDataKept, 'True', {
      reason: restoreReasons.OldDataKept,
      message: `Claim ${oldData.claimName} has ${which}. It stays until it is cleaned up by name.${why}`,
    }),
  ]
}
